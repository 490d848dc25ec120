"""The transport: ``http.server`` with one loop and a pool of threads, neither of which a slow client can hold.

The loop looks which connections have something to say, reads and answers all of them as far as that can be done from
memory, commits at once what their events change, and writes the answers. What takes longer, such as a look into the
store, a file or a listing, goes to the pool.

Python runs one thread at a time anyway. With a thread a connection, two thirds of the time went into switching:
4,900 durable events a second where the loop takes 14,700.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from functools import partial
from http.server import HTTPServer
from typing import TYPE_CHECKING

from metrics_dictionary.server.transport.access_log import AccessLog, report_bug
from metrics_dictionary.server.transport.connection import Handler, Wants
from metrics_dictionary.server.transport.poller import open_poller
from metrics_dictionary.server.transport.tls import tls_context
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from metrics_dictionary.server.api.router import Router
    from metrics_dictionary.server.transport.access_log import Served
    from metrics_dictionary.settings import Settings
    from metrics_dictionary.stores.store import Recording

THREADS = 32
"""Calls that take their time and are answered at once; further ones wait."""

IDLE_SECONDS = 15.0
"""How long a connection may be silent, and how long a request may take to arrive."""

MOST_CONNECTIONS = 1_000
"""Connections that are open at a time. When there are more, the one that has been waiting longest is closed."""

SPARE_FILES = 150
"""File descriptors that are left for the store, databases and the site."""

SLOW_COMMIT_SECONDS = 0.05
"""A store that takes longer is not waited for by the loop: the pool commits until it is fast again."""

SWEEP_SECONDS = 0.25
STOP_SECONDS = 10.0
"""How long requests that have begun may take when the server is told to stop."""

LAST_CALL_SECONDS = 0.25
"""How long a silent connection is still listened to then: a request may be on its way."""

ACCEPTED_AT_ONCE = 64

PAUSE_SECONDS = 0.01
"""How long to wait for file descriptors when every connection is being served."""


class Server(HTTPServer):
    """Listens on one address, and answers by one router once it is told to serve.

    Listening comes first, so that a port in use is known before a site is built. Raises OperationalError then.
    """

    # The default of five resets connections as soon as more arrive at once.
    request_queue_size = 1024

    router: Router

    def __init__(
        self,
        host: str,
        port: int,
        *,
        threads: int = THREADS,
        idle_seconds: float = IDLE_SECONDS,
        stop_seconds: float = STOP_SECONDS,
        tls: ssl.SSLContext | None = None,
        access_log: AccessLog | None = None,
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.idle_seconds = idle_seconds
        self.stopping = False
        self._threads = threads
        self._stop_seconds = stop_seconds
        self._tls = tls
        self._access_log = access_log
        self._capacity = _capacity()
        self._poller = open_poller()
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._again: deque[Handler] = deque()
        self._open: dict[int, Handler] = {}
        self._claims = threading.Lock()
        self._next_sweep = 0.0
        self._listening = True
        self._store_is_slow = False
        self._stop_by = 0.0
        self._over = threading.Event()
        try:
            super().__init__((host, port), Handler)
        except (OSError, OverflowError) as error:
            reason = f"cannot listen on {host}:{port}: {getattr(error, 'strerror', error)}"
            raise OperationalError(f"{reason}; choose another --host or --port") from None

    @property
    def url(self) -> str:
        """The address to open in a browser."""
        host, port = self.server_address[:2]
        scheme = "http" if self._tls is None else "https"
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
        workers = [threading.Thread(target=self._do_work, name="server", daemon=True) for _ in range(self._threads)]
        for worker in workers:
            worker.start()
        try:
            with self.router.recordings.noting() as notes:
                while not self._is_over():
                    self._finish(self._go_round(poll_interval, notes))
        finally:
            for _ in workers:
                self._work.put(None)
            for handler in tuple(self._open.values()):
                self._close(handler)
            self._over.set()

    def request_stop(self) -> None:
        """Begin to stop, and return at once; a signal handler may call it."""
        self._stop_by = time.monotonic() + self._stop_seconds
        self.stopping = True
        self._poller.wake()

    def shutdown(self) -> None:
        """Stop, and return when everything that was accepted is answered; not to be called by the serving thread."""
        self.request_stop()
        self._over.wait()

    def server_close(self) -> None:
        """Let go of the address."""
        super().server_close()
        self._poller.close()
        if self._access_log is not None:
            self._access_log.close()

    def served(self, served: Served) -> None:
        """Count and log a request that was answered."""
        self.router.monitor.count(served)
        if self._access_log is not None:
            self._access_log.write(served)

    def count_refusal(self, status: int) -> None:
        """Count what was no request."""
        self.router.monitor.count_refusal(status)

    def _go_round(self, poll_interval: float, notes: list[Recording]) -> list[Handler]:
        """Go on with every connection that can go on; return those whose answers are ready."""
        again = self._again
        ready = [again.popleft() for _ in range(len(again))]
        for file in self._poller.poll(0 if ready else poll_interval):
            if file == self._listener:
                self._accept()
            elif (handler := self._open.get(file)) is not None:
                ready.append(handler)
        if self.stopping and self._listening:
            self._stop_listening()
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            self._sweep(now)
        return [handler for handler in ready if self._go_on(handler, now, notes)]

    def _go_on(self, handler: Handler, now: float, notes: list[Recording]) -> bool:
        """Go on with a connection that is ready for what it waits for; return whether its answer is ready now."""
        if (wants := self._claim(handler)) is None:
            return False
        if handler.deadline < now:
            self._expire(handler)
            return False
        wants = _safely({Wants.OUTPUT: handler.pump, Wants.FAREWELL: handler.discard}.get(wants, handler.handle))
        if notes:
            handler.note(tuple(notes))
            notes.clear()
        if wants is Wants.ANSWER:
            return True
        self._place(handler, wants)
        return False

    def _finish(self, answered: list[Handler]) -> None:
        """Write the answers; those that promise something after it has been committed."""
        promising = []
        for handler in answered:
            if handler.noted is None:
                self._place(handler, _safely(handler.write_answer))
            else:
                promising.append(handler)
        if promising and self._store_is_slow:
            self._work.put(partial(self._keep_promises, promising))
        elif promising:
            self._keep_promises(promising)

    def _keep_promises(self, promising: list[Handler]) -> None:
        """Commit what the answers promise, then write them."""
        noted = [handler.noted for handler in promising if handler.noted is not None]
        began = time.monotonic()
        outcomes = self.router.commit(noted)
        slow = time.monotonic() - began > SLOW_COMMIT_SECONDS
        self._store_is_slow = slow or any(outcome is not None for outcome in outcomes)
        for handler, instead in zip(promising, outcomes, strict=True):
            handler.noted = None
            self._place(handler, _safely(partial(handler.write_answer, instead)))

    def _do_work(self) -> None:
        """Do what takes its time, one thing after the other."""
        while (work := self._work.get()) is not None:
            work()

    def _work_on(self, handler: Handler) -> None:
        self._place(handler, _safely(handler.work))

    def _place(self, handler: Handler, wants: Wants) -> None:
        """Put a connection where it gets what it wants. After this the caller has nothing to do with it any more."""
        if wants is Wants.END:
            self._close(handler)
        elif wants is Wants.WORK:
            self._work.put(partial(self._work_on, handler))
        elif wants is Wants.TURN and handler.buffer:
            handler.wants = wants
            self._again.append(handler)
            self._poller.wake()
        else:
            if self.stopping and not handler.buffer and wants in {Wants.TURN, Wants.INPUT}:
                handler.deadline = min(handler.deadline, time.monotonic() + LAST_CALL_SECONDS)
            with self._claims, suppress(OSError, ValueError):  # closed meanwhile, because the server stops
                handler.wants = wants
                self._poller.watch(handler.file, output=wants is Wants.OUTPUT)

    def _claim(self, handler: Handler) -> Wants | None:
        """Take a connection that waits; None when somebody else has it."""
        with self._claims:
            wants, handler.wants = handler.wants, None
        return wants

    def _accept(self) -> bool:
        """Accept what has arrived, some at a time; return whether there may be more."""
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                connection, address = self.socket.accept()
            except BlockingIOError:
                self._poller.watch(self._listener)
                return False
            except OSError:
                # Out of file descriptors, most likely: the oldest connection makes room, the new one stays queued.
                if not self._evict():
                    time.sleep(PAUSE_SECONDS)
                break
            self._welcome(connection, address)
        self._poller.watch(self._listener)
        return True

    def _welcome(self, connection: socket.socket, address: tuple[str, int]) -> None:
        if len(self._open) >= self._capacity and not self._evict():
            connection.close()
            return
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            handler = Handler(connection, address, self)
        except (OSError, ValueError):
            connection.close()
            return
        self._open[handler.file] = handler
        self._place(handler, Wants.INPUT)

    def _evict(self) -> bool:
        """Close the connection that has been waiting longest; False when none waits."""
        waiting = [handler for handler in tuple(self._open.values()) if handler.wants is not None]
        for handler in sorted(waiting, key=lambda handler: handler.deadline):
            if self._claim(handler) is not None:
                self._close(handler)
                return True
        return False

    def _sweep(self, now: float) -> None:
        for handler in tuple(self._open.values()):
            if handler.deadline < now and self._claim(handler) is not None:
                self._expire(handler)

    def _expire(self, handler: Handler) -> None:
        handler.time_out()
        self._close(handler)

    def _close(self, handler: Handler) -> None:
        # In this order: as soon as it is closed, a new connection may have its number.
        self._open.pop(handler.file, None)
        handler.finish()

    def _stop_listening(self) -> None:
        """Take in what the machine has already accepted for us, then refuse everything."""
        while self._accept():
            continue
        self._listening = False
        self.socket.close()
        last_call = time.monotonic() + LAST_CALL_SECONDS
        for handler in tuple(self._open.values()):
            if handler.wants in {Wants.TURN, Wants.INPUT} and not handler.buffer:
                handler.deadline = min(handler.deadline, last_call)

    def _is_over(self) -> bool:
        return not self._listening and (not self._open or time.monotonic() >= self._stop_by)


def _safely(step: Callable[[], Wants]) -> Wants:
    """Take a step of one connection; a bug in it ends that connection and no other."""
    try:
        return step()
    except Exception as bug:  # noqa: BLE001
        report_bug(None, bug)
        return Wants.END


def _capacity() -> int:
    """Return how many connections the limit on open files leaves room for."""
    try:
        import resource
    except ImportError:
        return MOST_CONNECTIONS
    limit: int = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST_CONNECTIONS if limit < 0 else max(16, min(MOST_CONNECTIONS, limit - SPARE_FILES))


def open_server(settings: Settings) -> Server:
    """Return a server that listens as the settings say. Raises OperationalError for what they cannot mean."""
    certificate, log = settings.text("server.tls_certificate"), settings.text("server.access_log")
    threads, idle_seconds = int(settings.number("server.threads")), settings.number("server.idle_seconds")
    if threads < 1 or idle_seconds <= 0:
        raise OperationalError("server.threads and server.idle_seconds have to be more than 0")
    return Server(
        settings.text("host") or "",
        int(settings.number("port")),
        threads=threads,
        idle_seconds=idle_seconds,
        tls=tls_context(certificate, settings.text("server.tls_key")) if certificate else None,
        access_log=AccessLog(log) if log else None,
    )
