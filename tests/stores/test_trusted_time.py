"""Clocks that are wrong, on both stores: sixty days ahead and sixty days behind."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.ping.collect.scheduler import Scheduler
from metrics_dictionary.stores import trusted_time
from metrics_dictionary.stores.keys import counter_key, unique_key, week_of
from metrics_dictionary.stores.store import CachedPayload
from tests.stores.stores_under_test import START, StoreUnderTest, at_sqlite, recording

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from metrics_dictionary.stores.store import Store

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SIXTY_DAYS = 60 * DAY


@pytest.fixture(params=[SIXTY_DAYS, -SIXTY_DAYS], ids=["ahead", "behind"])
def wrong(request: pytest.FixtureRequest) -> timedelta:
    distance: timedelta = request.param
    return distance


@pytest.fixture
def boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file in which the kernel names the boot."""
    file = tmp_path / "boot_id"
    file.write_text("first boot\n")
    monkeypatch.setattr(trusted_time, "BOOT_ID", file)
    yield file
    trusted_time._boot_id.cache_clear()


def track(place: StoreUnderTest, store: Store, user: int) -> None:
    """Record one event as the intake does: the week is named by what the clock says."""
    week = week_of(place.clock())
    total, users = counter_key("push", {}, week), unique_key("push", "user", {}, week)
    store.commit([recording(increments={total: 1}, uniques={users: {str(user)}}, expiring={total, users})])


def this_week(place: StoreUnderTest, store: Store) -> tuple[float, int]:
    week = week_of(place.clock.now)
    return store.totals([counter_key("push", {}, week)]).get(counter_key("push", {}, week), 0), store.distinct(
        [unique_key("push", "user", {}, week)]
    )


def pass_time(place: StoreUnderTest, store: Store, time: timedelta, step: timedelta = HOUR) -> None:
    """Let time pass for a server that looks at its store once an hour."""
    for _ in range(int(time / step)):
        place.elapse(step)
        store.trusted_now()


def test_an_event_under_a_wrong_clock_ends_nothing_that_was_counted(
    place: StoreUnderTest, store: Store, wrong: timedelta
) -> None:
    for user in (7, 8, 8):
        track(place, store, user)
    place.clock.wrong = wrong
    track(place, store, 9)
    track(place, store, 9)
    assert this_week(place, store) == (3, 2)
    place.clock.wrong = timedelta(0)
    track(place, store, 10)
    assert this_week(place, store) == (4, 3)


def test_a_server_that_starts_under_a_wrong_clock_ends_nothing_either(place: StoreUnderTest, wrong: timedelta) -> None:
    store = place.open()
    track(place, store, 7)
    store.close()
    place.clock.wrong = wrong
    again = place.open()
    track(place, again, 9)
    assert this_week(place, again) == (1, 1)


def test_a_wrong_clock_does_not_move_the_trusted_time_and_a_right_one_does(
    place: StoreUnderTest, store: Store, wrong: timedelta
) -> None:
    assert store.trusted_now() == START
    assert store.clock_warning() is None
    place.clock.wrong = wrong
    place.elapse(2 * HOUR)
    assert store.trusted_now() == START + 2 * HOUR
    warning = store.clock_warning()
    assert warning is not None
    assert "the store's own time is 2026-12-30T14:00:00.000Z" in warning
    place.clock.wrong = -2 * timedelta(minutes=1)
    assert START + 2 * HOUR - timedelta(minutes=2) <= store.trusted_now() <= START + 2 * HOUR
    assert store.clock_warning() is None
    place.clock.wrong = timedelta(0)
    pass_time(place, store, 30 * DAY, step=2 * DAY)
    assert store.trusted_now() == START + 2 * HOUR + 30 * DAY


def test_the_estimate_is_the_trusted_time_without_a_look_into_the_store(
    place: StoreUnderTest, store: Store, wrong: timedelta
) -> None:
    store.trusted_now()
    place.elapse(HOUR)
    assert store.estimated_now() == START + HOUR
    place.clock.wrong = wrong
    place.elapse(HOUR)
    store.close()
    assert store.estimated_now() == START + 2 * HOUR


