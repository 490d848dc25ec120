"""One connection: reads requests as they arrive, has the router answer them, writes the responses.

A request goes one way: its head is read and parsed, the router authorizes it, its body is read, the endpoint of its
route makes the response, what the endpoint recorded is committed, the response is written.

No method of a connection waits for the client. When there is nothing to read, no room to write, or something to be done
that takes time, it says so by its state and returns; the server (server.py) calls it again when it can go on.
"""

from __future__ import annotations

import enum
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from metrics_dictionary.server.transport.access_log import AccessLogEntry
from metrics_dictionary.server.transport.request import (
    MAX_HEAD,
    BadRequest,
    Request,
    bad_unfinished_head,
    parse_request,
)
from metrics_dictionary.server.transport.response import Response, Uncommitted, encode_refusal, encode_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.server.api.route import Route
    from metrics_dictionary.server.api.router import Router
    from metrics_dictionary.server.api.starting import StartingRouter
    from metrics_dictionary.stores.store import Recording, Verdict

CHUNK_SIZE = 64 * 1024
"""Bytes that are read, or of a long body written, at a time."""

LARGE_BODY = 32 * 1024
"""Bytes from which a request's body is not read by the loop: up to here the costliest one takes it 5 ms."""

MIN_BYTES_PER_SECOND = 20_000
"""How fast a client has to take a response, beyond the time that every client has."""

LINGER_SECONDS = 2.0
"""How long, at most, a client may take to read its last response and to close."""

WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


USEFUL = 2
"""The first element of a connection's `rank` from which on somebody would miss it."""


class State(enum.Enum):
    """What a connection is doing, and so what it waits for."""

    READING = "waits for more of a request, or for its first byte"
    AUTHORIZING = "waits for a thread that looks into the store for a token or a flag"
    WORKING = "waits for a thread that may wait for the store or a database"
    READING_FILE = "waits for a thread that reads files"
    READING_BODY = "waits for the thread that reads large bodies"
    COMMITTING = "waits for the commit that makes its response true"
    RESPONDING = "its response is ready to be written"
    WRITING = "waits for room for the rest of a response"
    IDLE = "has written a response; the next request may have arrived already"
    LINGERING = "has written its last response; waits for the client to read it and to close"
    CLOSED = "has to be closed"


@dataclass(slots=True)
class _PendingRequest:
    """A request whose head has been read. Its body stands from ``start`` to ``end`` in the buffer, or will.

    ``end`` is None for a body of unknown length. ``route`` is None until the request is authorized. ``began`` is in
    seconds of `time.perf_counter`.
    """

    request: Request
    router: Router | StartingRouter
    start: int
    end: int | None
    began: float
    route: Route | None = None

    def is_complete(self, buffer: bytearray) -> bool:
        """Whether all of the body is there."""
        return self.end is not None and len(buffer) >= self.end

    @property
    def is_large(self) -> bool:
        """Whether the body is too much for the loop to read."""
        return self.end is not None and self.end - self.start > LARGE_BODY


@dataclass(frozen=True, slots=True)
class _PendingResponse:
    """A response that is not written yet."""

    request: Request
    router: Router | StartingRouter
    response: Response
    keep_alive: bool
    began: float


