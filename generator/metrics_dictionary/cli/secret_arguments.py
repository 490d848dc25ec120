"""Passwords on the command line: not shown by `ps`, as far as the machine lets us, and not repeated by messages."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.tools.addresses import may_hold_secret, scheme_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STAT = Path("/proc/self/stat")

ARGUMENTS = slice(45, 47)
"""Where STAT says, after the program's name, from where to where its arguments lie (proc_pid_stat(5))."""


def secrets_in(arguments: Iterable[str]) -> Iterator[str]:
    """Yield of each argument that may be an address with a password or parameters what follows its scheme."""
    for argument in arguments:
        if may_hold_secret(argument):
            value = argument.partition("=")[2] if argument.startswith("--") else argument
            yield value.partition("://")[2] if scheme_of(value) else value


def hide_from_ps(arguments: Iterable[str]) -> None:
    """Overwrite what may be secret in the arguments that the kernel shows of this process: on Linux, else nowhere.

    Another user can read them until then, for some hundredths of a second; a file or the environment is better.
    """
    secrets = [secret.encode("utf-8", "surrogateescape") for secret in secrets_in(arguments) if secret]
    if not secrets or not sys.platform.startswith("linux"):
        return
    import ctypes  # takes its time, and hardly any call has a password in it

    with suppress(OSError, ValueError):
        start, end = map(int, STAT.read_bytes().rpartition(b")")[2].split()[ARGUMENTS])
        shown = ctypes.string_at(start, end - start)
        for secret in secrets:
            position = shown.find(secret)
            while position >= 0:
                ctypes.memset(start + position, ord("x"), len(secret))
                position = shown.find(secret, position + len(secret))


def without_secrets(message: str, arguments: Iterable[str]) -> str:
    """Return a message about the arguments without what may be secret in them."""
    for secret in secrets_in(arguments):
        if secret:
            message = message.replace(secret, "…")
    return message
