from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from metrics_dictionary.ping.collect.scheduler import FIRST_RETRY, LEASE_TIME, Scheduler
from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import CachedPayload, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from metrics_dictionary.stores.store import Store

    Progress = Callable[[int, int], None]

WEEKLY = timedelta(days=7)
START = datetime(2026, 12, 30, 8, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


class Instance:
    """Some servers that share a store, and what they did."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.store: Store = open_store(f"sqlite:///{folder}/store.db", clock=self.clock, monotonic=self.monotonic)
        self.generated: list[str] = []
        self.log: list[str] = []

    def monotonic(self) -> float:
        return (self.clock.now - START).total_seconds()

    def save(self) -> None:
        self.store.save_payload(CachedPayload(self.clock.now, "{}", "{}"))

    def server(
        self,
        name: str = "a",
        generate: Callable[[Progress], None] | None = None,
        interval: timedelta = WEEKLY,
        jitter: float = 0.0,
    ) -> Scheduler:
        def usual(progress: Progress) -> None:
            progress(1, 1)
            self.generated.append(name)
            self.save()

        return Scheduler(
            generate or usual,
            self.store,
            log=lambda _level, line: self.log.append(line),
            interval=interval,
            monotonic=self.monotonic,
            jitter=lambda: jitter,
        )


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(tmp_path)


def test_without_a_payload_one_is_generated_at_once(instance: Instance) -> None:
    assert instance.server().poll()
    assert instance.log == ["service ping: payload generated"]


def test_the_next_one_follows_a_week_later_and_not_before(instance: Instance) -> None:
    server = instance.server()
    server.poll()
    instance.clock.advance(WEEKLY - timedelta(seconds=1))
    assert not server.poll()
    instance.clock.advance(timedelta(seconds=1))
    assert server.poll()
    assert instance.generated == ["a", "a"]


def test_another_interval_can_be_set(instance: Instance) -> None:
    instance.save()
    instance.clock.advance(timedelta(days=1))
    assert instance.server(interval=timedelta(days=1)).poll()


@pytest.mark.parametrize("interval", [timedelta(0), timedelta(days=-1)])
def test_an_interval_of_nothing_is_refused(instance: Instance, interval: timedelta) -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        instance.server(interval=interval)


def test_a_random_offset_of_up_to_a_day_spreads_the_weekly_payloads(instance: Instance) -> None:
    instance.save()
    server = instance.server(jitter=0.5)
    instance.clock.advance(WEEKLY + timedelta(hours=12) - timedelta(seconds=1))
    assert not server.poll()
    instance.clock.advance(timedelta(seconds=1))
    assert server.poll()


def test_a_restart_does_not_bring_the_next_payload_forward(instance: Instance) -> None:
    instance.server("before").poll()
    instance.clock.advance(timedelta(days=3))
    assert not instance.server("after").poll()


def test_one_server_wins_while_another_collects(instance: Instance) -> None:
    other = instance.server("b")

    def meanwhile(_progress: Progress) -> None:
        assert not other.poll()
        instance.save()

    assert instance.server("a", meanwhile).poll()
    assert instance.generated == []


def test_a_payload_that_another_server_saved_just_now_is_the_one_that_was_due(instance: Instance) -> None:
    lease = instance.store.lease

    def after_another_finished(name: str, holder: str, seconds: float) -> bool:
        instance.save()
        return lease(name, holder, seconds)

    store: Any = instance.store
    store.lease = after_another_finished
    assert not instance.server().poll()
    assert instance.generated == []


def test_many_servers_that_look_at_the_same_time_generate_one_payload(instance: Instance) -> None:
    servers = [instance.server(name) for name in "abcdefgh"]
    together = threading.Barrier(len(servers))

    def poll(server: Scheduler) -> None:
        together.wait()
        server.poll()

    threads = [threading.Thread(target=poll, args=(server,)) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(instance.generated) == 1


def test_a_winner_that_dies_is_replaced_when_its_lease_ends(instance: Instance) -> None:
    instance.store.lease("service_ping", "dead", LEASE_TIME.total_seconds())
    server = instance.server()
    assert not server.poll()
    instance.clock.advance(LEASE_TIME + timedelta(seconds=1))
    assert server.poll()


def test_a_long_collection_keeps_its_lease(instance: Instance) -> None:
    other = instance.server("b")

    def slow(progress: Progress) -> None:
        for done in range(30):
            instance.clock.advance(LEASE_TIME / 3)
            progress(done, 30)
            assert not other.poll()
        instance.save()

    assert instance.server("a", slow).poll()
    assert instance.generated == []


def test_an_error_is_logged_and_tried_again_half_an_hour_later(instance: Instance) -> None:
    def fail(_progress: Progress) -> None:
        raise RuntimeError("no room")

    server = instance.server(generate=fail)
    assert not server.poll()
    assert instance.log == ["service ping: no payload: RuntimeError: no room. The next attempt is in 0:30:00"]
    assert not server.poll()
    assert len(instance.log) == 1
    instance.clock.advance(FIRST_RETRY)
    assert not server.poll()
    assert len(instance.log) == 2


def test_a_store_that_is_away_does_not_end_the_schedule(instance: Instance) -> None:
    server = instance.server()
    instance.store.close()
    assert not server.poll()
    assert "StoreUnavailableError" not in instance.log[0]


def test_a_store_that_is_away_for_a_moment_does_not_end_a_collection(instance: Instance) -> None:
    store: Any = instance.store
    lease = store.lease

    def away(_name: str, _holder: str, _seconds: float) -> bool:
        store.lease = lease
        raise StoreUnavailableError("away")

    def while_away(progress: Progress) -> None:
        store.lease = away
        instance.clock.advance(LEASE_TIME / 2)
        progress(1, 2)
        assert store.lease == lease
        instance.save()

    assert instance.server(generate=while_away).poll()


def test_the_thread_generates_and_stops_promptly(instance: Instance) -> None:
    done = threading.Event()

    def generate(_progress: Progress) -> None:
        instance.save()
        done.set()

    server = instance.server(generate=generate)
    server.start()
    assert done.wait(5)
    assert server.stop()


def test_stopping_ends_a_collection_after_the_metric_at_hand(instance: Instance) -> None:
    begun = threading.Event()

    def endless(progress: Progress) -> None:
        while True:
            begun.set()
            progress(1, 2)
            threading.Event().wait(0.001)

    server = instance.server(generate=endless)
    server.start()
    assert begun.wait(5)
    assert server.stop()
    assert instance.log == []
    assert instance.store.payload() is None
    assert instance.server().poll()  # nobody has to wait for a lease that nobody needs


def test_stopping_what_was_never_started_is_no_error(instance: Instance) -> None:
    assert instance.server().stop()
