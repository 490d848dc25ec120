"""`metrics-dictionary serve` as a process of its own, with nothing of the developer's settings."""

from __future__ import annotations

import fcntl
import re
import signal
import subprocess
import termios
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

from tests.program import COMMAND, environment
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

METRIC = """\
---
key_path: counts.{name}
description: How often something was seen.
product_group: testing
status: active
milestone: "18.0"
introduced_by_url: https://gitlab.com/a/b/-/merge_requests/1
value_type: number
time_frame: all
data_source: internal_events
data_category: optional
events:
- name: {name}
tiers: [free]
"""
EVENT = """\
---
description: Something was seen.
internal_events: true
action: {name}
product_group: testing
milestone: "18.0"
introduced_by_url: https://gitlab.com/a/b/-/merge_requests/1
tiers: [free]
"""
GROUPS = """\
---
testing:
  name: Testing
"""


def write_root(root: Path, *names: str) -> None:
    """Write a definitions root in which each name is an event, and a metric that counts it."""
    for folder in ("metrics", "events"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name in names:
        (root / "metrics" / f"{name}.yml").write_text(METRIC.format(name=name), encoding="utf-8")
        (root / "events" / f"{name}.yml").write_text(EVENT.format(name=name), encoding="utf-8")


@dataclass
class ServeProcess:
    """A running server; ``said`` is what it wrote to standard output, ``logged`` to standard error."""

    process: subprocess.Popen[str]
    port: int = 0
    said: str = ""
    logged: str = ""
    readers: list[threading.Thread] = field(default_factory=list)

    def read(self) -> None:
        """Take in what it writes, so that it never waits for a reader."""

        def take_output() -> None:
            for line in self.process.stdout or ():
                self.said += line

        def take_errors() -> None:
            for line in self.process.stderr or ():
                self.logged += line

        self.readers = [threading.Thread(target=take, daemon=True) for take in (take_output, take_errors)]
        for reader in self.readers:
            reader.start()

    def wait_until_ready(self) -> None:
        assert eventually(lambda: "Combined definitions" in self.said or self.process.poll() is not None, 60)
        found = re.search(r"https?://127\.0\.0\.1:([0-9]+)/", self.said)
        assert found is not None, self.said + self.logged
        self.port = int(found[1])

    def status(self, path: str) -> int:
        """Return the status of a call on a connection of its own; 0 when there is no answer."""
        return self.get(path)[0]

    def get(self, path: str) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, HTTPException):
            return 0, b""
        finally:
            connection.close()

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.send(number)
        status = self.process.wait(30)
        for reader in self.readers:
            reader.join(5)
        return status


@contextmanager
def serving(
    folder: Path,
    *arguments: object,
    wait: bool = True,
    drain_seconds: float | None = 0,
    terminal: int | None = None,
    **variables: str,
) -> Iterator[ServeProcess]:
    """Serve ``folder/definitions`` until the context ends; ``variables`` are added to the environment.

    ``terminal`` is a descriptor of the terminal in which it runs.
    """
    default = {"PING_ENABLED": "false", "STORE": f"sqlite:///{folder / 'store.db'}"}
    if drain_seconds is not None:
        default["SERVER_DRAIN_SECONDS"] = str(drain_seconds)
    given = {f"METRICS_DICTIONARY_{name}": value for name, value in default.items()}
    command = [*COMMAND, "serve", "--definitions", folder / "definitions", *arguments]
    if "--port" not in arguments:
        command += ["--port", 0]
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    running = ServeProcess(
        subprocess.Popen(
            [str(word) for word in command],
            env={**environment(), **given, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1", **variables},
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=terminal is not None,
            preexec_fn=None if terminal is None else lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
    )
    running.read()
    try:
        if wait:
            running.wait_until_ready()
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
        for reader in running.readers:
            reader.join(5)
        for stream in (running.process.stdout, running.process.stderr):
            if stream is not None:
                stream.close()
