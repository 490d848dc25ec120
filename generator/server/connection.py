"""One connection: reads requests as they arrive, has them answered, writes the answers.

A handler never waits for a slow client. When there is nothing to read, or no room to write, it says so and returns; the
server watches the connection meanwhile (http.py) and brings it back to a thread when there is something to do.
"""

from __future__ import annotations

import enum
import itertools
import re
import secrets
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from generator import __version__
from generator.server.access_log import Served
from generator.server.message import Request, Response, error
from generator.server.representation import choose, is_current
from generator.server.request_head import LONGEST_HEAD, LONGEST_REQUEST_LINE, Refusal, RequestHead, parse_head

if TYPE_CHECKING:
    from generator.server.http import Server
    from generator.server.router import Admission

PATIENCE = 0.05
"""Seconds that a thread stays with a client that is likely to go on at once; then it serves somebody else."""

SEGMENT = 64 * 1024
"""Bytes that are read, or of a long body written, at a time."""

SLOWEST_READER = 20_000
"""Bytes a second that a client has to take, beyond the time that every client has."""

IDENTIFIER = re.compile(r"[A-Za-z0-9._-]{1,128}")
"""What a client may call its request."""

BLOCKED = (BlockingIOError, TimeoutError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

_identifiers = map(f"{secrets.token_hex(6)}-{{:x}}".format, itertools.count(1))


class Wants(enum.Enum):
    """What a connection needs before a thread can do something for it again."""

    INPUT = "something to read"
    OUTPUT = "room for what is to be written"
    TURN = "a thread: its next request is here"
    FAREWELL = "the client to read the last answer and to close"
    END = "to be closed"


@dataclass(frozen=True, slots=True)
class _Expected:
    """A request whose head is understood and whose body is still arriving."""

    request: Request
    admission: Admission
    keep_alive: bool
    start: int
    end: int
    began: float


class Handler(BaseHTTPRequestHandler):
    """One connection, for as long as it lasts."""

    protocol_version = "HTTP/1.1"
    server_version = f"metrics-dictionary/{__version__}"
    disable_nagle_algorithm = True

    server: Server

    def __init__(self, connection: socket.socket, client_address: tuple[str, int], server: Server) -> None:
        """Only take the connection; the base class would serve all of it here. `handle` is called for each turn."""
        self.connection = self.request = connection
        self.client_address = client_address
        self.server = server
        self.buffer = bytearray()
        self.outgoing = memoryview(b"")
        self.deadline = 0.0
        self.eof = False
        self._expected: _Expected | None = None
        self._after_output = Wants.TURN
        self._timeout: float | None = None
        self.setup()

    def setup(self) -> None:
        """Answers go out as a whole, each in one piece, so there is nothing to wait for and to gather."""
        self._wait(0)
        self._expect_within(self.server.idle_seconds)

    def handle(self) -> Wants:  # type: ignore[override] # the base class returns nothing
        """Serve what has arrived; return what has to happen next. Raises nothing that a client could cause."""
        self._wait(0)
        patient = not self.buffer
        while True:
            wants = self.handle_one_request()
            if wants is Wants.INPUT:
                if self.buffer:
                    # A head often comes alone, its body a moment behind it. For that a thread waits, once a request.
                    self._wait(PATIENCE if patient else 0)
                    patient = False
                if not self._receive():
                    return Wants.END if self.eof else Wants.INPUT
            elif wants is not Wants.TURN:
                return wants
            elif self.server.others_wait:
                return Wants.TURN if self.buffer else Wants.INPUT
            else:
                patient = True
                self._wait(PATIENCE)

    def handle_one_request(self) -> Wants:  # type: ignore[override]
        """Serve the request in the buffer: INPUT when it is not complete, TURN when it is answered."""
        expected = self._expected or self._next()
        if isinstance(expected, Wants):
            return expected
        if len(self.buffer) < expected.end:
            self._expected = expected
            return Wants.INPUT
        body = bytes(self.buffer[expected.start : expected.end])
        del self.buffer[: expected.end]
        self._expected = None
        self._expect_within(self.server.idle_seconds)
        response = self.server.router.answer(expected.admission, expected.request, body)
        return self._send(
            expected.request, response, expected.admission, expected.began, keep_alive=expected.keep_alive
        )

    def finish(self) -> None:
        """Close the connection."""
        with suppress(OSError, ValueError):
            if isinstance(self.connection, ssl.SSLSocket):
                self._wait(0)
                self.connection.unwrap()
        self.connection.close()

    def pump(self) -> Wants:
        """Write more of an answer that the client is slow to take."""
        while self.outgoing:
            try:
                sent = self.connection.send(self.outgoing[:SEGMENT])
            except BLOCKED:
                return Wants.OUTPUT
            except (OSError, ValueError):
                return Wants.END
            self.outgoing = self.outgoing[sent:]
        self.outgoing = memoryview(b"")
        if self._after_output is Wants.FAREWELL:
            self._say_goodbye()
            return Wants.FAREWELL
        self._expect_within(self.server.idle_seconds)
        return Wants.TURN

    def discard(self) -> Wants:
        """Throw away what a client still sends after its last answer: unread, it would make the answer vanish."""
        self.buffer.clear()
        if self._receive() or not self.eof:
            return Wants.FAREWELL
        return Wants.END

    def time_out(self) -> None:
        """Tell a client that began a request and did not finish it in time."""
        if self.buffer and not self.outgoing and self._after_output is Wants.TURN:
            with suppress(OSError, ValueError):
                self._wait(0)
                self.connection.send(_refusal_bytes(408, "the request did not arrive in time"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the access log does."""

    def _receive(self) -> bool:
        """Read what is there; False when nothing is, and then `eof` says whether anything can come."""
        try:
            data = self.connection.recv(SEGMENT)
        except BLOCKED:
            return False
        except (OSError, ValueError):
            data = b""
        if not data:
            self.eof = True
            return False
        if not self.buffer:
            # The first byte of a request starts the clock, and no later one stops it.
            self._expect_within(self.server.idle_seconds)
        self.buffer += data
        return True

    def _next(self) -> _Expected | Wants:
        """Read the next request's head, and decide whether its body is wanted at all."""
        buffer = self.buffer
        if buffer.startswith(b"\r\n"):
            del buffer[:2]
        end = buffer.find(b"\r\n\r\n")
        if end < 0 or end > LONGEST_HEAD:
            refusal = _too_much(buffer)
            return Wants.INPUT if refusal is None else self._refuse(refusal)
        began = time.perf_counter()
        head = self.parse_request(end)
        if isinstance(head, Refusal):
            return self._refuse(head)
        request = self._request(head)
        admission = self.server.router.admit(request)
        start = end + 4
        # What is too long, or of unknown length, was not admitted.
        length = head.length or 0
        if isinstance(admission, Response):
            complete = head.length is not None and len(buffer) >= start + length
            if complete:
                del buffer[: start + length]
            return self._send(request, admission, None, began, keep_alive=head.keep_alive and complete)
        if "expect" in head.headers and not head.old and length and len(buffer) == start:
            with suppress(OSError, ValueError):
                self.connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return _Expected(request, admission, head.keep_alive, start, start + length, began)

    def parse_request(self, end: int) -> RequestHead | Refusal:  # type: ignore[override]
        """Read the head strictly, and without the e-mail parser of the base class."""
        return parse_head(self.buffer[:end].decode("latin-1"))

    def _request(self, head: RequestHead) -> Request:
        identifier = head.headers.get("x-request-id")
        if identifier is None or IDENTIFIER.fullmatch(identifier) is None:
            identifier = next(_identifiers)
        return Request(
            head.method, head.path, head.query, head.headers, head.length, self.client_address[0], identifier
        )

    def _refuse(self, refusal: Refusal) -> Wants:
        """Answer what is no request, and close: where the next one would begin is unknown."""
        self.buffer.clear()
        self.server.count_refusal(refusal.status)
        return self._write(_refusal_bytes(refusal.status, refusal.reason), Wants.FAREWELL)

    def _send(
        self, request: Request, response: Response, admission: Admission | None, began: float, *, keep_alive: bool
    ) -> Wants:
        keep_alive = keep_alive and not self.server.stopping
        headers = request.headers
        body, etag, compressed = choose(response, headers.get("accept-encoding"))
        status = response.status
        lines = [f"X-Request-Id: {request.identifier}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        if etag is not None:
            lines.append(f"ETag: {etag}\r\nCache-Control: no-cache")
            if is_current(headers.get("if-none-match"), etag) and request.method in {"GET", "HEAD"}:
                status = 304
        elif "Cache-Control" not in response.headers:
            lines.append("Cache-Control: no-store")
        if response.compressed is not None:
            lines.append("Vary: Accept-Encoding")
        if status not in {204, 304}:
            lines.append(f"Content-Type: {response.content_type}\r\nContent-Length: {len(body)}")
            if compressed:
                lines.append("Content-Encoding: gzip")
        else:
            body = b""
        if not keep_alive:
            lines.append("Connection: close")
        elif "connection" in headers:
            lines.append("Connection: keep-alive")  # clients that speak HTTP/1.0 ask for it and want to be told
        lines.append("\r\n")
        head = (_first_lines(status, int(time.time())) + "\r\n".join(lines)).encode("latin-1")
        if request.method == "HEAD":
            body = b""
        wants = self._write(head, Wants.TURN if keep_alive else Wants.FAREWELL, body)
        seconds = time.perf_counter() - began
        token = admission.token if admission is not None else None
        route = admission.route.path if admission is not None else None
        self.server.served(Served(request, status, len(body), seconds, token.user if token else None, route))
        return wants

    def _write(self, head: bytes, then: Wants, body: bytes = b"") -> Wants:
        """Write in one piece what fits into one; return ``then`` when all of it is written."""
        data = head + body[:SEGMENT]
        try:
            sent = self.connection.send(data)
        except BLOCKED:
            sent = 0
        except (OSError, ValueError):
            return Wants.END
        if sent == len(data) and len(body) <= SEGMENT:
            if then is Wants.FAREWELL:
                self._after_output = then
                self._say_goodbye()
            return then
        self.outgoing = memoryview(body)[SEGMENT:] if sent == len(data) else memoryview(data[sent:] + body[SEGMENT:])
        self._after_output = then
        self._expect_within(self.server.idle_seconds + len(self.outgoing) / SLOWEST_READER)
        return self.pump()

    def _say_goodbye(self) -> None:
        """End our side; the client's side ends when it has read everything."""
        self._expect_within(min(2.0, self.server.idle_seconds))
        with suppress(OSError, ValueError):
            if isinstance(self.connection, ssl.SSLSocket):
                self.connection.unwrap()
            else:
                self.connection.shutdown(socket.SHUT_WR)

    def _expect_within(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds

    def _wait(self, seconds: float) -> None:
        """How long reading and writing may take; each change of it is a system call."""
        if self._timeout != seconds:
            self.connection.settimeout(seconds)
            self._timeout = seconds


@lru_cache(maxsize=64)
def _first_lines(status: int, second: int) -> str:
    """Return what all answers with this status begin with in this second."""
    return (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nServer: {Handler.server_version}\r\n"
        f"Date: {formatdate(second, usegmt=True)}\r\nX-Content-Type-Options: nosniff\r\n"
    )


def _refusal_bytes(status: int, reason: str) -> bytes:
    body = error(status, reason).body
    lines = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return (_first_lines(status, int(time.time())) + lines).encode("latin-1") + body


def _too_much(buffer: bytearray) -> Refusal | None:
    """Say what is wrong with a head that does not end: it is too long, or its lines end in another way."""
    if len(buffer) > LONGEST_REQUEST_LINE and buffer.find(b"\r\n", 0, LONGEST_REQUEST_LINE) < 0:
        return Refusal(414, f"the request line is longer than {LONGEST_REQUEST_LINE} bytes")
    if len(buffer) > LONGEST_HEAD:
        return Refusal(431, f"the headers are longer than {LONGEST_HEAD} bytes")
    if buffer.count(b"\n") != buffer.count(b"\r\n"):
        return Refusal(400, "a line of the head does not end with CR LF")
    return None
