"""The server as a process: signals, crashes, and what the store knows afterwards."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.stores.keys import counter_key, unique_key, week_of
from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.tokens import new_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVENT = "page_viewed"
CONNECTIONS = 8
TRACK = "/api/v4/usage_data/track_event"

METRICS = """\
key_path: counts.page_viewed
description: Pages that were viewed.
status: active
value_type: number
time_frame: all
data_source: internal_events
events:
- name: page_viewed
"""
UNIQUE = METRICS.replace("counts.page_viewed", "counts.labels").replace("all", "7d") + "  unique: label\n"
EVENTS = """\
action: page_viewed
description: A page was viewed.
additional_properties:
  label:
    description: Which view it was.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"metrics/a.yml": METRICS, "metrics/b.yml": UNIQUE, "events/a.yml": EVENTS}.items():
        file = tmp_path / "definitions" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def token(folder: Path) -> str:
    secret, token = new_token(7, frozenset({"api"}), datetime.now(UTC))
    with closing(open_store(_store(folder))) as store:
        store.add_token(token)
    return secret


def _store(folder: Path) -> str:
    return f"sqlite:///{folder / 'store.db'}"


class Process:
    """`metrics-dictionary serve` on a free port."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        command = [
            sys.executable,
            "-m",
            "metrics_dictionary.cli.main",
            "serve",
            "--definitions",
            str(folder / "definitions"),
        ]
        command += ["--port", "0", "--store", _store(folder), *arguments]
        environment = {**os.environ, "METRICS_DICTIONARY_PING_ENABLED": "false", "PYTHONUNBUFFERED": "1"}
        environment["METRICS_DICTIONARY_SERVER_DRAIN_SECONDS"] = "0"
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if line.startswith("Combined definitions"):
                break
        match = re.search(r"http://127\.0\.0\.1:([0-9]+)/", self.said)
        if match is None:
            self.process.kill()
            pytest.fail(f"the server did not start: {self.said}{self.process.communicate()[1]}")
        self.port = int(match[1])

    def end(self, signal_number: int) -> tuple[int, str]:
        """Send a signal; return the exit status and what was written to standard error."""
        self.process.send_signal(signal_number)
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    started: list[Process] = []
    yield started
    for process in started:
        if process.process.poll() is None:
            process.process.kill()
            process.process.communicate()


class Load:
    """Clients that report events, each with a label of its own, until the server goes away."""

    def __init__(self, port: int, token: str, name: str) -> None:
        self.acknowledged = 0
        self.other: list[int] = []
        self._lock = threading.Lock()
        self._headers = {"PRIVATE-TOKEN": token, "Content-Type": "application/json"}
        self._threads = [
            threading.Thread(target=self._run, args=(port, f"{name}-{number}")) for number in range(CONNECTIONS)
        ]
        for thread in self._threads:
            thread.start()

    def wait(self, acknowledged: int) -> None:
        """Wait until so many events were acknowledged."""
        deadline = time.monotonic() + 20
        while self.acknowledged < acknowledged:
            assert time.monotonic() < deadline, (self.acknowledged, self.other)
            time.sleep(0.01)

    def finish(self) -> None:
        """Wait for the clients to notice that the server has gone."""
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()

    def _run(self, port: int, name: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for number in range(1_000_000):
            body = json.dumps({"event": EVENT, "additional_properties": {"label": f"{name}-{number}"}})
            try:
                connection.request("POST", TRACK, body, self._headers)
                with connection.getresponse() as response:
                    response.read()
            except (OSError, http.client.HTTPException):
                return
            with self._lock:
                if response.status == 200:
                    self.acknowledged += 1
                else:
                    self.other.append(response.status)


def counted(folder: Path) -> tuple[float, int]:
    """Return how often the event was counted, and with how many different labels."""
    counter = counter_key(EVENT, {})
    labels = unique_key(EVENT, "label", {}, week_of(datetime.now(UTC)))
    with closing(open_store(_store(folder))) as store:
        return store.totals([counter]).get(counter, 0), store.distinct([labels])


def test_every_event_that_was_acknowledged_before_a_crash_is_counted_exactly_once(
    folder: Path, token: str, processes: list[Process]
) -> None:
    processes.append(Process(folder))
    load = Load(processes[0].port, token, "first")
    load.wait(500)
    processes[0].end(signal.SIGKILL)
    load.finish()
    assert load.other == []

    processes.append(Process(folder))
    again = Load(processes[1].port, token, "second")
    again.wait(200)
    assert processes[1].end(signal.SIGTERM)[0] == 0
    again.finish()

    total, labels = counted(folder)
    acknowledged = load.acknowledged + again.acknowledged
    # A client whose answer was lost in the crash does not know; there is one such event a connection at most.
    assert acknowledged <= total <= acknowledged + CONNECTIONS
    assert total == labels


def test_a_server_that_is_told_to_stop_under_load_answers_every_request_that_it_counted(
    folder: Path, token: str, processes: list[Process]
) -> None:
    processes.append(Process(folder))
    load = Load(processes[0].port, token, "only")
    load.wait(500)
    status, errors = processes[0].end(signal.SIGTERM)
    load.finish()
    assert (status, load.other) == (0, [])
    assert not re.search('Traceback|"level":"warning"|"request_id"', errors), errors
    assert counted(folder) == (load.acknowledged, load.acknowledged)


@pytest.mark.usefixtures("token")
def test_an_interrupted_server_ends_well_and_frees_its_port(folder: Path, processes: list[Process]) -> None:
    processes.append(Process(folder))
    port = processes[0].port
    status, errors = processes[0].end(signal.SIGINT)
    assert status == 0
    assert "Traceback" not in errors
    processes.append(Process(folder, "--port", str(port)))
    assert processes[1].port == port
