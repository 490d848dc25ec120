"""A TCP proxy before a service: it passes everything on, until a test lets it break."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Proxy:
    """What clients send in packets of the proxy's reading goes to ``upstream``, a port of loopback, and back.

    ``loses_answer_to``: the service gets a packet with this word and does it, and the connection breaks before the
    answer. ``hangs``: nothing passes, and nothing breaks. ``delay``: seconds before each packet of the service.
    """

    upstream: int
    port: int = 0
    loses_answer_to: bytes | None = None
    hangs: bool = False
    delay: float = 0.0
    lost: int = 0
    open: list[socket.socket] = field(default_factory=list)

    def cut(self) -> None:
        """Break all connections."""
        while self.open:
            with contextlib.suppress(OSError):
                self.open.pop().shutdown(socket.SHUT_RDWR)

    def serve(self, listener: socket.socket) -> None:
        """Accept connections until the listener is shut down."""
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.upstream))
            except OSError:
                client.close()
                continue
            self.open += (client, server)
            answers = threading.Event()
            answers.set()
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, target, answers), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, answers: threading.Event) -> None:
        from_client = source.getsockname()[1] == self.port
        with contextlib.suppress(OSError):
            while packet := source.recv(1 << 20):
                while self.hangs:
                    time.sleep(0.01)
                if from_client:
                    if self.loses_answer_to is not None and self.loses_answer_to in packet:
                        answers.clear()
                elif not answers.is_set():
                    self.lost += 1
                    break
                else:
                    time.sleep(self.delay)
                target.sendall(packet)
        for connection in (source, target):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        source.close()


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """Run one until the end of the `with`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(port, listener.getsockname()[1])
        thread = threading.Thread(target=proxy.serve, args=(listener,))
        thread.start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            proxy.hangs = False
            proxy.cut()
