"""The transport: ``http.server`` with one loop and a pool of threads, neither of which a slow client can hold.

The loop finds out which connections can go on, reads and answers all of them as far as that can be done from memory,
and hands what their events change to the committer, whose results bring the responses. What takes longer, such as a
look into the store, a file or a listing, goes to the pool.

Python runs one thread at a time anyway. With a thread a connection, two thirds of the time went into switching:
4,900 durable events a second where the loop takes 14,700.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

from metrics_dictionary.server.transport.access_log import AccessLog, AccessLogEntry, count, log_bug
from metrics_dictionary.server.transport.connection import USEFUL, Connection, State
from metrics_dictionary.server.transport.poller import open_poller
from metrics_dictionary.server.transport.request import BadRequest
from metrics_dictionary.server.transport.response import encode_refusal
from metrics_dictionary.stores.committer import Committer
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.instruments import Counter, Gauge

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.server.api.router import Router
    from metrics_dictionary.server.api.starting import StartingRouter
    from metrics_dictionary.settings import Settings
    from metrics_dictionary.stores.store import Recording, Verdict

MAX_CONNECTIONS = 1_000
"""Connections that are open at a time. When there are more, the one that can best be spared is closed."""

RESERVED_FILES = 150
"""File descriptors that are left for the store, databases and the site."""

SWEEP_SECONDS = 0.25
"""How often connections are looked for that have had their time."""

STOP_SECONDS = 10.0
"""How long requests that have begun may take when the server is told to stop."""

DRAIN_SECONDS = 0.25
"""How long a silent connection is still listened to then: a request may be on its way."""

SEPARATE_THREADS = 4
"""Threads that read the site's files, and as many that look for tokens; both take a fraction of a millisecond."""

MAX_ACCEPTED = 64
"""Connections that are accepted before those that are open have their turn."""

ACCEPT_RETRY_SECONDS = 0.01
"""How long to wait for file descriptors when every connection is being served."""


BUSY = BadRequest(503, "the server has too many connections; try again later")
TIMEOUT = BadRequest(408, "the request did not arrive in time")

STATES = (State.READING, State.WORKING, State.COMMITTING, State.WRITING, State.IDLE, State.LINGERING)

CONNECTIONS = Gauge("http_connections", "Connections that are open, by what they are doing.", ("state",))
ACCEPTED = Counter("http_connections_total", "Connections that were accepted.")
CLOSED = Counter("http_connections_closed_total", "Connections that the server ended early, by why.", ("reason",))
for _reason in ("evicted", "refused", "timed_out", "idle"):
    CLOSED.add(_reason, amount=0)


@dataclass(frozen=True)
class ServerOptions:
    """Where a server listens and what it allows itself: the settings ``host``, ``port`` and ``server.*``.

    ``threads`` is the size of the pool. ``stop_seconds`` is how long a stop may take.
    """

    host: str
    port: int
    threads: int
    idle_seconds: float
    stop_seconds: float = STOP_SECONDS
    tls: ssl.SSLContext | None = None
    access_log: AccessLog | None = None

    @classmethod
    def of(cls, settings: Settings) -> ServerOptions:
        """Return what the settings say. Raises OperationalError for what they cannot mean."""
        certificate, log = settings.string("server.tls_certificate"), settings.string("server.access_log")
        threads, idle_seconds = int(settings.number("server.threads")), settings.number("server.idle_seconds")
        if threads < 1 or idle_seconds <= 0:
            raise OperationalError("server.threads and server.idle_seconds must be more than 0")
        return cls(
            settings.string("host") or "",
            int(settings.number("port")),
            threads,
            idle_seconds,
            tls=tls_context(certificate, settings.string("server.tls_key")) if certificate else None,
            access_log=AccessLog(log) if log else None,
        )


_Tasks = queue.SimpleQueue["Callable[[], None] | None"]