def test_who_has_looked_up_a_token_knows_the_stores_time(place: StoreUnderTest, store: Store, wrong: timedelta) -> None:
    store.trusted_now()
    place.elapse(HOUR)
    place.clock.wrong = wrong
    one, other = place.open(), place.open()
    one.token("unknown")
    other.tokens()
    assert (one.estimated_now(), other.estimated_now()) == (START + HOUR, START + HOUR)


def test_a_clock_that_was_set_is_believed_after_two_steady_days(
    place: StoreUnderTest, store: Store, wrong: timedelta
) -> None:
    store.trusted_now()
    place.clock.wrong = wrong
    store.trusted_now()
    pass_time(place, store, 47 * HOUR)
    assert store.trusted_now() == START + 47 * HOUR
    pass_time(place, store, HOUR)
    assert store.trusted_now() == START + 48 * HOUR + wrong
    assert store.clock_warning() is None


def test_a_clock_that_jumps_about_is_not_believed(place: StoreUnderTest, store: Store) -> None:
    store.trusted_now()
    for day in range(8):
        place.clock.wrong = SIXTY_DAYS + day * HOUR
        pass_time(place, store, DAY)
    assert store.trusted_now() == START + 8 * DAY


def test_servers_with_different_clocks_share_one_trusted_time(place: StoreUnderTest, store: Store) -> None:
    store.trusted_now()
    right = StoreUnderTest(place.url)
    other = right.open()
    place.clock.wrong = SIXTY_DAYS
    for _ in range(100):
        for clock in (place.clock, right.clock):
            clock.now += HOUR
        store.trusted_now()
        other.trusted_now()
    assert other.trusted_now() == START + 100 * HOUR
    other.close()


