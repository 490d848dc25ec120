"""A Redis of the tests' own: on a free port of loopback, in a temporary folder, never the machine's."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

EXECUTABLE = shutil.which("redis-server")
MISSING = "no redis-server here: the store in Redis is NOT TESTED; run tests/install-system-packages"

START_SECONDS = 20


@dataclass
class RedisServer:
    """Keeps its port when it is stopped and started again, and when it is ``durable`` all that it acknowledged."""

    folder: Path
    durable: bool = False
    options: tuple[str, ...] = ()
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start, on the old port if there is one. A port that somebody took meanwhile is given up."""
        for _ in range(5):
            port = self.port or free_port()
            self.process = self._launched(port)
            if _answers(port, self.process):
                self.port = port
                return
            self.stop()
        raise RuntimeError(f"redis-server does not start: {(self.folder / 'log').read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """End the process that was started here, and no other."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _launched(self, port: int) -> subprocess.Popen[bytes]:
        assert EXECUTABLE is not None
        options = {"port": str(port), "bind": "127.0.0.1", "save": "", "dir": str(self.folder)}
        options |= {"appendonly": "yes", "appendfsync": "always"} if self.durable else {"appendonly": "no"}
        words = [word for name, value in options.items() for word in (f"--{name}", value)] + [*self.options]
        unprivileged = os.getuid() != 0
        with (self.folder / "log").open("wb") as log:
            return subprocess.Popen(
                [EXECUTABLE, *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                user=None if unprivileged else "nobody",
                group=None if unprivileged else "nogroup",
                extra_groups=None if unprivileged else [],
            )


@contextmanager
def running_redis(*options: str, durable: bool = False) -> Iterator[RedisServer]:
    """Run one until the end of the `with`; a ``durable`` one writes all to disk before it answers."""
    with tempfile.TemporaryDirectory(prefix="redis-of-tests-") as folder:
        if os.getuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        server = RedisServer(Path(folder), durable, options)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def free_port() -> int:
    """Return a port of loopback that nobody has at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                if connection.recv(7) == b"+PONG\r\n" and process.poll() is None:
                    return True
            time.sleep(0.02)  # it loads what it kept
        except OSError:
            time.sleep(0.02)
    return False
