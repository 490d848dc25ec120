"""While the store hangs, only calls that need it wait, and their number is bounded."""

from __future__ import annotations

import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.server.api import authentication
from tests.conftest import skip_or_fail
from tests.server.running_server import API, EVENT, Client, Running, running
from tests.services import redis as redis_service
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from metrics_dictionary.stores.tokens import Token

ELSEWHERE = ("/-/liveness", "/-/readiness", "/-/metrics", f"{API}/metric_definitions", "/", "/api/openapi.json")
"""What does not need the store."""

ROUNDS = 15


@pytest.fixture
def redis_of_its_own() -> Iterator[redis_service.RedisServer]:
    if redis_service.EXECUTABLE is None:
        skip_or_fail(redis_service.MISSING)
    with redis_service.running_redis() as server:
        yield server


@contextmanager
def waiting_calls(port: int, number: int, request: Callable[[int], str]) -> Iterator[list[socket.socket]]:
    """Send a request on each of so many connections, which are numbered, and read no answer."""
    connections = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(number)]
    try:
        for position, connection in enumerate(connections):
            connection.sendall(request(position).encode())
        yield connections
    finally:
        for connection in connections:
            connection.close()


def seconds_of(client: Client, path: str) -> float:
    began = time.monotonic()
    answer = client.get(path)
    assert answer.status in (200, 503) if path == "/-/readiness" else answer.status == 200
    return time.monotonic() - began


def export(token: str) -> Callable[[int], str]:
    return lambda _: f"GET {API}/service_ping HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: {token}\r\n\r\n"


def export_unknown(number: int) -> str:
    return export(f"unknown-{number}")(number)


def track(token: str) -> Callable[[int], str]:
    body = f'{{"event": "{EVENT}"}}'
    head = f"POST {API}/track_event HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: {token}\r\n"
    return lambda _: f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"


def test_nothing_else_waits_while_redis_hangs(tmp_path: Path, redis_of_its_own: redis_service.RedisServer) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<p>Welcome</p>", encoding="utf-8")
    with running(tmp_path, store=redis_of_its_own.url) as served, closing(Client(served.port)) as client:
        assert client.post_json(f"{API}/track_event", {"event": EVENT}, served.headers("tracker")).status == 200
        for path in ELSEWHERE:
            seconds_of(client, path)
        assert redis_of_its_own.process is not None
        redis_of_its_own.process.send_signal(signal.SIGSTOP)
        try:
            with (
                waiting_calls(served.port, 60, export_unknown),
                waiting_calls(served.port, 60, export(served.tokens["tracker"])),
                waiting_calls(served.port, 60, track(served.tokens["tracker"])),
            ):
                time.sleep(0.3)
                times = [seconds_of(client, path) for _ in range(ROUNDS) for path in ELSEWHERE]
                assert statistics.median(times) < 0.05
                assert max(times) < 1.0  # far less than the time for which Redis is waited for
        finally:
            redis_of_its_own.process.send_signal(signal.SIGCONT)
        assert eventually(lambda: client.get("/-/readiness").status == 200)
        assert client.post_json(f"{API}/track_event", {"event": EVENT}, served.headers("tracker")).status == 200


def test_nothing_else_waits_while_a_stopped_process_locks_the_sqlite_store(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<p>Welcome</p>", encoding="utf-8")
    lock = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
connection.execute("ROLLBACK")
"""
    with running(tmp_path) as served, closing(Client(served.port)) as client:
        event, headers = {"event": EVENT}, served.headers("tracker")
        assert client.post_json(f"{API}/track_event", event, headers).status == 200
        command = [sys.executable, "-c", lock, str(tmp_path / "store.db")]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
            try:
                assert holder.stdout is not None
                assert holder.stdout.readline() == b"locked\n"
                with waiting_calls(served.port, 60, track(served.tokens["tracker"])) as waiting:
                    time.sleep(0.2)
                    times = [seconds_of(client, path) for _ in range(ROUNDS) for path in (*ELSEWHERE, "/-/liveness")]
                    assert statistics.median(times) < 0.05
                    assert max(times) < 1.0
                    assert client.call("GET", f"{API}/service_ping", None, headers).status == 200  # it only reads
                    holder.send_signal(signal.SIGCONT)
                    answers = [int(connection.recv(100)[9:12]) for connection in waiting]
            finally:
                holder.kill()
        assert set(answers) <= {200, 503}
        assert served.count() == 1 + answers.count(200)
        assert eventually(lambda: client.get("/-/readiness").status == 200)


class SlowLookUps:
    """Looks into the store that take as long as the test says, counted by token."""

    def __init__(self, served: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.go_on = threading.Event()
        self._token = served.store.token
        monkeypatch.setattr(served.store, "token", self.token)

    def token(self, digest: str) -> Token | None:
        self.asked.append(digest)
        self.go_on.wait(20)
        return self._token(digest)


def test_more_unknown_tokens_than_may_wait_are_turned_away_and_known_ones_are_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "MAX_LOOK_UPS", 10)
    with running(tmp_path) as served, closing(Client(served.port)) as client:
        assert client.get(f"{API}/service_ping", PRIVATE_TOKEN=served.tokens["reader"]).status == 200
        store = SlowLookUps(served, monkeypatch)
        with waiting_calls(served.port, 10, export_unknown) as waiting:
            assert eventually(lambda: len(store.asked) >= 4)
            time.sleep(0.1)
            refused = client.get(f"{API}/service_ping", PRIVATE_TOKEN="glpat-one-more")
            assert (refused.status, refused.headers["retry-after"]) == (503, "5")
            assert client.get(f"{API}/service_ping", PRIVATE_TOKEN=served.tokens["reader"]).status == 200
            store.go_on.set()
            assert [connection.recv(100)[9:12] for connection in waiting] == [b"401"] * 10
        assert client.get(f"{API}/service_ping", PRIVATE_TOKEN="glpat-one-more").status == 401


def test_nobody_waits_behind_a_look_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "MAX_LOOK_UP_SECONDS", 0.2)
    with running(tmp_path) as served, closing(Client(served.port)) as client:
        store = SlowLookUps(served, monkeypatch)
        with waiting_calls(served.port, 1, export_unknown):
            assert eventually(lambda: store.asked)
            time.sleep(0.3)
            assert client.get(f"{API}/service_ping", PRIVATE_TOKEN="glpat-other").status == 503
            store.go_on.set()
        assert eventually(lambda: client.get(f"{API}/service_ping", PRIVATE_TOKEN="glpat-other").status == 401)


def test_an_unknown_token_is_looked_up_once_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path) as served, closing(Client(served.port)) as client:
        store = SlowLookUps(served, monkeypatch)
        store.go_on.set()
        for _ in range(20):
            assert client.get(f"{API}/service_ping", PRIVATE_TOKEN="glpat-unknown").status == 401
        assert len(store.asked) <= 2
        for number in range(2 * authentication.MAX_CACHED):
            client.get(f"{API}/service_ping", PRIVATE_TOKEN=f"glpat-{number}")
        assert len(vars(served.server.router)["_authentication"]._unknown) <= authentication.MAX_CACHED