def test_a_distrusted_clock_is_logged_once_an_hour(
    place: StoreUnderTest, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.trusted_now()
    place.clock.wrong = SIXTY_DAYS
    with caplog.at_level(logging.WARNING):
        pass_time(place, store, 3 * HOUR, step=timedelta(minutes=10))
    assert [record.getMessage()[:22] for record in caplog.records] == ["store: the clock says "] * 3


def test_what_has_expired_counts_no_more_and_stays_in_the_file_for_another_week(tmp_path: Path) -> None:
    place = at_sqlite(tmp_path)
    store = place.open()
    track(place, store, 7)
    week = week_of(START)
    pass_time(place, store, 43 * DAY, step=DAY)
    store.commit([recording(increments={"other": 1})])
    assert store.totals([counter_key("push", {}, week)]) == {}
    kept = f"SELECT count(*) FROM totals WHERE key = '{counter_key('push', {}, week)}'"
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        assert connection.execute(kept).fetchone() == (1,)
        pass_time(place, store, 7 * DAY, step=DAY)
        store.commit([recording(increments={"other": 1})])
        assert connection.execute(kept).fetchone() == (0,)
    place.close()


def test_a_lease_under_a_wrong_clock_ends_in_time(place: StoreUnderTest, store: Store, wrong: timedelta) -> None:
    store.trusted_now()
    place.clock.wrong = wrong
    assert store.lease("ping", "dead", 60)
    place.clock.wrong = timedelta(0)
    place.elapse(timedelta(seconds=61))
    other = place.open()
    assert other.lease("ping", "b", 60)


def scheduled(place: StoreUnderTest, store: Store, generated: list[datetime]) -> Scheduler:
    def generate(_progress: object) -> None:
        generated.append(place.clock.now)
        store.save_payload(CachedPayload(place.clock(), "{}", "{}"))

    return Scheduler(
        generate,
        store,
        log=print,
        interval=7 * DAY,
        monotonic=place.clock.monotonic,
        jitter=lambda: 0.0,
    )


def test_a_payload_dated_in_the_future_does_not_stop_the_next(place: StoreUnderTest, store: Store) -> None:
    generated: list[datetime] = []
    server = scheduled(place, store, generated)
    store.trusted_now()
    place.clock.wrong = SIXTY_DAYS
    store.save_payload(CachedPayload(place.clock(), "{}", "{}"))
    place.clock.wrong = timedelta(0)
    assert server.poll()
    assert not server.poll()
    payload = store.payload()
    assert payload is not None
    assert payload.recorded_at == START


def test_a_wrong_clock_neither_stops_payloads_nor_brings_one_a_minute(
    place: StoreUnderTest, store: Store, wrong: timedelta
) -> None:
    generated: list[datetime] = []
    server = scheduled(place, store, generated)
    assert server.poll()
    place.clock.wrong = wrong
    for _ in range(16 * 24):
        place.elapse(HOUR)
        server.poll()
        if place.clock.now == START + 46 * HOUR:  # before it is believed
            place.clock.wrong = timedelta(0)
    assert generated == [START, START + 7 * DAY, START + 14 * DAY]


def test_under_a_clock_that_is_wrong_for_good_a_payload_comes_every_week(
    place: StoreUnderTest, store: Store, wrong: timedelta
) -> None:
    generated: list[datetime] = []
    server = scheduled(place, store, generated)
    assert server.poll()
    place.clock.wrong = wrong
    for _ in range(16 * 24):
        place.elapse(HOUR)
        server.poll()
    assert 3 <= len(generated) <= 4
    assert max(later - earlier for earlier, later in pairwise(generated)) <= 7 * DAY


def test_an_idle_server_trusts_its_clock_after_a_week(place: StoreUnderTest, store: Store) -> None:
    track(place, store, 7)
    place.elapse(7 * DAY)
    assert store.trusted_now() == START + 7 * DAY
    assert store.clock_warning() is None


@pytest.mark.usefixtures("boot")
def test_a_machine_that_runs_one_short_process_a_week_trusts_its_clock(place: StoreUnderTest) -> None:
    for week in range(4):
        store = place.open()
        assert store.trusted_now() == START + week * 7 * DAY
        assert store.clock_warning() is None
        store.close()
        place.elapse(7 * DAY)


def test_short_processes_of_one_boot_add_up_the_two_steady_days(place: StoreUnderTest, boot: Path) -> None:
    place.open().trusted_now()
    boot.write_text("second boot\n")
    trusted_time._boot_id.cache_clear()
    place.elapse(7 * DAY)
    for hours, warns in ((0, True), (47, True), (48, False), (49, False)):
        store = place.open()
        place.clock.now = START + 7 * DAY + hours * HOUR
        assert store.trusted_now() == START + hours * HOUR + (0 if warns else 7) * DAY
        assert (store.clock_warning() is not None) is warns
        store.close()


@pytest.mark.usefixtures("boot")
def test_a_jump_that_ended_does_not_count_for_the_next_one(place: StoreUnderTest) -> None:
    for hours, wrong in ((0, 0), (1, 60), (2, 0), (50, 60)):
        store = place.open()
        place.clock.now, place.clock.wrong = START + hours * HOUR, wrong * DAY
        assert store.trusted_now() == START + hours * HOUR
        store.close()


@pytest.mark.parametrize("kept", ["abc", "NaN", "[]", '{"time": "x"}', "1e300", '{"time": 1, "jump": 3}'])
def test_a_time_that_cannot_be_read_is_replaced_and_logged(
    place: StoreUnderTest, store: Store, kept: str, caplog: pytest.LogCaptureFixture
) -> None:
    store.set_state("trusted_time", kept)
    assert store.trusted_now() == START
    assert [record.getMessage() for record in caplog.records] == [
        "store: its own time is unreadable; the clock's, 2026-12-30T12:00:00.000Z, replaces it"
    ]
    assert place.open().trusted_now() == START
    assert len(caplog.records) == 1


def test_the_trusted_time_is_in_utc(store: Store) -> None:
    assert store.trusted_now().tzinfo is UTC
