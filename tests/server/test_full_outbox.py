"""What clients are told when the outbox is full, against what SQLite holds."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from metrics_dictionary.events.collector import Collector
from metrics_dictionary.events.sender import Sender
from tests.events.loopback_collector import LoopbackCollector
from tests.server.running_server import API, COUNTER, EVENT, Client, running
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from metrics_dictionary.settings import Value

SENT = {"event": EVENT, "send_to_snowplow": True}
COLLECTOR: dict[str, Value] = {"collector": "http://127.0.0.1:1", "events.outbox_limit": 3}
"""Nothing is sent: the tests start no sender."""


def held(folder: Path) -> tuple[int, int]:
    """Return how many events wait, and how many are counted."""
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        counted = connection.execute("SELECT value FROM totals WHERE key = ?", (COUNTER,)).fetchone()
        return connection.execute("SELECT count(*) FROM outbox").fetchone()[0], counted[0]


def test_a_full_outbox_refuses_calls_with_events_for_the_collector_and_no_other(tmp_path: Path) -> None:
    with running(tmp_path, settings=COLLECTOR) as served, closing(Client(served.port)) as client:
        headers = {**served.headers("tracker"), "Idempotency-Key": "one"}
        assert client.post_json(f"{API}/track_events", {"events": [SENT] * 2}, served.headers("tracker")).status == 200
        refused = client.post_json(f"{API}/track_events", {"events": [SENT] * 2}, headers)
        assert (refused.status, refused.headers["retry-after"]) == (503, "60")
        assert refused.json == {
            "message": "503 Service Unavailable",
            "error": "nothing of the request was counted: the outbox is full of events that wait for the collector",
        }
        assert client.post_json(f"{API}/track_event", {"event": EVENT}, served.headers("tracker")).status == 200
        assert client.post_json(f"{API}/track_event", SENT, served.headers("tracker")).status == 200
        assert held(tmp_path) == (3, 4)
        served.store.delete_sent(served.store.outbox(2))
        assert client.post_json(f"{API}/track_events", {"events": [SENT] * 2}, headers).status == 200
        assert held(tmp_path) == (3, 6)


def test_a_full_outbox_may_drop_events_and_count_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("metrics_dictionary.stores.store._told", {})
    settings = {**COLLECTOR, "events.outbox_full": "drop"}
    with running(tmp_path, settings=settings) as served, closing(Client(served.port)) as client:
        before = metric(client, "outbox_dropped_total")
        for _ in range(5):
            assert client.post_json(f"{API}/track_event", SENT, served.headers("tracker")).status == 200
        assert held(tmp_path) == (3, 5)
        assert served.store.outbox_state().dropped == 2
        assert metric(client, "outbox_dropped_total") - before == 2
    assert caplog.text.count("the outbox is full: events are counted and not sent") == 1


def test_what_the_collector_refuses_is_seen_at_once_and_ages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("metrics_dictionary.server.store_probe.PROBE_EVERY", 0.01)
    with (
        LoopbackCollector(status=lambda _: 400) as collector,
        running(tmp_path, settings={**COLLECTOR, "collector": collector.url}) as served,
        closing(Client(served.port)) as client,
        closing(Collector(collector.url)) as connection,
    ):
        assert metric(client, "outbox_oldest_age_seconds") == 0
        before = metric(client, "outbox_refusals_total")
        client.post_json(f"{API}/track_events", {"events": [SENT] * 2}, served.headers("tracker"))
        sender = Sender(served.store, connection)
        while served.store.outbox(1):
            sender.send_batch()
        assert metric(client, "outbox_refusals_total") - before == 2
        assert [line for line in caplog.messages if "outbox" in line] == [
            f"collector {collector.url}: answered 400 to 1 event; tried again later: 1 event; "
            "`metrics-dictionary outbox list` shows why"
        ]
        with closing(sqlite3.connect(tmp_path / "store.db")) as by_hand, by_hand:
            by_hand.execute("UPDATE refused SET added = added - 1000 WHERE id = 2")
            by_hand.execute("UPDATE refused SET added = added - 5000, retry_at = NULL WHERE id = 1")
        assert eventually(lambda: 1000 <= metric(client, "outbox_oldest_age_seconds") < 1060)


def metric(client: Client, name: str) -> float:
    """Return what `/-/metrics` says of a metric without labels."""
    found = re.search(rf"^metrics_dictionary_{name} (\S+)$", client.get("/-/metrics").body.decode(), re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_readiness_warns_of_a_long_outbox_and_of_dead_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrics_dictionary.server.store_probe.PROBE_EVERY", 0.01)
    with running(tmp_path, settings=COLLECTOR) as served, closing(Client(served.port)) as client:

        def warnings() -> str:
            return client.get("/-/readiness").body.decode()

        assert "outbox" not in warnings()
        client.post_json(f"{API}/track_events", {"events": [SENT] * 2}, served.headers("tracker"))
        assert eventually(lambda: "the outbox holds 2 of at most 3 events, the oldest since 20" in warnings())
        served.store.set_refused(served.store.outbox(1)[0], 5, "answered 400", None)
        assert eventually(lambda: "the collector has refused 1 event for good; `metrics-dictionary" in warnings())
        assert client.get("/-/readiness").status == 200
