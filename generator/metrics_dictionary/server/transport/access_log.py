"""What a server logs: one JSON line a request, and on standard error what went wrong; never a token or a query."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.stores.tokens import PREFIX
from metrics_dictionary.tools.clock import iso, utc_now
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.instruments import Counter, Histogram

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.server.transport.request import Request

STANDARD_ERROR = "-"

_SECRET = re.compile(rf"(?:{PREFIX}|((?:token|password|secret)=))[^&;/\s]*", re.IGNORECASE)
"""A token of ours wherever it stands, and the values of parameters that are named as secrets are."""

REQUESTS = Counter("http_requests_total", "Requests that were answered.", ("method", "route", "status"))
DURATIONS = Histogram("http_request_duration_seconds", "Time from a request's head to its answer.", ("route",))

NO_ROUTE = "none"
"""The route and the method of what has none."""

INTERNAL_ERROR = "500"


@dataclass(frozen=True, slots=True)
class AccessLogEntry:
    """A request and its response. ``bytes`` is the body's length, ``seconds`` runs from the head to the response.

    ``client`` is the address at the other end of the connection. ``request`` is None for what did not become one:
    malformed, too slow, turned away. ``reason`` says why, then.
    """

    client: str
    request: Request | None
    status: int
    bytes: int = 0
    seconds: float = 0.0
    reason: str | None = None


class AccessLog:
    """Appends to a file, or writes to standard error."""

    def __init__(self, target: str) -> None:
        """Open the log. Raises OperationalError for a file that cannot be written."""
        self._descriptor = _opened(target)

    def follow(self, newer: AccessLog) -> None:
        """Go on in the file of another log, which is closed. Lines that are being written stay whole."""
        os.dup2(newer._descriptor, self._descriptor)
        newer.close()

    def write(self, entry: AccessLogEntry) -> None:
        """Write the line of a request. A full disk loses the line, not the response."""
        request = entry.request
        line = {
            "time": iso(utc_now()),
            "request_id": request.identifier if request else None,
            "client": request.client if request else entry.client,
            "method": request.method if request else None,
            "path": shown_path(request) if request else None,
            "status": entry.status,
            "bytes": entry.bytes,
            "duration_ms": round(entry.seconds * 1000, 3),
            "user_id": request.user if request else None,
        }
        if entry.reason is not None:
            line["reason"] = entry.reason
        try:
            # One write to a file that is open for appending is not torn apart by another thread's.
            os.write(self._descriptor, json.dumps(line, separators=(",", ":")).encode() + b"\n")
        except OSError:
            return

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def _opened(target: str) -> int:
    if target == STANDARD_ERROR:
        return os.dup(sys.stderr.fileno())
    try:
        return os.open(Path(target), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    except OSError as error:
        raise OperationalError(f"{target}: cannot write the access log: {error.strerror}") from None


def expect(method: str, route: str) -> None:
    """Show a route's 500s before there is one: Prometheus's `increase` does not see that a series begins with 1."""
    for one in ("GET", "HEAD") if method == "GET" else (method,):
        REQUESTS.add(one, route, INTERNAL_ERROR, amount=0)


def count(entry: AccessLogEntry) -> None:
    """Count a request that was answered, refused ones under the route that refused them."""
    request = entry.request
    if request is None or request.route is None:
        REQUESTS.add(NO_ROUTE, NO_ROUTE, str(entry.status))
        DURATIONS.observe(entry.seconds, NO_ROUTE)
    else:
        REQUESTS.add(request.method, request.route, str(entry.status))
        DURATIONS.observe(entry.seconds, request.route)


def log_bug(request: Request | None, exception: BaseException) -> None:
    """Write an unexpected exception to standard error, as a line that names its request."""
    _log(
        "error",
        request,
        f"{type(exception).__name__}: {exception}",
        traceback="".join(traceback.format_exception(exception)),
    )


def log_notice(level: str, text: str) -> None:
    """Write to standard error what concerns the whole server: a `level` of info, warning or error, and one line."""
    _log(level, None, text)


@contextmanager
def logging_as_lines() -> Iterator[None]:
    """Write what any module gives to Python's logging, warnings and worse, as lines like all others of the log."""
    handler, root = _Lines(logging.WARNING), logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


class _Lines(logging.Handler):
    """Turns records into lines; one with an exception, which is a bug, has its traceback in the line."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            bug = record.exc_info[1] if record.exc_info else None
            more = {} if bug is None else {"traceback": "".join(traceback.format_exception(bug))}
            _log(record.levelname.lower(), None, record.getMessage(), **more)
        except Exception:  # noqa: BLE001 - a record that cannot be put into words ends nothing
            self.handleError(record)


def log_info(request: Request, text: str) -> None:
    """Write to standard error what an operator may want to know about a request that went well."""
    _log("info", request, text)


def log_warning(request: Request, text: str) -> None:
    """Write to standard error why a request could not be served just now."""
    _log("warning", request, text)


def shown_path(request: Request) -> str:
    """Return the path without what looks like a token: some write a parameter where only a path should stand."""
    return _SECRET.sub(r"\1…", request.path)


def _log(level: str, request: Request | None, text: str, **more: str) -> None:
    line = {"time": iso(utc_now()), "level": level, "message": text, **more}
    if request is not None:
        line |= {"request_id": request.identifier, "method": request.method, "path": shown_path(request)}
    # A full disk, or a reader that is gone, loses the line and ends no server.
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{json.dumps(line, separators=(',', ':'))}\n")
        sys.stderr.flush()
