"""The transport: ``http.server`` with a bounded number of threads, which no slow or silent client can hold.

One loop watches the listening socket and every connection that waits; what can go on is handed to a pool of threads.
A thread that has answered stays with its connection for a moment, unless others wait (connection.py).
"""

from __future__ import annotations

import queue
import selectors
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from http.server import HTTPServer
from typing import TYPE_CHECKING

from generator.errors import OperationalError
from generator.server.access_log import AccessLog, report_bug
from generator.server.connection import Handler, Wants
from generator.server.tls import tls_context

if TYPE_CHECKING:
    import ssl

    from generator.server.access_log import Served
    from generator.server.router import Router
    from generator.settings import Settings

THREADS = 32
IDLE_SECONDS = 15.0
"""How long a connection may be silent, and how long a request may take to arrive."""

MOST_CONNECTIONS = 1_000
"""Connections that are open at a time. When there are more, the one that has been waiting longest is closed."""

SPARE_FILES = 150
"""File descriptors that are left for the store, databases and the site."""

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
        self._ready: queue.SimpleQueue[Handler | None] = queue.SimpleQueue()
        self._returned: deque[tuple[Handler, Wants]] = deque()
        self._open: set[Handler] = set()
        self._waiting: dict[Handler, Wants] = {}
        self._stop_by = 0.0
        self._over = threading.Event()
        self._bell, self._ear = socket.socketpair()
        self._rung = False
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

    @property
    def others_wait(self) -> bool:
        """Whether some connection has something to do and no thread yet."""
        return not self._ready.empty()

    def server_bind(self) -> None:
        """Bind, without the base class's question to a name server what this machine is called."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def serve_forever(self, poll_interval: float = SWEEP_SECONDS) -> None:
        """Serve until `shutdown`; then finish what was accepted, refuse what is new, and return."""
        workers = [
            threading.Thread(target=self._work, name=f"server-{number}", daemon=True) for number in range(self._threads)
        ]
        for worker in workers:
            worker.start()
        try:
            with selectors.DefaultSelector() as self._selector:
                self._loop(poll_interval)
        finally:
            for _ in workers:
                self._ready.put(None)
            for handler in tuple(self._open):
                self._close(handler)
            self._over.set()

    def request_stop(self) -> None:
        """Begin to stop, and return at once; a signal handler may call it."""
        self._stop_by = time.monotonic() + self._stop_seconds
        self.stopping = True
        self._ring()

    def shutdown(self) -> None:
        """Stop, and return when everything that was accepted is answered; not to be called by the serving thread."""
        self.request_stop()
        self._over.wait()

    def server_close(self) -> None:
        """Let go of the address."""
        super().server_close()
        self._bell.close()
        self._ear.close()
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

    def _loop(self, poll_interval: float) -> None:
        selector = self._selector
        self.socket.setblocking(False)
        self._ear.setblocking(False)
        self._bell.setblocking(False)
        selector.register(self.socket, selectors.EVENT_READ)
        selector.register(self._ear, selectors.EVENT_READ)
        next_sweep = 0.0
        listening = True
        while True:
            for key, _ in selector.select(poll_interval):
                if isinstance(key.data, Handler):
                    self._go_on(key.data)
                elif key.fileobj is self.socket:
                    self._accept()
                else:
                    self._hear()
            self._take_back()
            if self.stopping and listening:
                listening = False
                self._stop_listening()
            now = time.monotonic()
            if now >= next_sweep:
                next_sweep = now + SWEEP_SECONDS
                self._sweep(now)
            if not listening and (not self._open or now >= self._stop_by):
                return

    def _accept(self) -> int:
        """Accept what has arrived, some at a time; return how many."""
        for accepted in range(ACCEPTED_AT_ONCE):
            try:
                connection, address = self.socket.accept()
            except BlockingIOError:
                return accepted
            except OSError:
                # Out of file descriptors, most likely: the oldest connection makes room, the new one stays queued.
                if not self._evict():
                    time.sleep(PAUSE_SECONDS)
                return accepted
            self._welcome(connection, address)
        return ACCEPTED_AT_ONCE

    def _welcome(self, connection: socket.socket, address: tuple[str, int]) -> None:
        if len(self._open) >= self._capacity and not self._evict():
            connection.close()
            return
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        except (OSError, ValueError):
            connection.close()
            return
        handler = Handler(connection, address, self)
        self._open.add(handler)
        self._watch(handler, Wants.INPUT)

    def _evict(self) -> bool:
        """Close the connection that has been waiting longest; False when none waits."""
        if not self._waiting:
            return False
        self._forget(min(self._waiting, key=lambda handler: handler.deadline))
        return True

    def _watch(self, handler: Handler, wants: Wants) -> None:
        event = selectors.EVENT_WRITE if wants is Wants.OUTPUT else selectors.EVENT_READ
        self._waiting[handler] = wants
        self._selector.register(handler.connection, event, handler)

    def _go_on(self, handler: Handler) -> None:
        """Serve a connection that is ready for what it waits for."""
        wants = self._waiting[handler]
        if handler.deadline < time.monotonic():
            self._expire(handler)
            return
        del self._waiting[handler]
        self._selector.unregister(handler.connection)
        if wants is Wants.INPUT:
            self._ready.put(handler)
        elif wants is Wants.OUTPUT:
            self._place(handler, handler.pump())
        else:
            self._place(handler, handler.discard())

    def _place(self, handler: Handler, wants: Wants) -> None:
        """Put a connection where it gets what it wants."""
        if wants is Wants.END:
            self._close(handler)
        elif wants is Wants.TURN:
            self._ready.put(handler)
        else:
            if self.stopping and wants is Wants.INPUT and not handler.buffer:
                handler.deadline = min(handler.deadline, time.monotonic() + LAST_CALL_SECONDS)
            self._watch(handler, wants)

    def _take_back(self) -> None:
        """Place the connections that threads have let go of."""
        self._rung = False
        while self._returned:
            self._place(*self._returned.popleft())

    def _sweep(self, now: float) -> None:
        for handler in [handler for handler in self._waiting if handler.deadline < now]:
            self._expire(handler)

    def _expire(self, handler: Handler) -> None:
        handler.time_out()
        self._forget(handler)

    def _forget(self, handler: Handler) -> None:
        """Close a connection that waits."""
        del self._waiting[handler]
        self._selector.unregister(handler.connection)
        self._close(handler)

    def _close(self, handler: Handler) -> None:
        self._open.discard(handler)
        handler.finish()

    def _stop_listening(self) -> None:
        """Take in what the machine has already accepted for us, then refuse everything."""
        while self._accept() == ACCEPTED_AT_ONCE:
            continue
        self._selector.unregister(self.socket)
        self.socket.close()
        for handler, wants in list(self._waiting.items()):
            if wants is Wants.INPUT and not handler.buffer:
                handler.deadline = min(handler.deadline, time.monotonic() + LAST_CALL_SECONDS)

    def _work(self) -> None:
        """Serve whatever is ready; each thread of the pool does this."""
        while (handler := self._ready.get()) is not None:
            try:
                wants = handler.handle()
            except Exception as bug:  # noqa: BLE001 - one connection's bug must not end a thread of the pool
                report_bug(None, bug)
                wants = Wants.END
            self._returned.append((handler, wants))
            self._ring()

    def _ring(self) -> None:
        """Wake the loop, once however many call."""
        if not self._rung:
            self._rung = True
            with suppress(OSError):
                self._bell.send(b"\0")

    def _hear(self) -> None:
        with suppress(OSError):
            self._ear.recv(4096)


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
