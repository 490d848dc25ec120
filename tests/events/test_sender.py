"""How the outbox reaches the collector, whatever happens to either."""

from __future__ import annotations

import logging
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.events.collector import Collector
from metrics_dictionary.events.sender import LEASE, MAX_BATCH, MAX_RETRY_SECONDS, Sender
from metrics_dictionary.events.snowplow import Instance, StructuredEvents
from metrics_dictionary.stores.sqlite import SqliteStore
from metrics_dictionary.stores.store import Changes, OutboxRow, Recording, StoreUnavailableError
from tests.events.event_samples import DURING_W53, Clock, StoredTracker, a_dictionary
from tests.events.loopback_collector import LoopbackCollector
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

STRUCTURED = StructuredEvents(Instance())


@pytest.fixture
def collector() -> Iterator[LoopbackCollector]:
    with LoopbackCollector() as collector:
        yield collector


@pytest.fixture
def tracker(store: SqliteStore, clock: Clock) -> StoredTracker:
    return StoredTracker(a_dictionary(), store, clock=clock, structured=STRUCTURED)


def report(tracker: StoredTracker, number: int) -> None:
    for start in range(0, number, 50):
        count = min(50, number - start)
        bodies = [
            {"event": "merge", "send_to_snowplow": True, "additional_properties": {"value": start + position}}
            for position in range(count)
        ]
        tracker.track(bodies, 7)


OPENED: list[Collector] = []


@pytest.fixture(autouse=True)
def _connections_are_closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def a_sender(store: SqliteStore, url: str, clock: Clock) -> Sender:
    collector = Collector(url, timeout=2)
    OPENED.append(collector)
    return Sender(store, collector, clock=clock, jitter=lambda: 1.0, idle_seconds=0.01, first_retry_seconds=0.01)


def numbers(collector: LoopbackCollector) -> list[int]:
    return [int(event["se_va"]) for event in collector.accepted()]


def test_events_arrive_in_order_in_batches_and_leave_the_outbox(
    tracker: StoredTracker, store: SqliteStore, clock: Clock, collector: LoopbackCollector
) -> None:
    report(tracker, 250)
    sender = a_sender(store, collector.url, clock)
    assert [sender.send_batch() for _ in range(4)] == [0, 0, 0, 0.01]
    assert numbers(collector) == list(range(250))
    assert collector.sizes == [MAX_BATCH, MAX_BATCH, 50]
    assert store.outbox(1) == []
    assert {event["stm"] for event in collector.events} == {str(int(DURING_W53.timestamp() * 1000))}


def test_the_thread_sends_what_comes_and_stop_sends_the_rest(
    tracker: StoredTracker, store: SqliteStore, clock: Clock, collector: LoopbackCollector
) -> None:
    sender = a_sender(store, collector.url, clock)
    sender.start()
    report(tracker, 3)
    assert eventually(lambda: len(collector.events) == 3)
    report(tracker, 250)
    sender.stop()
    assert sorted(numbers(collector)) == sorted([*range(3), *range(250)])
    assert store.outbox(1) == []
    assert store.lease(LEASE, "another server", 1)