class Connection:
    """One client's connection, for as long as it lasts. At any time one thread at most works on it.

    The handlers of `http.server` read and write until they are done, and each keeps a thread busy meanwhile; so this is
    not one of them. ``state`` is None while a thread works on the connection. ``deadline``, by `time.monotonic`, is
    when the client has had its time. ``uncommitted`` is what has to be committed before the response is true.
    """

    def __init__(
        self,
        connection: socket.socket,
        client: str,
        router: Callable[[], Router | StartingRouter],
        idle_seconds: float,
        report: Callable[[AccessLogEntry], None],
    ) -> None:
        """Take over a socket; ``client`` is the address at the other end.

        ``router`` returns the one that is in force; a request stays with the one that authorized it. ``report`` is told
        of each response and refusal. Raises OSError for a connection that is gone already.
        """
        connection.setblocking(False)
        # Each response goes out in one piece, so there is nothing to gather and to wait for.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self.descriptor = connection.fileno()
        self.state: State | None = None
        self.buffer = bytearray()
        self.uncommitted: Recording | None = None
        self._socket = connection
        self._client = client
        self._router = router
        self._idle_seconds = idle_seconds
        self._report = report
        self._answered = False
        self._request: _PendingRequest | None = None
        self._response: _PendingResponse | None = None
        self._output = memoryview(b"")
        self._after_output = State.IDLE
        self._at_end = False
        self._set_deadline(idle_seconds)

    def advance(self) -> State:
        """Go on with what has arrived, as far as nothing has to be waited for: to the response, if possible."""
        while True:
            state = self._advance()
            if state is not State.READING:
                return state
            if not self._receive():
                return State.CLOSED if self._at_end else State.READING

    def _advance(self) -> State:
        pending = self._request or self._read_head()
        if isinstance(pending, State):
            return pending
        if pending.route is None:
            return State.AUTHORIZING
        if not pending.is_complete(self.buffer):
            return State.READING
        if pending.route.blocking:
            return State.READING_FILE if pending.route.local else State.WORKING
        return State.READING_BODY if pending.is_large else self._call_endpoint(pending, pending.route)

    def work(self) -> State:
        """Do what `advance` left to another thread: authorize by a look into the store, call the endpoint."""
        pending = self._request
        if pending is None:
            return State.IDLE
        if pending.route is None:
            route = pending.router.authorize(pending.request)
            if isinstance(route, Response):
                return self._reject(pending, route)
            self._expect_body(pending, route)
            if pending.is_complete(self.buffer) and (route.blocking or pending.is_large):
                return State.WORKING if route.blocking else State.READING_BODY
        else:
            route = pending.route
        return self._call_endpoint(pending, route) if pending.is_complete(self.buffer) else State.READING

    def _read_head(self) -> _PendingRequest | State:
        """Read the next request's head, and authorize it if that takes no look into the store."""
        buffer = self.buffer
        if buffer.startswith(b"\r\n"):
            del buffer[:2]
        end = buffer.find(b"\r\n\r\n")
        if end < 0 or end > MAX_HEAD:
            wrong = bad_unfinished_head(buffer)
            return State.READING if wrong is None else self._refuse(wrong)
        began = time.perf_counter()
        request = parse_request(buffer[:end].decode("latin-1"), self._client)
        if isinstance(request, BadRequest):
            return self._refuse(request)
        start = end + 4
        body_end = None if request.length is None else start + request.length
        router = self._router()
        pending = self._request = _PendingRequest(request, router, start, body_end, began)
        route = router.authorize_from_memory(request)
        if isinstance(route, Response):
            return self._reject(pending, route)
        if route is not None:
            self._expect_body(pending, route)
        return pending

    def _refuse(self, wrong: BadRequest) -> State:
        """Answer what is not a request, and close: where the next one would begin is unknown."""
        self.buffer.clear()
        self._report(AccessLogEntry(self._client, None, wrong.status, reason=wrong.reason))
        return self._write(encode_refusal(wrong), b"", State.LINGERING)

    def _reject(self, pending: _PendingRequest, response: Response) -> State:
        """Answer without the body: what has arrived of it is skipped, and if that is not all, nothing more is read."""
        self._request = None
        complete = pending.is_complete(self.buffer)
        if complete:
            del self.buffer[: pending.end]
        keep_alive = pending.request.keep_alive and complete
        self._response = _PendingResponse(pending.request, pending.router, response, keep_alive, pending.began)
        return State.RESPONDING

    def _expect_body(self, pending: _PendingRequest, route: Route) -> None:
        """Let the body come, and say so to a client that asks first."""
        pending.route = route
        if pending.request.expects_continue and len(self.buffer) == pending.start != pending.end:
            with suppress(OSError, ValueError):
                self._socket.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _call_endpoint(self, pending: _PendingRequest, route: Route) -> State:
        request = pending.request
        request.body = bytes(self.buffer[pending.start : pending.end])
        del self.buffer[: pending.end]
        self._request = None
        self._set_deadline(self._idle_seconds)
        answer = pending.router.respond(route, request)
        response = answer.response if isinstance(answer, Uncommitted) else answer
        self._response = _PendingResponse(request, pending.router, response, request.keep_alive, pending.began)
        if isinstance(answer, Uncommitted):
            self.uncommitted = answer.recording
            return State.COMMITTING
        return State.RESPONDING

    def settle(self, result: Verdict | Exception) -> State:
        """Take what became of the commit: the response is ready now."""
        if (pending := self._response) is not None:
            response = pending.router.settled(pending.request, pending.response, result)
            if response is not pending.response:
                self._response = replace(pending, response=response)
        return State.RESPONDING

    def write_response(self, *, is_last: bool) -> State:
        """Write the response that is ready; after the last one the connection ends."""
        pending, self._response = self._response, None
        if pending is None:
            return State.IDLE
        self._set_deadline(self._idle_seconds)
        keep_alive = pending.keep_alive and not is_last
        status, head, body = encode_response(pending.request, pending.response, keep_alive=keep_alive)
        state = self._write(head, body, State.IDLE if keep_alive else State.LINGERING)
        self._answered = True
        seconds = time.perf_counter() - pending.began
        self._report(AccessLogEntry(self._client, pending.request, status, len(body), seconds))
        return state

    def flush(self) -> State:
        """Write more of a response that the client is slow to take."""
        while self._output:
            try:
                sent = self._socket.send(self._output[:CHUNK_SIZE])
            except WOULD_BLOCK:
                return State.WRITING
            except (OSError, ValueError):
                return State.CLOSED
            self._output = self._output[sent:]
        self._output = memoryview(b"")
        if self._after_output is State.LINGERING:
            self._end_output()
        else:
            self._set_deadline(self._idle_seconds)
        return self._after_output

    def linger(self) -> State:
        """Discard what a client still sends after its last response: unread, it would make the response vanish."""
        self.buffer.clear()
        return State.LINGERING if self._receive() or not self._at_end else State.CLOSED

    def turn_away(self, status: int, reason: str, *, unheard: bool = False) -> bool:
        """Refuse a request that has begun and is not answered, if there is one; return whether there was.

        ``unheard``: the first request of a new connection may have arrived without being read.
        """
        pending = self._request
        has_begun = bool(self.buffer) or pending is not None or (unheard and not self._answered)
        if not has_begun or self._output or self._after_output is not State.IDLE:
            return False
        with suppress(OSError, ValueError):
            self._socket.send(encode_refusal(BadRequest(status, reason)))
        request = None if pending is None else pending.request
        self._report(AccessLogEntry(self._client, request, status, reason=reason))
        return True

    def rank(self) -> tuple[int, float]:
        """Return what is smaller for a connection that can rather be spared: how far it came, then its deadline.

        First those that only have to be closed, then those that never brought a whole head, then slow readers and
        bodies that anybody may send; connections that were of use, and what is sent with a token, stay longest.
        """
        pending = self._request
        if self._after_output is State.LINGERING:
            place = 0
        elif pending is not None and pending.route is not None:
            place = 4 if pending.route.access.needs_token else 2
        elif self._output:
            place = 2
        else:
            place = 3 if self._answered else 1
        return place, self.deadline

    def close(self) -> None:
        """Close the connection."""
        with suppress(OSError, ValueError):
            if isinstance(self._socket, ssl.SSLSocket):
                self._socket.unwrap()
        self._socket.close()

    def _receive(self) -> bool:
        """Read what is there; False when nothing is, and then `_at_end` says whether anything can come."""
        try:
            data = self._socket.recv(CHUNK_SIZE)
            if isinstance(self._socket, ssl.SSLSocket) and (rest := self._socket.pending()):
                # Decrypted already, so the socket will not become ready for it.
                data += self._socket.recv(rest)
        except WOULD_BLOCK:
            return False
        except (OSError, ValueError):
            data = b""
        if not data:
            self._at_end = True
            return False
        if not self.buffer:
            # The first byte of a request starts the clock, and no later one stops it.
            self._set_deadline(self._idle_seconds)
        self.buffer += data
        return True

    def _write(self, head: bytes, body: bytes, then: State) -> State:
        """Write in one piece what fits into one; return ``then`` when all of it is written."""
        self._after_output = then
        data = head + body[:CHUNK_SIZE]
        try:
            sent = self._socket.send(data)
        except WOULD_BLOCK:
            sent = 0
        except (OSError, ValueError):
            return State.CLOSED
        if sent == len(data) and len(body) <= CHUNK_SIZE:
            if then is State.LINGERING:
                self._end_output()
            return then
        self._output = (
            memoryview(body)[CHUNK_SIZE:] if sent == len(data) else memoryview(data[sent:] + body[CHUNK_SIZE:])
        )
        self._set_deadline(self._idle_seconds + len(self._output) / MIN_BYTES_PER_SECOND)
        return self.flush()

    def _end_output(self) -> None:
        """End our side; the client's side ends when it has read everything."""
        self._set_deadline(min(LINGER_SECONDS, self._idle_seconds))
        with suppress(OSError, ValueError):
            if isinstance(self._socket, ssl.SSLSocket):
                self._socket.unwrap()
            else:
                self._socket.shutdown(socket.SHUT_WR)

    def _set_deadline(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
