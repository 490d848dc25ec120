"""Errors for what stands in a command's way: a wrong path, a full disk, a server that does not answer."""


class OperationalError(Exception):
    """The machine or the call is at fault, not a definition.

    The message is one line that says what, where and what to do. Commands print it and exit with 2.
    """


class UnavailableError(OperationalError):
    """What was asked does not answer now, and may answer later: a store, a collector, a database, git.

    The message names it, and never a password.
    """