class Server(HTTPServer):
    """Listens on one address, and answers by one router once it is told to serve.

    Listening comes first, so that a port in use is known before a site is built. Raises OperationalError then.
    """

    # The default of five resets connections as soon as more arrive at once.
    request_queue_size = 1024

    def __init__(self, options: ServerOptions) -> None:
        host, port = options.host, options.port
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._options = options
        self._max_connections = _max_connections()
        self._poller = open_poller()
        self._tasks: _Tasks = queue.SimpleQueue()
        self._large_bodies: _Tasks = queue.SimpleQueue()
        self._files: _Tasks = queue.SimpleQueue()
        self._authorizations: _Tasks = queue.SimpleQueue()
        self._pipelined: deque[Connection] = deque()
        self._open: dict[int, Connection] = {}
        self._old_logs: list[AccessLog] = []
        self._spared: deque[Connection] = deque()
        self._claims = threading.Lock()
        self._next_sweep = 0.0
        self._stopping = False
        self._stop_by = 0.0
        self._is_listening = True
        self._committer: Committer[Connection] | None = None
        self._uncommitted: list[tuple[Connection, Recording]] = []
        self._settled: deque[list[tuple[Connection, Verdict | Exception]]] = deque()
        self._finished = threading.Event()
        try:
            # A handler of the base class keeps a thread until its client is gone. None is ever made: `serve_forever`
            # is ours, and what it accepts becomes a Connection.
            super().__init__((host, port), BaseHTTPRequestHandler)
        except (OSError, OverflowError) as error:
            reason = f"cannot listen on {host}:{port}: {getattr(error, 'strerror', error)}"
            raise OperationalError(f"{reason}; choose another --host or --port") from None

    @property
    def router(self) -> Router | StartingRouter:
        """What answers the requests that arrive from now on; another may take its place at any time."""
        return self._router

    @router.setter
    def router(self, router: Router | StartingRouter) -> None:
        if self._committer is None and router.store is not None:
            self._committer = Committer(router.store, self._take_results)
            self._committer.start()
        self._router = router

    @property
    def url(self) -> str:
        """The address to open in a browser."""
        host, port = self.server_address[:2]
        scheme = "http" if self._options.tls is None else "https"
        return f"{scheme}://[{host!s}]:{port}/" if ":" in str(host) else f"{scheme}://{host!s}:{port}/"

    def server_bind(self) -> None:
        """Bind, without the base class's question to a name server what this machine is called."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self._listener = self.socket.fileno()

    def serve_forever(self, poll_interval: float = SWEEP_SECONDS) -> None:
        """Serve until `shutdown`; then finish what was accepted, refuse what is new, and return."""
        self.socket.setblocking(False)
        self._poller.watch(self._listener)
        # One thread reads large bodies: Python runs one at a time, and each that wants to run delays the loop.
        queues = [self._large_bodies, *[self._tasks] * self._options.threads]
        # A store that hangs holds whoever needs it, and nobody else.
        queues += [self._files, self._authorizations] * SEPARATE_THREADS
        for tasks in queues:
            threading.Thread(target=_run_tasks, args=(tasks,), name="server", daemon=True).start()
        try:
            while not self._is_over():
                for connection in self._advance_all(poll_interval):
                    self._respond(connection)
                self._respond_to_committed()
        finally:
            if self._committer is not None:
                self._committer.stop(max(0.0, self._stop_by - time.monotonic()))
            for tasks in queues:
                tasks.put(None)
            for connection in tuple(self._open.values()):
                self._close(connection)
            self._finished.set()

    def reconfigure(self, options: ServerOptions) -> None:
        """Take over the time limits, the certificate and the access log, without losing a connection.

        Connections that are open keep their limits and their certificate. The address and the pool stay as they are.
        """
        old = self._options.access_log
        if old is not None and options.access_log is not None:
            old.follow(options.access_log)
            options = replace(options, access_log=old)
        elif old is not None:
            self._old_logs.append(old)  # another thread may be writing to it
        self._options = replace(
            self._options, idle_seconds=options.idle_seconds, tls=options.tls, access_log=options.access_log
        )

    def request_stop(self, seconds: float | None = None) -> None:
        """Begin to stop, and return at once; a signal handler may call it.

        ``seconds`` is how long that may take, if not as long as the options say.
        """
        self._stop_by = time.monotonic() + (self._options.stop_seconds if seconds is None else seconds)
        self._stopping = True
        self._poller.wake()

    def shutdown(self) -> None:
        """Stop, and return when everything that was accepted is answered; not to be called by the serving thread."""
        self.request_stop()
        self._finished.wait()

    def server_close(self) -> None:
        """Release the address, and close the access log."""
        super().server_close()
        self._poller.close()
        for log in (self._options.access_log, *self._old_logs):
            if log is not None:
                log.close()

    def _advance_all(self, poll_interval: float) -> list[Connection]:
        """Go on with every connection that can go on; return those whose responses are ready."""
        pipelined = self._pipelined
        ready = [pipelined.popleft() for _ in range(len(pipelined))]
        for descriptor in self._poller.poll(0 if ready else poll_interval):
            if descriptor == self._listener:
                self._accept()
            elif (connection := self._open.get(descriptor)) is not None:
                ready.append(connection)
        if self._stopping and self._is_listening:
            self._stop_listening()
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            self._sweep(now)
        responding = [connection for connection in ready if self._advance(connection, now)]
        if self._uncommitted:  # all at once, so that they share a commit
            self._submit(self._uncommitted)
            self._uncommitted = []
        return responding

    def _advance(self, connection: Connection, now: float) -> bool:
        """Go on with a connection that is ready for what it waits for; return whether its response is ready now."""
        state = self._claim(connection)
        if state is None:
            return False
        if connection.deadline < now:
            self._expire(connection)
            return False
        if state is State.WRITING:
            state = _guarded(connection.flush)
        elif state is State.LINGERING:
            state = _guarded(connection.linger)
        else:
            state = _guarded(connection.advance)
        if state is State.RESPONDING:
            return True
        if state is State.COMMITTING and connection.uncommitted is not None:
            self._uncommitted.append((connection, connection.uncommitted))
        else:
            self._schedule(connection, state)
        return False

    def _submit(self, recordings: list[tuple[Connection, Recording]]) -> None:
        if self._committer is not None:  # there is one as soon as there is a route that records
            self._committer.submit(recordings)

    def _take_results(self, results: list[tuple[Connection, Verdict | Exception]]) -> None:
        """Take from the committer what became of a group, and have the loop answer."""
        self._settled.append(results)
        self._poller.wake()

    def _respond_to_committed(self) -> None:
        """Write the responses that a commit has made true, or those that say why it has not."""
        while self._settled:
            for connection, result in self._settled.popleft():
                connection.uncommitted = None
                state = _guarded(partial(connection.settle, result))
                if state is State.RESPONDING:
                    self._respond(connection)
                else:
                    self._schedule(connection, state)

    def _respond(self, connection: Connection) -> None:
        """Write a response that is ready."""
        state = _guarded(partial(connection.write_response, is_last=self._stopping))
        self._schedule(connection, state)

    def _report(self, entry: AccessLogEntry) -> None:
        """Count a response or a refusal, and log it."""
        count(entry)
        if self._options.access_log is not None:
            self._options.access_log.write(entry)

    def _work(self, connection: Connection) -> None:
        state = _guarded(connection.work)
        if state is State.RESPONDING:
            self._respond(connection)
        else:
            self._schedule(connection, state)

    def _schedule(self, connection: Connection, state: State) -> None:
        """Have a connection go on when it can. After this the caller must not touch it any more."""
        if state is State.CLOSED:
            self._close(connection)
        elif state is State.WORKING:
            self._tasks.put(partial(self._work, connection))
        elif state is State.AUTHORIZING:
            self._authorizations.put(partial(self._work, connection))
        elif state is State.READING_FILE:
            self._files.put(partial(self._work, connection))
        elif state is State.READING_BODY:
            self._large_bodies.put(partial(self._work, connection))
        elif state is State.COMMITTING and connection.uncommitted is not None:
            self._submit([(connection, connection.uncommitted)])
        elif state is State.IDLE and connection.buffer:
            connection.state = state
            self._pipelined.append(connection)
            self._poller.wake()
        else:
            if self._stopping and not connection.buffer and state in {State.IDLE, State.READING}:
                connection.deadline = min(connection.deadline, time.monotonic() + DRAIN_SECONDS)
            with self._claims, suppress(OSError, ValueError):  # closed meanwhile, because the server stops
                connection.state = state
                self._poller.watch(connection.descriptor, output=state is State.WRITING)

    def _claim(self, connection: Connection) -> State | None:
        """Take a connection that waits, and return its state; None when another thread has it."""
        with self._claims:
            state, connection.state = connection.state, None
        return state

    def _accept(self) -> bool:
        """Accept connections that have arrived; return whether there may be more."""
        self._spared.clear()
        for _ in range(MAX_ACCEPTED):
            try:
                connection, address = self.get_request()
            except BlockingIOError:
                self._poller.watch(self._listener)
                return False
            except OSError:
                # Out of file descriptors, most likely: another connection makes room, the new one stays queued.
                if not self._evict():
                    time.sleep(ACCEPT_RETRY_SECONDS)
                break
            self._add(connection, str(address[0]))
        self._poller.watch(self._listener)
        return True

    def _add(self, accepted: socket.socket, client: str) -> None:
        """Let a new connection take part, in the place of another when there are too many."""
        ACCEPTED.add()
        if len(self._open) >= self._max_connections and not self._evict():
            CLOSED.add("refused")
            self._report(AccessLogEntry(client, None, BUSY.status, reason=BUSY.reason))
            with suppress(OSError):
                accepted.setblocking(False)
                accepted.send(encode_refusal(BUSY))
            accepted.close()
            return
        try:
            if self._options.tls is not None:
                accepted = self._options.tls.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)
            connection = Connection(accepted, client, lambda: self.router, self._options.idle_seconds, self._report)
        except (OSError, ValueError):
            accepted.close()
            return
        self._open[connection.descriptor] = connection
        self._schedule(connection, State.READING)

    def _evict(self) -> bool:
        """Close the connection that can best be spared, see `Connection.rank`; False when none waits."""
        while True:
            if not self._spared:
                # Put in order once for many of a flood, up to the first that somebody would miss: before that one
                # goes, those that came meanwhile are looked at.
                waiting = [connection for connection in tuple(self._open.values()) if connection.state is not None]
                waiting.sort(key=Connection.rank)
                useless = sum(connection.rank()[0] < USEFUL for connection in waiting)
                self._spared = deque(waiting[: max(useless, 1)])
            if not self._spared:
                return False
            connection = self._spared.popleft()
            if self._open.get(connection.descriptor) is connection and self._claim(connection) is not None:
                connection.turn_away(BUSY.status, BUSY.reason, unheard=True)
                CLOSED.add("evicted")
                self._close(connection)
                return True

    def _sweep(self, now: float) -> None:
        if self._committer is not None and (overdue := self._committer.overdue()):
            self._settled.append(overdue)
        states = dict.fromkeys(STATES, 0)
        for connection in tuple(self._open.values()):
            if connection.deadline < now and self._claim(connection) is not None:
                self._expire(connection)
            else:
                states[connection.state or (State.WORKING if connection.uncommitted is None else State.COMMITTING)] += 1
        for state, number in states.items():
            CONNECTIONS.set(number, state.name.lower())

    def _expire(self, connection: Connection) -> None:
        CLOSED.add("timed_out" if connection.turn_away(TIMEOUT.status, TIMEOUT.reason) else "idle")
        self._close(connection)

    def _close(self, connection: Connection) -> None:
        # In this order: as soon as it is closed, a new connection may have its number.
        self._open.pop(connection.descriptor, None)
        connection.close()

    def _stop_listening(self) -> None:
        """Take in what the machine has already accepted for us, then refuse everything."""
        while self._accept():
            continue
        self._is_listening = False
        self.socket.close()
        drained = time.monotonic() + DRAIN_SECONDS
        for connection in tuple(self._open.values()):
            if connection.state in {State.IDLE, State.READING} and not connection.buffer:
                connection.deadline = min(connection.deadline, drained)

    def _is_over(self) -> bool:
        return not self._is_listening and (not self._open or time.monotonic() >= self._stop_by)


def _run_tasks(tasks: _Tasks) -> None:
    """Be a thread of the pool: do what takes its time, one thing after the other."""
    while (task := tasks.get()) is not None:
        task()


def _guarded(step: Callable[[], State]) -> State:
    """Take a step of one connection; a bug in it ends that connection and no other."""
    try:
        return step()
    except Exception as bug:  # noqa: BLE001
        log_bug(None, bug)
        return State.CLOSED


def _max_connections() -> int:
    """Return how many connections the limit on open files leaves room for."""
    try:
        import resource
    except ImportError:
        return MAX_CONNECTIONS
    limit: int = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MAX_CONNECTIONS if limit < 0 else max(16, min(MAX_CONNECTIONS, limit - RESERVED_FILES))


def tls_context(certificate: str, key: str | None) -> ssl.SSLContext:
    """Return what a server needs that speaks TLS 1.2 or newer. Raises OperationalError for unusable files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        files = certificate if key is None else f"{certificate}, {key}"
        what = "give PEM files, the key without a password, as server.tls_certificate and server.tls_key"
        raise OperationalError(f"{files}: no usable certificate and key: {error.strerror or error}; {what}") from None
    return context