def test_a_stopped_collector_loses_nothing(
    tracker: StoredTracker, store: SqliteStore, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with LoopbackCollector() as collector:
        url, port = collector.url, collector.port
    sender = a_sender(store, url, clock)
    sender.start()
    with caplog.at_level(logging.WARNING):
        report(tracker, 120)
        assert eventually(lambda: "trying again" in caplog.text)
        with LoopbackCollector(port=port) as collector:
            assert eventually(lambda: len(collector.events) == 120)
            sender.stop()
    assert numbers(collector) == list(range(120))
    assert store.outbox(1) == []
    assert f"collector {url}: events are being sent again" in caplog.text


@pytest.mark.parametrize("status", [201, 204, 302, 400, 413, 500, 503])
def test_only_200_means_that_the_collector_has_them(
    status: int, tracker: StoredTracker, store: SqliteStore, clock: Clock
) -> None:
    report(tracker, 5)
    with LoopbackCollector(status=lambda number: status if number < 3 else 200) as collector:
        sender = a_sender(store, collector.url, clock)
        assert [sender.send_batch() for _ in range(2)] == [0.01, 0.02]
        assert len(store.outbox(10)) == 5
        while store.outbox(1):
            assert sender.send_batch() == 0
    assert numbers(collector) == list(range(5))


def test_a_batch_that_is_too_large_is_sent_in_smaller_ones(
    tracker: StoredTracker, store: SqliteStore, clock: Clock
) -> None:
    report(tracker, 200)
    with LoopbackCollector() as collector:
        collector.largest = 25
        sender = a_sender(store, collector.url, clock)
        for _ in range(11):
            sender.send_batch()
    assert numbers(collector) == list(range(200))
    assert collector.sizes == [100, 50, *[25] * 8]


def test_the_pauses_grow_to_a_minute_and_are_spread(store: SqliteStore, clock: Clock, tracker: StoredTracker) -> None:
    report(tracker, 1)
    jitter = iter([1.0] * 9 + [0.0])
    sender = Sender(store, Collector(free_address()), clock=clock, jitter=lambda: next(jitter))
    pauses = [sender.send_batch() for _ in range(10)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60, MAX_RETRY_SECONDS / 2]


def test_a_collector_that_never_answers_delays_no_request(
    tracker: StoredTracker, store: SqliteStore, clock: Clock
) -> None:
    answer = threading.Event()
    with LoopbackCollector(before_answer=answer.wait) as collector:
        sender = a_sender(store, collector.url, clock)
        sender.start()
        report(tracker, 1)
        assert eventually(lambda: collector.requests > 0)
        started = time.monotonic()
        report(tracker, 50)
        assert time.monotonic() - started < 0.5
        started = time.monotonic()
        sender.stop(0.2)
        assert time.monotonic() - started < 1
        assert len(store.outbox(100)) == 51
        answer.set()


def test_one_of_two_servers_sends(
    tracker: StoredTracker, store: SqliteStore, clock: Clock, collector: LoopbackCollector
) -> None:
    report(tracker, 5)
    assert store.lease(LEASE, "another server", 30)
    sender = a_sender(store, collector.url, clock)
    assert sender.send_batch() == 0.01
    assert collector.requests == 0
    assert store.lease(LEASE, "another server", 0)
    assert sender.send_batch() == 0
    assert numbers(collector) == list(range(5))


class Flaky(SqliteStore):
    """A store that is away whenever ``away`` says so."""

    away: frozenset[str] = frozenset()

    def outbox(self, limit: int) -> list[OutboxRow]:
        self._check("outbox")
        return super().outbox(limit)

    def delete_sent(self, identifiers: Iterable[str]) -> None:
        self._check("sent")
        super().delete_sent(identifiers)

    def lease(self, name: str, holder: str, seconds: float) -> bool:
        self._check("lease")
        return super().lease(name, holder, seconds)

    def _check(self, call: str) -> None:
        if call in self.away:
            raise StoreUnavailableError("the store is away")


@pytest.mark.parametrize("call", ["outbox", "sent", "lease"])
def test_a_store_that_is_away_ends_nothing_and_repeats_nothing(
    call: str, tmp_path: Path, clock: Clock, collector: LoopbackCollector
) -> None:
    store = Flaky(tmp_path / "flaky.db", clock=clock)
    report(StoredTracker(a_dictionary(), store, clock=clock, structured=STRUCTURED), 5)
    sender = a_sender(store, collector.url, clock)
    store.away = frozenset({call})
    sender.start()
    assert eventually(lambda: sender._failures > 1)
    store.away = frozenset()
    assert eventually(lambda: store.outbox(1) == [])
    sender.stop()
    assert numbers(collector) == list(range(5))
    store.close()


def test_a_store_that_stays_away_does_not_hold_up_the_end(
    tmp_path: Path, clock: Clock, collector: LoopbackCollector
) -> None:
    store = Flaky(tmp_path / "flaky.db", clock=clock)
    sender = a_sender(store, collector.url, clock)
    sender.start()
    store.away = frozenset({"outbox", "sent", "lease"})
    started = time.monotonic()
    sender.stop()
    assert time.monotonic() - started < 2
    store.close()


def test_a_damaged_row_stops_no_other(
    store: SqliteStore, clock: Clock, tracker: StoredTracker, collector: LoopbackCollector
) -> None:
    store.commit([Recording(Changes(outbox=("{", "[]")))])
    report(tracker, 2)
    assert a_sender(store, collector.url, clock).send_batch() == 0
    assert numbers(collector) == [0, 1]
    assert store.outbox(1) == []


def test_a_sender_that_was_never_started_can_be_stopped(store: SqliteStore, clock: Clock) -> None:
    a_sender(store, free_address(), clock).stop()


def free_address() -> str:
    """Return an address at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_an_answer_that_is_no_http_counts_as_no_answer(
    store: SqliteStore, clock: Clock, tracker: StoredTracker
) -> None:
    report(tracker, 1)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk_nonsense() -> None:
            connection, _ = listener.accept()
            connection.recv(65_536)
            connection.sendall(b"\x00nonsense\r\n\r\n")
            connection.close()

        threading.Thread(target=talk_nonsense).start()
        sender = a_sender(store, f"http://127.0.0.1:{listener.getsockname()[1]}", clock)
        assert sender.send_batch() == 0.01
    assert len(store.outbox(10)) == 1
