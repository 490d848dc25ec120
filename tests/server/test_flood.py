"""More connections than the server holds: who is turned away, and what is said, counted and logged about it."""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.server.transport import server as transport
from metrics_dictionary.server.transport.access_log import AccessLog
from tests.server.running_server import API, OPTIONS, Client, raw, read_all, running
from tests.server.test_monitoring import samples
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.server.running_server import Running

ROOM = 20
EVENT = b'{"event":"mr_name_changed"}'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "access.jsonl"


@pytest.fixture
def small(tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A server with room for few connections."""
    monkeypatch.setattr(transport, "MAX_CONNECTIONS", ROOM)
    with running(tmp_path, replace(OPTIONS, idle_seconds=30.0, access_log=AccessLog(str(log)))) as served:
        yield served


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def lines(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def connected(served: Running, data: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", served.port), timeout=5)
    connection.sendall(data)
    return connection


def upload(served: Running, role: str | None) -> bytes:
    """Return the head of a call and half of its body."""
    token = "" if role is None else f"PRIVATE-TOKEN: {served.tokens[role]}\r\n"
    length = f"Content-Type: application/json\r\nContent-Length: {len(EVENT)}\r\n\r\n"
    return f"POST {API}/track_event HTTP/1.1\r\nHost: x\r\n{token}{length}".encode() + EVENT[:10]


def test_a_flood_takes_the_place_of_neither_an_upload_in_progress_nor_a_client_that_was_served(
    small: Running, opened: ExitStack
) -> None:
    client = opened.enter_context(closing(Client(small.port)))
    assert client.get(f"{API}/metric_definitions").status == 200
    uploading = opened.enter_context(connected(small, upload(small, "tracker")))
    time.sleep(0.2)  # the server has read what there is of it
    flood = [opened.enter_context(connected(small, b"GET / HTTP/1.1\r\nX-Slow: ")) for _ in range(4 * ROOM)]
    assert eventually(lambda: turned_away(flood) >= 3 * ROOM)
    uploading.sendall(EVENT[10:])
    assert uploading.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert client.get(f"{API}/metric_definitions").status == 200
    assert small.count() == 1


def turned_away(flood: list[socket.socket]) -> int:
    """Return how many the server has ended; those are told why unless the machine threw that away."""
    ended = 0
    for connection in flood:
        connection.setblocking(False)
        try:
            answer = connection.recv(65536, socket.MSG_PEEK)
        except BlockingIOError:
            continue
        except ConnectionResetError:
            answer = b""
        ended += 1
        assert answer == b"" or answer.startswith(b"HTTP/1.1 503 ")
    return ended


def test_what_is_turned_away_is_counted_and_logged(small: Running, log: Path, opened: ExitStack) -> None:
    client = opened.enter_context(closing(Client(small.port)))
    before = samples(client)
    flood = [opened.enter_context(connected(small, b"GET / HTTP/1.1\r\n")) for _ in range(ROOM + 5)]
    assert eventually(lambda: turned_away(flood) >= 6)
    after = samples(client)
    ended = turned_away(flood)
    closed = 'metrics_dictionary_http_connections_closed_total{reason="evicted"}'
    assert after[closed] - before[closed] == ended
    assert after['metrics_dictionary_http_connections{state="reading"}'] <= ROOM
    refused = [line for line in lines(log) if line["status"] == 503]
    assert len(refused) == ended
    assert {line["reason"] for line in refused} == {"the server has too many connections; try again later"}
    assert {(line["client"], line["path"]) for line in refused} == {("127.0.0.1", None)}


def test_a_request_that_is_malformed_or_too_slow_has_its_line_and_its_count(tmp_path: Path, log: Path) -> None:
    options = replace(OPTIONS, idle_seconds=0.4, access_log=AccessLog(str(log)))
    with running(tmp_path, options) as served:
        with closing(Client(served.port)) as client:
            before = samples(client)
        assert raw(served.port, b"NONSENSE\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        with connected(served, upload(served, "tracker")) as slow:
            assert read_all(slow).startswith(b"HTTP/1.1 408 ")
        with closing(Client(served.port)) as client:
            after = samples(client)
    requests = "metrics_dictionary_http_requests_total"
    malformed = f'{requests}{{method="none",route="none",status="400"}}'
    too_slow = f'{requests}{{method="POST",route="{API}/track_event",status="408"}}'
    assert after[malformed] - before.get(malformed, 0) == 1
    assert after[too_slow] - before.get(too_slow, 0) == 1
    logged = {(line["status"], line["path"]): line.get("reason") for line in lines(log)}
    assert logged[400, None] == "the request line is not `METHOD /path HTTP/1.1`"
    assert logged[408, f"{API}/track_event"] == "the request did not arrive in time"
