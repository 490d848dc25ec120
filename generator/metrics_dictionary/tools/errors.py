"""The error for what stands in a command's way: a wrong path, a full disk, a folder that cannot be written."""


class OperationalError(Exception):
    """The machine or the call is at fault, not a definition.

    The message is one line that says what, where and what to do. Commands print it and exit with 2.
    """
