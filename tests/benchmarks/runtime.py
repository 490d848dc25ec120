"""The runtime's budgets: a server in one process, the load in another, a peer beside them in the same run."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.ping.collect.collection import collect
from metrics_dictionary.ping.database.open_database import open_database
from metrics_dictionary.ping.query.sql import statement
from metrics_dictionary.ping.query.time_window import time_window
from metrics_dictionary.ping.sources.evaluation import Sources
from metrics_dictionary.reading.read import read_dictionary
from tests.benchmarks.corpus import write_corpus
from tests.benchmarks.database import write_database, write_definitions
from tests.benchmarks.figure import Figure
from tests.benchmarks.load import Load, measure_load
from tests.services.redis import running_redis

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BIN = Path(sys.executable).parent
API = "/api/v4/usage_data"
EVENT = {
    "event": "mr_name_changed",
    "namespace_id": 1,
    "project_id": 1,
    "additional_properties": {"lang": "eng", "label": "page", "property": "done"},
}
ROWS, METRICS = 2_000_000, 1_000

LIMITS = {"SERVER_TOKEN_RATE": "1000000", "SERVER_ADDRESS_RATE": "1000000"}
"""Limits on calls that are on and let everything through."""


def runtime_figures(scratch: Path, seconds: float) -> Iterator[Figure]:
    """Measure every budget of the runtime; ``seconds`` is how long each load lasts."""
    yield from _event_figures(scratch / "events", seconds)
    yield from _definition_figures(scratch / "definitions", seconds)
    yield from _payload_figures(scratch / "payload")


@dataclass(frozen=True, slots=True)
class _EventLoads:
    """Loads on one store: an event a request and 50 a request, each without and with ids, and what the events cost.

    ``cpu`` (seconds of all processes) and ``written`` (MB that went to the disk) are for a million events with ids, an
    event a request.
    """

    one: Load
    one_with_ids: Load
    many: Load
    many_with_ids: Load
    cpu: float
    written: float


def _event_figures(scratch: Path, seconds: float) -> Iterator[Figure]:
    with _serving(Path("definitions"), scratch / "sqlite", **LIMITS) as server:
        sqlite = _event_loads(server, (server.process.pid,), seconds)
    with (
        running_redis(durable=True) as redis,
        _serving(Path("definitions"), scratch / "redis", STORE=redis.url, **LIMITS) as server,
    ):
        pids = (server.process.pid, *([] if redis.process is None else [redis.process.pid]))
        in_redis = _event_loads(server, pids, seconds)
    with _fastapi() as url:
        peer = measure_load(f"{url}/track_event", seconds=seconds, body=json.dumps(EVENT))
    _require_success(peer)
    one, many = sqlite.one, sqlite.many
    yield Figure("track_event, requests/s", one.requests_per_second, 4_000, at_least=True)
    ratio = sqlite.one_with_ids.requests_per_second / peer.requests_per_second
    yield Figure("track_event with ids and limits over FastAPI/uvicorn that stores nothing", ratio, 1.5, at_least=True)
    yield Figure("track_event, p99 over median", one.p99_ms / one.median_ms, 10)
    yield Figure("track_events of 50, events/s", many.requests_per_second * 50, 50_000, at_least=True)
    ratio = sqlite.many_with_ids.requests_per_second / many.requests_per_second
    yield Figure("track_events of 50, with ids over without", ratio, 0.5, at_least=True)
    yield Figure("track_events of 50, p99 over median", many.p99_ms / many.median_ms, 10)
    ratio = in_redis.one_with_ids.requests_per_second / peer.requests_per_second
    yield Figure("track_event with ids on Redis (AOF always) over FastAPI/uvicorn", ratio, 0.8, at_least=True)
    events = in_redis.many_with_ids.requests_per_second * 50
    yield Figure("track_events of 50 with ids on Redis (AOF always), events/s", events, 25_000, at_least=True)
    for store, loads in (("SQLite", sqlite), ("Redis", in_redis)):
        yield Figure(f"a million events with ids on {store}, CPU seconds", loads.cpu, 300)
        yield Figure(f"a million events with ids on {store}, MB written", loads.written, 3_000)


def _event_loads(server: _Served, pids: Sequence[int], seconds: float) -> _EventLoads:
    def load(call: str, body: object) -> Load:
        url, headers = f"{server.url}{API}/{call}", {"PRIVATE-TOKEN": server.token}
        measured = measure_load(url, seconds=seconds, headers=headers, body=json.dumps(body))
        _require_success(measured)
        return measured

    identified = {"id": "{uuid7}", **EVENT}
    one, many = load("track_event", EVENT), load("track_events", {"events": [EVENT] * 50})
    cpu, written = _cpu_seconds(pids), _megabytes_written(pids)
    one_with_ids = load("track_event", identified)
    millions = one_with_ids.answered / 1e6
    cpu, written = (_cpu_seconds(pids) - cpu) / millions, (_megabytes_written(pids) - written) / millions
    return _EventLoads(one, one_with_ids, many, load("track_events", {"events": [identified] * 50}), cpu, written)


def _cpu_seconds(pids: Sequence[int]) -> float:
    """Return what these processes have had of the processors, by proc_pid_stat(5)."""
    fields = [Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split() for pid in pids]
    return sum(int(one[11]) + int(one[12]) for one in fields) / os.sysconf("SC_CLK_TCK")


def _megabytes_written(pids: Sequence[int]) -> float:
    """Return what these processes have sent to the disk, by proc_pid_io(5): nothing where that is memory."""
    texts = [Path(f"/proc/{pid}/io").read_text(encoding="ascii") for pid in pids]
    return sum(int(text.partition("\nwrite_bytes: ")[2].split()[0]) for text in texts) / 1e6


def _definition_figures(scratch: Path, seconds: float) -> Iterator[Figure]:
    scratch.mkdir()
    root = scratch / "root"
    write_corpus(5_000, root)
    with _serving(root, scratch / "server") as server:
        first, etag = _first_byte(server)
        load = measure_load(f"{server.url}{API}/metric_definitions", seconds=seconds, headers={"If-None-Match": etag})
        peak = server.peak_megabytes()
    yield Figure(
        "metric_definitions of 5,000, If-None-Match, requests/s", load.requests_per_second, 5_000, at_least=True
    )
    yield Figure("metric_definitions, p99 over median", load.p99_ms / load.median_ms, 10)
    yield Figure("metric_definitions, first byte of a cold one, ms", first * 1000, 5)
    yield Figure("memory of the server with 5,000 definitions, MB", peak, 150)


def _payload_figures(scratch: Path) -> Iterator[Figure]:
    scratch.mkdir()
    now = datetime.now(UTC)
    write_database(scratch / "application.db", ROWS, now)
    write_definitions(scratch / "root", METRICS)
    dictionary = read_dictionary(scratch / "root").dictionary
    url = f"sqlite:///{scratch / 'application.db'}"
    ratios = []
    for _ in range(3):
        bare = 0.0
        with closing(sqlite3.connect(scratch / "application.db")) as connection:
            for metric in dictionary.expanded.values():
                entry = (dictionary.instrumentations or {})[metric.instrumentation_class or ""]
                sql = statement(entry, metric, time_window(metric.time_frames[0], now))
                start = time.perf_counter()
                connection.execute(sql).fetchone()
                bare += time.perf_counter() - start
        start = time.perf_counter()
        with closing(open_database(url, statement_timeout=1.0)) as database:
            payload = collect(dictionary, Sources(database=database), now=now)
        ratios.append((time.perf_counter() - start) / bare)
        if payload.failures:
            raise RuntimeError(f"{len(payload.failures)} metrics failed: {payload.failures[0]}")
    name = f"payload of {METRICS:,} metrics over {ROWS:,} rows, times the bare queries"
    yield Figure(name, statistics.median(ratios), 1.3)


@dataclass(frozen=True, slots=True)
class _Served:
    url: str
    token: str
    process: subprocess.Popen[str]

    def peak_megabytes(self) -> float:
        """The most memory that the process ever had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


