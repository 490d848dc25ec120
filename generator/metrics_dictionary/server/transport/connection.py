"""One connection: reads requests as they arrive, has them answered, writes the answers.

A handler never waits. When there is nothing to read, no room to write, or something to be done that takes time, it says
so and returns; the server (http.py) brings it back when it can go on.
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
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from metrics_dictionary import __version__
from metrics_dictionary.server.transport.access_log import Served
from metrics_dictionary.server.transport.message import Request, Response, error
from metrics_dictionary.server.transport.representation import choose, is_current
from metrics_dictionary.server.transport.request_head import (
    LONGEST_HEAD,
    LONGEST_REQUEST_LINE,
    Refusal,
    RequestHead,
    parse_head,
)

if TYPE_CHECKING:
    from metrics_dictionary.server.api.router import Admission
    from metrics_dictionary.server.transport.server import Server
    from metrics_dictionary.stores.store import Recording

SEGMENT = 64 * 1024
"""Bytes that are read, or of a long body written, at a time."""

SLOWEST_READER = 20_000
"""Bytes a second that a client has to take, beyond the time that every client has."""

IDENTIFIER = re.compile(r"[A-Za-z0-9._-]{1,128}")
"""What a client may call its request."""

BLOCKED = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

_identifiers = map(f"{secrets.token_hex(6)}-{{:x}}".format, itertools.count(1))


class Wants(enum.Enum):
    """What a connection needs next."""

    INPUT = "something to read"
    OUTPUT = "room for what is to be written"
    TURN = "another turn: its next request may be here already"
    ANSWER = "its answer, which is ready, to be written"
    WORK = "a thread that may wait for the store, a database, a disk"
    FAREWELL = "the client to read the last answer and to close"
    END = "to be closed"


@dataclass(slots=True)
class _Expected:
    """A request whose head is understood. Its body ends at ``end`` of the buffer and may still be arriving.

    ``admission`` is None until somebody has decided who is asking.
    """

    request: Request
    admission: Admission | None
    keep_alive: bool
    start: int
    end: int | None
    began: float


@dataclass(frozen=True, slots=True)
class _Answer:
    """A response that waits to be written."""

    request: Request
    response: Response
    admission: Admission | None
    keep_alive: bool
    began: float


class Handler(BaseHTTPRequestHandler):
    """One connection, for as long as it lasts. At any time one thread at most has to do with it."""

    protocol_version = "HTTP/1.1"
    server_version = f"metrics-dictionary/{__version__}"
    disable_nagle_algorithm = True

    server: Server

    def __init__(self, connection: socket.socket, client_address: tuple[str, int], server: Server) -> None:
        """Only take the connection; the base class would serve all of it here. `handle` is called for each turn."""
        self.connection = self.request = connection
        self.client_address = client_address
        self.server = server
        self.file = connection.fileno()
        self.buffer = bytearray()
        self.outgoing = memoryview(b"")
        self.deadline = 0.0
        self.eof = False
        self.wants: Wants | None = None
        self.noted: tuple[Request, tuple[Recording, ...]] | None = None
        self._expected: _Expected | None = None
        self._answer: _Answer | None = None
        self._after_output = Wants.TURN
        self.setup()

    def setup(self) -> None:
        """Answers go out as a whole, each in one piece, so there is nothing to wait for and to gather."""
        self.connection.setblocking(False)
        if self.disable_nagle_algorithm:
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self._expect_within(self.server.idle_seconds)

    def handle(self) -> Wants:  # type: ignore[override] # the base class returns nothing
        """Go on with what has arrived, as far as that needs nobody else. Raises nothing that a client could cause."""
        while True:
            wants = self.handle_one_request()
            if wants is not Wants.INPUT:
                return wants
            if not self._receive():
                return Wants.END if self.eof else Wants.INPUT

    def handle_one_request(self) -> Wants:  # type: ignore[override]
        """Go on with the request in the buffer; INPUT when it is not complete."""
        expected = self._expected or self._next()
        if isinstance(expected, Wants):
            return expected
        if expected.admission is None:
            return Wants.WORK
        if expected.end is None or len(self.buffer) < expected.end:
            return Wants.INPUT
        if not expected.admission.route.quick:
            return Wants.WORK
        self._take_answer(expected, expected.admission, expected.end)
        return Wants.ANSWER

    def note(self, recordings: tuple[Recording, ...]) -> None:
        """Keep what has to be committed before the answer is true."""
        if self._answer is not None:
            self.noted = (self._answer.request, recordings)

    def work(self) -> Wants:
        """Go on in a thread that may wait."""
        expected = self._expected
        if expected is None:
            return Wants.TURN
        if expected.admission is None:
            admission = self.server.router.admit(expected.request)
            if isinstance(admission, Response):
                self._reject(expected, admission)
                return self.write_answer()
            self._admit(expected, admission)
        if expected.admission is None or expected.end is None or len(self.buffer) < expected.end:
            return Wants.INPUT
        self._take_answer(expected, expected.admission, expected.end)
        return self.write_answer()

    def write_answer(self, instead: Response | None = None) -> Wants:
        """Write the answer that is ready, or another in its place."""
        answer, self._answer = self._answer, None
        if answer is None:
            return Wants.TURN
        self._expect_within(self.server.idle_seconds)
        return self._send(answer if instead is None else replace(answer, response=instead))

    def _take_answer(self, expected: _Expected, admission: Admission, end: int) -> None:
        body = bytes(self.buffer[expected.start : end])
        del self.buffer[:end]
        self._expected = None
        self._expect_within(self.server.idle_seconds)
        request = expected.request
        response = self.server.router.answer(admission, request, body)
        self._answer = _Answer(request, response, admission, expected.keep_alive, expected.began)

    def finish(self) -> None:
        """Close the connection."""
        with suppress(OSError, ValueError):
            if isinstance(self.connection, ssl.SSLSocket):
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
                self.connection.send(_refusal_bytes(408, "the request did not arrive in time"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the access log does."""

    def _receive(self) -> bool:
        """Read what is there; False when nothing is, and then `eof` says whether anything can come."""
        try:
            data = self.connection.recv(SEGMENT)
            if isinstance(self.connection, ssl.SSLSocket) and (rest := self.connection.pending()):
                # Decrypted already, so the socket will not become ready for it.
                data += self.connection.recv(rest)
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
        start = end + 4
        body_end = None if head.length is None else start + head.length
        request = self._request(head)
        expected = self._expected = _Expected(request, None, head.keep_alive, start, body_end, began)
        admission = self.server.router.admit_from_memory(request)
        if isinstance(admission, Response):
            self._reject(expected, admission)
            return Wants.ANSWER
        if admission is not None:
            self._admit(expected, admission)
        return expected

    def _admit(self, expected: _Expected, admission: Admission) -> None:
        """Take the body, and say so to a client that asks first."""
        expected.admission = admission
        if expected.request.expects_continue and len(self.buffer) == expected.start != expected.end:
            with suppress(OSError, ValueError):
                self.connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _reject(self, expected: _Expected, response: Response) -> None:
        """Answer without the body: what has arrived of it is skipped, and if that is not all, nothing more is read."""
        self._expected = None
        complete = expected.end is not None and len(self.buffer) >= expected.end
        if complete:
            del self.buffer[: expected.end]
        self._answer = _Answer(expected.request, response, None, expected.keep_alive and complete, expected.began)

    def parse_request(self, end: int) -> RequestHead | Refusal:  # type: ignore[override]
        """Read the head strictly, and without the e-mail parser of the base class."""
        return parse_head(self.buffer[:end].decode("latin-1"))

    def _request(self, head: RequestHead) -> Request:
        identifier = head.headers.get("x-request-id")
        if identifier is None or IDENTIFIER.fullmatch(identifier) is None:
            identifier = next(_identifiers)
        return Request(
            head.method,
            head.path,
            head.query,
            head.headers,
            head.length,
            self.client_address[0],
            identifier,
            "expect" in head.headers and not head.old,
        )

    def _refuse(self, refusal: Refusal) -> Wants:
        """Answer what is no request, and close: where the next one would begin is unknown."""
        self.buffer.clear()
        self.server.count_refusal(refusal.status)
        return self._write(_refusal_bytes(refusal.status, refusal.reason), Wants.FAREWELL)

    def _send(self, answer: _Answer) -> Wants:
        request, response = answer.request, answer.response
        keep_alive = answer.keep_alive and not self.server.stopping
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
        seconds = time.perf_counter() - answer.began
        token = answer.admission.token if answer.admission is not None else None
        route = answer.admission.route.path if answer.admission is not None else None
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
