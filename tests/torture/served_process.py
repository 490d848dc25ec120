"""A server that is put under stress: the command `serve` in a process of its own, and what the machine knows of it."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.tokens import new_token
from tests.program import COMMAND, environment
from tests.small_root import write_boards

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = os.environ.get("TORTURE") == "full"
"""Whether everything is as long as `make torture` has it; otherwise it is as short as fits among the other tests."""

LIMIT = re.compile(r'^metrics_dictionary_requests_total\{.*status="(\d+)".*\} (\d+)', re.MULTILINE)


class ServedProcess:
    """Answers at ``port``. ``token`` may track events; ``url`` ends without a slash."""

    def __init__(self, process: subprocess.Popen[str], port: int, token: str) -> None:
        self.process = process
        self.port = port
        self.token = token
        self.url = f"http://127.0.0.1:{port}"
        self.is_killed = False

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.communicate()
        self.is_killed = True

    def megabytes(self) -> float:
        """Return how much memory the process holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def descriptors(self) -> int:
        """Return how many files and connections the process has open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def get(self, path: str) -> tuple[int, str]:
        """Return the status and the body of an answer."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def counted(self, status: int) -> int:
        """Return how many answers of this status the server has counted itself."""
        return sum(int(number) for found, number in LIMIT.findall(self.get("/-/metrics")[1]) if int(found) == status)


@contextmanager
def served_process(folder: Path, **settings: str) -> Iterator[ServedProcess]:
    """Serve a small root and its `site` on a free port; ``settings`` are variables without the prefix."""
    write_boards(folder / "definitions")
    given = {"PING_ENABLED": "false", "STORE": f"sqlite:///{folder / 'store.db'}", "PORT": "0", **settings}
    secret, token = new_token(7, frozenset({"api"}), datetime.now(UTC))
    with closing(open_store(given["STORE"])) as opened:
        opened.add_token(token)
    variables = {f"METRICS_DICTIONARY_{name}": value for name, value in given.items()}
    command = [*COMMAND, "serve", "--definitions", str(folder / "definitions"), "--site", str(folder / "site")]
    with (folder / "errors.txt").open("w") as errors:
        process = subprocess.Popen(
            command,
            env={**environment(), **variables, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Combined definitions"):
                break
        match = re.search(r"http://127\.0\.0\.1:([0-9]+)/", said)
        assert match, said + (folder / "errors.txt").read_text()
        served = ServedProcess(process, int(match[1]), secret)
        yield served
        if served.is_killed:
            return
        assert process.poll() is None, (folder / "errors.txt").read_text()[-2_000:]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