@contextmanager
def _serving(root: Path, folder: Path, **settings: str) -> Iterator[_Served]:
    folder.mkdir(parents=True)
    store = settings.pop("STORE", f"sqlite:///{folder / 'store.db'}")
    program = BIN / "metrics-dictionary"
    token = subprocess.run(
        [program, "token", "create", "--user", "1", "--scopes", "api", "--store", store],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    port = free_port()
    command = [
        program,
        "serve",
        "--definitions",
        root,
        "--port",
        str(port),
        "--store",
        store,
        "--site",
        folder / "site",
    ]
    with running([str(word) for word in command], port, **settings) as process:
        yield _Served(f"http://127.0.0.1:{port}", token, process)


@contextmanager
def _fastapi() -> Iterator[str]:
    port = free_port()
    command = [str(BIN / "uvicorn"), "tests.benchmarks.fastapi_peer:app", "--port", str(port), "--no-access-log"]
    with running(command, port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running(command: Sequence[str], port: int, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """Run a server, from its first answer that is not 503 to the end of the block; `settings` are in force for it."""
    settings = {"PING_ENABLED": "false", "SERVER_DRAIN_SECONDS": "0", **settings}
    environment = {**os.environ, **{f"METRICS_DICTIONARY_{name}": value for name, value in settings.items()}}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    )
    try:
        _wait_until_served(port)
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_served(port: int) -> None:
    """Wait for an answer: our server says 503 until its site is built."""
    for _ in range(600):
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
                connection.request("GET", "/")
                response = connection.getresponse()
                response.read()
                if response.status != HTTPStatus.SERVICE_UNAVAILABLE:
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"nothing answers on port {port}")


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        return int(listening.getsockname()[1])


def _first_byte(server: _Served) -> tuple[float, str]:
    """Return the seconds to the first byte of the first answer, and its ETag."""
    host = server.url.removeprefix("http://")
    with closing(HTTPConnection(host, timeout=30)) as connection:
        connection.connect()
        start = time.perf_counter()
        connection.request("GET", f"{API}/metric_definitions")
        response = connection.getresponse()
        seconds = time.perf_counter() - start
        response.read()
        return seconds, response.headers["ETag"]


def _require_success(load: Load) -> None:
    if set(load.statuses) != {"200"} or load.errors:
        raise RuntimeError(f"the load was not answered well: {load.statuses}, {load.errors} broken connections")
