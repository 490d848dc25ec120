"""How the outbox reaches the collector, whatever happens to either."""

from __future__ import annotations

import json
import logging
import socket
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.events.collector import Collector
from metrics_dictionary.events.sender import LEASE, MAX_BATCH, MAX_RETRY_SECONDS, MAX_TRIES, Sender, Timing
from metrics_dictionary.events.snowplow import Instance, StructuredEvents
from metrics_dictionary.stores.sqlite import SqliteStore
from metrics_dictionary.stores.store import Changes, OutboxRow, Recording, StoreUnavailableError
from tests.events.event_samples import DURING_W53, Clock, StoredTracker, a_dictionary
from tests.events.loopback_collector import CUT, LoopbackCollector
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from io import BufferedIOBase
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


TIMING = Timing(idle=0.01, first_retry=0.01)

OPENED: list[Collector] = []


@pytest.fixture(autouse=True)
def _connections_are_closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def a_sender(store: SqliteStore, url: str, clock: Clock, timing: Timing = TIMING) -> Sender:
    collector = Collector(url, timeout=2)
    OPENED.append(collector)
    return Sender(store, collector, clock=clock, jitter=lambda: 1.0, timing=timing)


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


@pytest.mark.parametrize("status", [200, 201, 202, 204, 226])
def test_every_2xx_means_that_the_collector_has_them(
    status: int, tracker: StoredTracker, store: SqliteStore, clock: Clock
) -> None:
    report(tracker, 5)
    with LoopbackCollector(status=lambda _: status) as collector:
        assert a_sender(store, collector.url, clock).send_batch() == 0
    assert numbers(collector) == list(range(5))
    assert store.outbox_state().depth == 0


@pytest.mark.parametrize("status", [302, 401, 403, 404, 408, 429, 500, 502, 503])
def test_any_other_status_loses_nothing(status: int, tracker: StoredTracker, store: SqliteStore, clock: Clock) -> None:
    report(tracker, 5)
    with LoopbackCollector(status=lambda number: status if number < 12 else 200) as collector:
        sender = a_sender(store, collector.url, clock)
        while store.outbox(1):
            sender.send_batch()
    assert sorted(numbers(collector)) == list(range(5))
    assert store.outbox_state().depth == 0


def test_a_batch_that_is_too_large_is_sent_in_smaller_ones_which_grow_back(
    tracker: StoredTracker, store: SqliteStore, clock: Clock
) -> None:
    report(tracker, 1_500)
    with LoopbackCollector() as collector:
        collector.largest = 25
        sender = a_sender(store, collector.url, clock)
        while len(collector.events) < 500:
            assert sender.send_batch() == 0
        assert collector.sizes[:3] == [100, 50, 25]
        refused = sum(size > 25 for size in collector.sizes)
        assert refused <= len(collector.sizes) / 6, collector.sizes
        collector.largest = 1_000
        while store.outbox(1):
            assert sender.send_batch() == 0
    assert max(collector.sizes[-12:]) > 35
    assert numbers(collector) == list(range(1_500))


REFUSED = {7, 8, 63}
"""The values of events that a collector never takes."""


def refusing(status: int | str) -> Callable[[list[dict[str, str]]], int | str]:
    return lambda events: status if any(int(event["se_va"]) in REFUSED for event in events) else 200


@pytest.mark.parametrize("status", [400, 413, 415, 422, 403, 500, CUT])
def test_what_the_collector_refuses_takes_no_other_event_along(
    status: int | str, tracker: StoredTracker, store: SqliteStore, clock: Clock, tmp_path: Path
) -> None:
    report(tracker, 250)
    with LoopbackCollector(status_of=refusing(status)) as collector:
        sender = a_sender(store, collector.url, clock)
        for _ in range(1_000):
            if not store.outbox(1):
                break
            sender.send_batch()
        assert sorted(numbers(collector)) == sorted({*range(250)} - REFUSED)
        assert store.outbox_state().waiting == 0
        assert kept_values(tmp_path) == REFUSED
        report(tracker, 1)  # the collector works, so the others are refused once more
        collector.requests = 0
        sender.send_batch()
        assert collector.requests == 1, "what was refused is not due yet"


def kept_values(folder: Path) -> set[int]:
    """Return the values of the events in the table of refused ones."""
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        return {int(json.loads(text)["se_va"]) for (text,) in connection.execute("SELECT text FROM refused")}


