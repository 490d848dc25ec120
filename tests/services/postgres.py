"""A PostgreSQL of the tests' own: on a free port of loopback, in a temporary folder, never the machine's."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MISSING = "no PostgreSQL here: metrics on PostgreSQL are NOT TESTED; run tests/install-system-packages"
START_SECONDS = 30
USER = "tester"


def _folder_of_programs() -> Path | None:
    """Debian keeps each version in a folder of its own; the highest is taken."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    found = shutil.which("postgres")
    return max(folders, key=lambda path: float(path.parent.name), default=Path(found).parent if found else None)


PROGRAMS = _folder_of_programs()


@dataclass
class PostgresServer:
    """Keeps its port and its data when it is stopped and started again."""

    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def create(self) -> None:
        """Write an empty cluster."""
        assert PROGRAMS is not None
        options = ("--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C", "--no-sync")
        command = [str(PROGRAMS / "initdb"), *options, f"--pgdata={self.folder / 'data'}"]
        subprocess.run(
            command, check=True, stdin=subprocess.DEVNULL, capture_output=True, cwd=self.folder, **_account()
        )

    def start(self) -> None:
        """Start, on the old port if there is one. A port that somebody took meanwhile is given up."""
        for _ in range(5):
            port = self.port or _free_port()
            self.process = self._launched(port)
            if self._answers(port, self.process):
                self.port = port
                return
            self.stop()
        raise RuntimeError(f"PostgreSQL does not start: {(self.folder / 'log').read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """End the process that was started here, and no other; its connections end at once."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait()
            self.process = None

    def _launched(self, port: int) -> subprocess.Popen[bytes]:
        assert PROGRAMS is not None
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "fsync": "off",
            "shared_buffers": "32MB",
            "max_connections": "20",
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("wb") as log:
            return subprocess.Popen(
                [str(PROGRAMS / "postgres"), "-D", str(self.folder / "data"), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **_account(),
            )

    def _answers(self, port: int, process: subprocess.Popen[bytes]) -> bool:
        assert PROGRAMS is not None
        command = [str(PROGRAMS / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-t", "1"]
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up and process.poll() is None:
            if subprocess.run(command, check=False).returncode == 0 and process.poll() is None:
                return True
            time.sleep(0.05)
        return False


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Run one until the end of the `with`."""
    with tempfile.TemporaryDirectory(prefix="postgres-of-tests-") as folder:
        account = _account()
        if account:
            shutil.chown(folder, account["user"], account["group"])
        server = PostgresServer(Path(folder))
        try:
            server.create()
            server.start()
            yield server
        finally:
            server.stop()


def _account() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: root runs it as somebody else."""
    if os.getuid() != 0:
        return {}
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
