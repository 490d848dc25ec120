"""Readiness says what another program sees of the store, and nobody waits for a store that hangs."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import redis

from metrics_dictionary.ping.collect.scheduler import overdue
from metrics_dictionary.server import store_probe
from metrics_dictionary.server.store_probe import MAX_AGE, StoreProbe
from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import CachedPayload
from tests.server.running_server import API, EVENT, Client, running
from tests.stores.stores_under_test import START, at_sqlite
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.redis import RedisServer


UNAVAILABLE = "503 Service Unavailable"


def readiness(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/-/readiness")
    body: Any = answer.json
    return answer.status, body


def becomes(client: Client, status: int, seconds: float) -> float:
    """Return after how many seconds readiness answers so; fail when it does not in time."""
    began = time.monotonic()
    assert eventually(lambda: readiness(client)[0] == status, seconds), readiness(client)
    return time.monotonic() - began


def test_a_server_is_ready_once_its_store_took_a_write(tmp_path: Path) -> None:
    with running(tmp_path) as served, closing(Client(served.port)) as client:
        status, body = readiness(client)
        assert (status, body["status"], body["warnings"]) == (200, "ok", [])
        assert (body["store"]["status"], body["store"]["reason"]) == ("ok", None)
        assert 0 <= body["store"]["seconds_since_checked"] < 15
        with closing(sqlite3.connect(tmp_path / "store.db")) as by_hand:
            assert by_hand.execute("SELECT number > 0 FROM probe").fetchall() == [(1,)]


def test_a_locked_store_shows_with_the_next_probe_and_is_ready_soon_after_that(tmp_path: Path) -> None:
    with running(tmp_path) as served, closing(Client(served.port)) as client:
        becomes(client, 200, 8)
        with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            becomes(client, 503, 12)  # a probe begins every 5 seconds and waits for 2; the machine may be busy
            body = readiness(client)[1]
            assert (body["status"], body["store"]["status"]) == ("failed", "unavailable")
            assert "database is locked" in body["store"]["reason"]
            assert client.get("/-/liveness").json == {"status": "ok"}
            other.execute("ROLLBACK")
        becomes(client, 200, 8)


def test_a_moved_store_is_not_ready_until_it_is_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_probe, "PROBE_EVERY", 0.05)
    path, away = tmp_path / "store.db", tmp_path / "away.db"
    with running(tmp_path) as served, closing(Client(served.port)) as client:
        path.rename(away)
        becomes(client, 503, 5)
        assert "store.db was moved or deleted" in readiness(client)[1]["store"]["reason"]
        refused = client.post_json(f"{API}/track_event", {"event": EVENT}, served.headers("tracker"))
        assert (refused.status, refused.headers["retry-after"]) == (503, "5")
        assert refused.json == {"message": UNAVAILABLE, "error": "the store was moved, emptied or replaced"}
        away.rename(path)
        becomes(client, 200, 3)
        assert client.post_json(f"{API}/track_event", {"event": EVENT}, served.headers("tracker")).status == 200
        with closing(sqlite3.connect(path)) as by_hand:
            assert by_hand.execute("SELECT value FROM totals WHERE key LIKE '%name_changed'").fetchone() == (1,)


SET = "config set"
REFUSALS: dict[str, tuple[str, str, str]] = {
    "replica": ("replicaof 127.0.0.1 1", "replicaof no one", "the store is read-only"),
    "no replica": (
        f"{SET} min-replicas-to-write 1",
        f"{SET} min-replicas-to-write 0",
        "the store has too few replicas",
    ),
    "out of memory": (f"{SET} maxmemory 1", f"{SET} maxmemory 0", "the store is out of memory"),
}
"""What makes a Redis refuse writes -> the command that does, the one that ends it, and what a caller is told."""


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_redis_that_refuses_writes_is_not_ready_and_calls_say_why(
    tmp_path: Path, redis_server: RedisServer, refusal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_probe, "PROBE_EVERY", 0.05)
    begin, end, reason = REFUSALS[refusal]
    with redis.Redis.from_url(redis_server.url) as by_hand:
        by_hand.flushall()
        with running(tmp_path, store=redis_server.url) as served, closing(Client(served.port)) as client:
            becomes(client, 200, 3)
            try:
                by_hand.execute_command(*begin.split(" "))
                becomes(client, 503, 5)
                assert readiness(client)[1]["store"]["reason"]
                assert client.get("/-/liveness").status == 200
                refused = client.post_json(f"{API}/track_event", {"event": EVENT}, served.headers("tracker"))
                assert (refused.status, refused.json) == (503, {"message": UNAVAILABLE, "error": reason})
            finally:
                by_hand.execute_command(*end.split(" "))
            becomes(client, 200, 3)


class _HangingStore:
    """Answers no probe before it is told to."""

    def __init__(self) -> None:
        self.released = False

    def probe(self) -> None:
        assert eventually(lambda: self.released, 20)

    def warnings(self) -> list[str]:
        return []


def test_a_store_that_hangs_and_a_thread_that_does_not_ask_are_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_probe, "HANGS_AFTER", 0.3)
    now, store = [100.0], _HangingStore()
    probe = StoreProbe(store, monotonic=lambda: now[0])  # type: ignore[arg-type]
    assert probe.status().reason == "it has not been asked yet"
    with probe.running():
        assert probe.status().seconds is None
        now[0] += 2.5
        assert probe.status().reason == "the store has not answered for 2 seconds"
        store.released = True
        assert eventually(lambda: probe.status().is_available)
    now[0] += MAX_AGE + 1
    assert probe.status().reason == "the store was asked 16 seconds ago, and not since"


def test_a_probe_has_an_answer_when_its_context_begins(tmp_path: Path) -> None:
    with closing(open_store(f"sqlite:///{tmp_path / 'store.db'}")) as store:
        probe = StoreProbe(store)
        with probe.running():
            assert probe.status().is_available


def test_a_payload_that_is_overdue_is_a_warning_of_a_server_that_stays_ready(tmp_path: Path) -> None:
    with closing(open_store(f"sqlite:///{tmp_path / 'store.db'}")) as store:
        store.save_payload(CachedPayload(datetime.now(UTC), "{}", "{}"))
        with closing(sqlite3.connect(tmp_path / "store.db")) as by_hand:
            ten_days_ago = time.time() - 10 * 86_400
            by_hand.execute("UPDATE state SET value = ? WHERE name = 'payload_saved_at'", (str(ten_days_ago),))
            by_hand.commit()
    with running(tmp_path) as served, closing(Client(served.port)) as client:
        assert eventually(lambda: served.application.probe.warnings())
        status, body = readiness(client)
        assert (status, len(body["warnings"])) == (200, 1)
        assert "one is due every 7 days" in body["warnings"][0]


@pytest.mark.parametrize(
    ("age", "expected"), [(timedelta(days=7.9), False), (timedelta(days=8.2), True), (timedelta(hours=1), False)]
)
def test_a_payload_is_overdue_after_its_longest_delay_and_two_hours(
    tmp_path: Path, age: timedelta, *, expected: bool
) -> None:
    place = at_sqlite(tmp_path)
    store = place.open()
    store.save_payload(CachedPayload(START, "{}", "{}"))
    place.clock.now += age
    assert bool(list(overdue(store, timedelta(days=7), START))) is expected
    place.close()


def test_a_first_payload_has_two_hours_to_come(tmp_path: Path) -> None:
    place = at_sqlite(tmp_path)
    store = place.open()
    for hours, expected in ((1, 0), (3, 1)):
        place.clock.now = START + timedelta(hours=hours)
        assert len(list(overdue(store, timedelta(days=7), START))) == expected
    place.close()