def test_an_event_is_a_dead_letter_after_so_many_tries(
    tracker: StoredTracker, store: SqliteStore, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    report(tracker, 10)
    with LoopbackCollector(status_of=refusing(400)) as collector:
        sender = a_sender(store, collector.url, clock, replace(TIMING, refused=0))
        for _ in range(40):
            sender.send_batch()
        assert sorted(numbers(collector)) == [0, 1, 2, 3, 4, 5, 6, 9]
        assert collector.sizes.count(1) >= 2 * MAX_TRIES
        dead = store.refused(10)
        assert [(row.tries, row.retry_at) for row in dead] == [(MAX_TRIES, None)] * 2
        assert all(row.reason.endswith("answered 400 to 1 event") for row in dead)
        requests = collector.requests
        sender.send_batch()
        assert collector.requests == requests
        collector.status_of = lambda _: 200
        assert len(store.retry_refused(None)) == 2
        assert sender.send_batch() == 0
    assert sorted(numbers(collector)) == list(range(10))
    assert store.outbox_state().depth == 0
    assert "an event is a dead letter after 5 tries: collector http://127.0.0.1" in caplog.text


def test_a_collector_that_refuses_everything_is_not_asked_without_a_pause(
    tracker: StoredTracker, store: SqliteStore, clock: Clock
) -> None:
    report(tracker, 100)
    with LoopbackCollector(status=lambda _: 400) as collector:
        sender = a_sender(store, collector.url, clock)
        pauses = [sender.send_batch() for _ in range(30)]
    assert sum(pause > 0 for pause in pauses) >= 10
    assert pauses[-1] > pauses[-2] > 0
    assert store.outbox_state().depth == 100


def test_an_outage_refuses_no_event(tracker: StoredTracker, store: SqliteStore, clock: Clock) -> None:
    report(tracker, 100)
    sender = a_sender(store, free_address(), clock)
    for _ in range(30):
        assert sender.send_batch() > 0
    with LoopbackCollector(status=lambda _: 503) as collector:
        sender = a_sender(store, collector.url, clock)
        for _ in range(30):
            sender.send_batch()
    state = store.outbox_state()
    assert (state.waiting, state.retrying, state.dead_letters) == (100, 0, 0)


def test_an_event_that_was_refused_is_not_a_dead_letter_for_an_outage(
    tracker: StoredTracker, store: SqliteStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metrics_dictionary.events.sender.RECENT_SECONDS", 0.0)
    report(tracker, 10)
    with LoopbackCollector(status_of=refusing(400)) as collector:
        sender = a_sender(store, collector.url, clock, replace(TIMING, refused=0))
        while store.outbox(1):
            sender.send_batch()
    before = [row.tries for row in store.refused(10)]
    for _ in range(3 * MAX_TRIES):
        sender.send_batch()
    assert [row.tries for row in store.refused(10)] == before


def test_the_lease_is_kept_while_a_slow_collector_drips(
    tracker: StoredTracker, store: SqliteStore, clock: Clock
) -> None:
    report(tracker, 5)

    def drip(client: BufferedIOBase, answer: bytes) -> None:
        for position in range(len(answer)):
            time.sleep(0.05)
            client.write(answer[position : position + 1])

    with LoopbackCollector(answer=drip) as collector:
        first, second = (a_sender(store, collector.url, clock, replace(TIMING, lease=1.0)) for _ in range(2))
        sending = threading.Thread(target=first.send_batch)
        sending.start()
        assert eventually(lambda: collector.requests)
        while sending.is_alive():
            second.send_batch()
            time.sleep(0.01)
    assert collector.requests == 1
    assert numbers(collector) == list(range(5))


def test_a_collector_that_drips_for_ever_is_given_up(tracker: StoredTracker, store: SqliteStore, clock: Clock) -> None:
    report(tracker, 5)
    stopped = threading.Event()

    def drip(client: BufferedIOBase, _: bytes) -> None:
        while not stopped.wait(0.02):
            client.write(b"H")

    with LoopbackCollector(answer=drip) as collector:
        sender = a_sender(store, collector.url, clock, replace(TIMING, request=0.3))
        began = time.monotonic()
        assert sender.send_batch() > 0
        assert time.monotonic() - began < 5
        stopped.set()
    assert store.outbox_state().waiting == 5


def test_batches_share_a_connection(
    tracker: StoredTracker, store: SqliteStore, clock: Clock, collector: LoopbackCollector
) -> None:
    report(tracker, 450)
    sender = a_sender(store, collector.url, clock)
    while store.outbox(1):
        sender.send_batch()
    assert (collector.requests, collector.connections) == (5, 1)


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

    def delete_sent(self, rows: Iterable[OutboxRow]) -> None:
        self._check("sent")
        super().delete_sent(rows)

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


@pytest.mark.parametrize("answer", [200, 400, CUT])
@pytest.mark.parametrize("away", [frozenset[str](), frozenset({"sent"})], ids=["there", "away when it answers"])
def test_every_event_after_a_restore_arrives_although_the_collector_still_owes_an_answer(
    answer: int | str, away: frozenset[str], tmp_path: Path, clock: Clock, collector: LoopbackCollector
) -> None:
    path, acknowledged, sends = tmp_path / "store.db", set[int](), 0
    store = Flaky(path, clock=clock)
    tracker = StoredTracker(a_dictionary(), store, clock=clock, structured=STRUCTURED)
    store.backup(tmp_path / "copy.db")
    report(tracker, 5)

    def restore_during_the_first_request() -> None:
        if collector.requests != 1:
            return
        with closing(SqliteStore(path, clock=clock)) as of_another_process:
            of_another_process.restore(tmp_path / "copy.db")
        for value in range(1_000, 1_008):
            body = {"event": "merge", "send_to_snowplow": True, "additional_properties": {"value": value}}
            tracker.track([body], 7)
            acknowledged.add(value)
        store.away = away

    collector.before_answer = restore_during_the_first_request
    collector.status_of = lambda _: answer if collector.requests == 1 else 200
    sender = a_sender(store, collector.url, clock)
    while sends < 20 and (store.outbox(1) or not sends):
        sender.send_batch()
        sends += 1
        store.away = frozenset()
    assert len(acknowledged) == 8
    assert acknowledged <= {int(event["se_va"]) for event in collector.events}
    assert store.outbox_state().depth == 0
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
    assert [(row.text, row.reason, row.retry_at) for row in store.refused(10)] == [
        (text, "is not an event", None) for text in ("{", "[]")
    ]


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


def test_a_bug_does_not_end_the_thread(
    store: SqliteStore,
    clock: Clock,
    tracker: StoredTracker,
    collector: LoopbackCollector,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    report(tracker, 3)
    sender = a_sender(store, collector.url, clock)
    with monkeypatch.context() as patch:
        patch.setattr(store, "outbox", lambda _: None)
        sender.start()
        assert eventually(lambda: caplog.text.count("a bug in the sender") > 1)
    assert eventually(lambda: len(collector.events) == 3)
    sender.stop()
    assert numbers(collector) == [0, 1, 2]
