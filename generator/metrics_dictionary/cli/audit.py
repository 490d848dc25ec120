"""The audit log: who changed what of a store by a command, and when. One line of JSON for each change."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from metrics_dictionary.stores.store import OutcomeUnknownError
from metrics_dictionary.tools.addresses import shown_address
from metrics_dictionary.tools.clock import iso, utc_now
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.settings import Settings

STANDARD_ERROR = "-"


@contextmanager
def audited(settings: Settings, command: str, **details: object) -> Iterator[dict[str, object]]:
    """Write a line about what the block changes: what it did, or that nobody knows whether it did.

    The block gets the ``details`` and may add to them; a secret is never one. A block that fails changed nothing, and
    there is no line. Raises OperationalError, before the block begins, when the log cannot be written.
    """
    target = settings.string("audit_log") or STANDARD_ERROR
    log = _opened(target)
    try:
        outcome = "done"
        try:
            yield details
        except OutcomeUnknownError:
            outcome = "unknown"
            raise
        except BaseException:
            outcome = ""
            raise
        finally:
            if outcome:
                _write(log, target, _line(settings, command, outcome, details))
    finally:
        os.close(log)


def _line(settings: Settings, command: str, outcome: str, details: dict[str, object]) -> str:
    line: dict[str, object] = {"time": iso(utc_now()), **_user(), "command": command}
    line |= {"store": shown_address(settings.string("store") or ""), "outcome": outcome, **details}
    return json.dumps(line, separators=(",", ":")) + "\n"


def _user() -> dict[str, object]:
    """Return the user of the operating system that runs the command, and the one that used sudo to become it."""
    uid = os.getuid() if hasattr(os, "getuid") else None
    try:
        import pwd

        name = pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):  # not POSIX, or a user without a name, as in containers
        name = None
    behind = os.environ.get("SUDO_USER")
    user: dict[str, object] = {"user": name, "uid": uid}
    return {**user, "sudo_user": behind} if behind else user


def _opened(target: str) -> int:
    try:
        if target == STANDARD_ERROR:
            return os.dup(sys.stderr.fileno())
        return os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError as error:
        raise OperationalError(
            f"{target}: cannot write the audit log: {error.strerror}; nothing was changed; set audit_log differently"
        ) from None


def _write(log: int, target: str, line: str) -> None:
    try:
        os.write(log, line.encode())
    except OSError as error:
        raise OperationalError(
            f"{target}: cannot write the audit log: {error.strerror}; the change was made; add the line: {line.strip()}"
        ) from None
