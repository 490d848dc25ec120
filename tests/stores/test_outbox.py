"""The outbox of both stores: its limit, and what the collector has refused. Counted by sqlite3 and redis-py."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest
import redis

from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import DROPPED, Changes, OutboxLimit, Recording, Store, request_name
from tests.stores.stores_under_test import at_redis, recording

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNTER = "{event_counters}_push"
KEY = request_name("7", "key")


class Place:
    """A store's address, and a look into it by another program."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.opened: list[Store] = []

    def open(self, rows: int = 1_000_000, *, drop: bool = False) -> Store:
        self.opened.append(open_store(self.url, outbox_limit=OutboxLimit(rows, drop)))
        return self.opened[-1]

    def counted(self) -> tuple[int, int, int]:
        """Return how many events wait, how many were refused, and what the counter says."""
        if self.url.startswith("redis"):
            with redis.Redis.from_url(self.url, protocol=2) as client:
                outbox = "{metrics_dictionary_outbox}"
                refused = cast("int", client.hlen(f"{outbox}_refused"))
                assert client.zcard(f"{outbox}_due") == refused
                return cast("int", client.xlen(outbox)), refused, int(cast("bytes", client.get(COUNTER)) or 0)
        with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as connection:
            waiting, refused, kept = (
                connection.execute(query).fetchone()[0]
                for query in (
                    "SELECT count(*) FROM outbox",
                    "SELECT count(*) FROM refused",
                    "SELECT kept FROM outbox_counts",
                )
            )
            assert kept == waiting + refused
            row = connection.execute("SELECT value FROM totals WHERE key = ?", (COUNTER,)).fetchone()
            return waiting, refused, row[0] if row else 0


@pytest.fixture(params=["sqlite", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    on_redis = request.param == "redis"
    url = at_redis(request.getfixturevalue("redis_server").url).url if on_redis else f"sqlite:///{tmp_path}/store.db"
    place = Place(url)
    yield place
    for store in place.opened:
        store.close()


def with_rows(number: int) -> Recording:
    return recording(increments={COUNTER: 1}, outbox=tuple(f"{{{row}}}" for row in range(number)))


def outcomes(store: Store, *recordings: Recording) -> list[str]:
    return [verdict.outcome.name for verdict in store.commit(recordings)]


def test_an_outbox_that_is_full_refuses_whole_recordings_that_need_it_and_no_other(place: Place) -> None:
    store = place.open(10)
    assert outcomes(store, with_rows(6), with_rows(5), with_rows(0), with_rows(4), with_rows(1)) == [
        "RECORDED",
        "OUTBOX_FULL",
        "RECORDED",
        "RECORDED",
        "OUTBOX_FULL",
    ]
    assert place.counted() == (10, 0, 3)
    assert store.outbox_state().dropped == 0


def test_room_that_is_made_is_used(place: Place) -> None:
    store = place.open(3)
    assert outcomes(store, with_rows(3)) == ["RECORDED"]
    assert outcomes(store, with_rows(1)) == ["OUTBOX_FULL"]
    first, second, _ = store.outbox(3)
    store.delete_sent([first])
    store.set_refused(second, 1, "a reason", 60.0)
    assert outcomes(store, with_rows(2), with_rows(1), with_rows(1)) == ["OUTBOX_FULL", "RECORDED", "OUTBOX_FULL"]
    assert place.counted() == (2, 1, 2)


def test_a_limit_that_was_lowered_refuses_no_recording_without_rows(place: Place) -> None:
    place.open().commit([with_rows(5)])
    assert outcomes(place.open(2), with_rows(0), with_rows(1), with_rows(0)) == ["RECORDED", "OUTBOX_FULL", "RECORDED"]
    assert outcomes(place.open(2, drop=True), with_rows(0), with_rows(1)) == ["RECORDED", "RECORDED"]
    assert place.counted() == (5, 0, 5)


def test_a_request_that_found_no_room_is_not_known_and_can_be_repeated(place: Place) -> None:
    store = place.open(1)
    event = Changes({COUNTER: 1}, outbox=("{1}",))
    request = Recording(Changes(), ((b"event-is-16-byte", event), (b"event-is-another", event)), KEY, b"12345678")
    assert outcomes(store, request, request) == ["OUTBOX_FULL", "OUTBOX_FULL"]
    assert place.counted() == (0, 0, 0)
    roomier = place.open(2)
    assert outcomes(roomier, request, request) == ["RECORDED", "DUPLICATE"]
    assert place.counted() == (2, 0, 2)


def test_an_outbox_may_drop_what_it_has_no_room_for_and_says_how_much(place: Place) -> None:
    store = place.open(10, drop=True)
    before = DROPPED.value()
    assert outcomes(store, with_rows(6), with_rows(5), with_rows(4), with_rows(2)) == ["RECORDED"] * 4
    assert place.counted() == (10, 0, 4)
    assert store.outbox_state().dropped == 7
    assert outcomes(store, with_rows(3)) == ["RECORDED"]
    assert store.outbox_state().dropped == DROPPED.value() - before == 10
    assert place.counted() == (10, 0, 5)


def test_a_refused_row_leaves_those_that_wait_and_comes_back_when_it_is_due(place: Place) -> None:
    store = place.open()
    store.commit([with_rows(3)])
    first, second, third = store.outbox(10)
    store.set_refused(first, 1, "answered 400", 3600.0)
    store.set_refused(second, 2, "answered 500", -1.0)
    assert store.outbox(10) == [third]
    assert [(row.identifier, row.text, row.tries) for row in store.due_refused(10)] == [
        (second.identifier, second.text, 2)
    ]
    assert place.counted() == (1, 2, 1)
    due, later = store.refused(10)
    assert (later.identifier, later.text, later.tries, later.reason) == (first.identifier, "{0}", 1, "answered 400")
    now = datetime.now(UTC)
    assert later.retry_at is not None
    assert timedelta(minutes=59) < later.retry_at - now <= timedelta(minutes=60, seconds=1)
    assert later.since is not None
    assert abs(now - later.since) < timedelta(seconds=10)
    assert due.reason == "answered 500"
    store.set_refused(store.due_refused(1)[0], 3, "answered 400", None)
    assert store.due_refused(10) == []
    state = store.outbox_state()
    assert (state.waiting, state.retrying, state.dead_letters, state.depth) == (1, 1, 1, 3)
    store.delete_sent([first, third])
    assert place.counted() == (0, 1, 1)


def test_the_oldest_row_that_waits_says_since_when(place: Place) -> None:
    store = place.open()
    assert store.outbox_state().oldest is None
    store.commit([with_rows(2)])
    oldest = store.outbox_state().oldest
    assert oldest is not None
    assert abs(datetime.now(UTC) - oldest) < timedelta(seconds=10)


def test_the_oldest_row_that_is_tried_again_says_since_when(place: Place) -> None:
    store = place.open()
    store.commit([with_rows(2)])
    first, second = store.outbox(2)
    began = datetime.now(UTC)
    time.sleep(1.5)
    store.commit([with_rows(1)])
    store.set_refused(store.outbox(3)[2], 1, "answered 400", 10.0)
    young = store.outbox_state().oldest_retrying
    assert young is not None
    assert young > began
    store.set_refused(second, 1, "answered 400", 3600.0)
    old = store.outbox_state().oldest_retrying
    assert old is not None
    assert old < young
    store.set_refused(second, 5, "answered 400", None)
    assert store.outbox_state().oldest_retrying == young
    store.set_refused(first, 5, "answered 400", None)
    store.drop_refused(None)
    assert store.outbox_state().oldest_retrying is None


@pytest.mark.parametrize("everything", [False, True])
def test_refused_rows_are_retried_behind_the_others_or_dropped(place: Place, *, everything: bool) -> None:
    store = place.open()
    store.commit([with_rows(5)])
    rows = store.outbox(5)
    for row in rows[:4]:
        store.set_refused(row, 5, "answered 400", None)
    chosen = [row.identifier for row in rows[:2]]
    assert store.retry_refused([*chosen, "99999", "x"]) == chosen
    assert [row.text for row in store.outbox(10)] == ["{4}", "{0}", "{1}"]
    assert [row.tries for row in store.outbox(10)] == [0, 0, 0]
    dropped = [row.identifier for row in rows[2 : 4 if everything else 3]]
    assert store.drop_refused(None if everything else dropped) == dropped
    assert place.counted() == (3, 0 if everything else 1, 1)
    assert store.retry_refused(None) == ([] if everything else [rows[3].identifier])


def test_a_row_that_somebody_dropped_is_not_refused(place: Place) -> None:
    store = place.open()
    store.commit([with_rows(1)])
    (row,) = store.outbox(1)
    store.delete_sent([row])
    store.set_refused(row, 1, "answered 400", None)
    assert place.counted() == (0, 0, 1)


def test_what_becomes_of_rows_from_before_a_restore_says_nothing_of_those_that_came_after_it(
    place: Place, tmp_path: Path
) -> None:
    store = place.open()
    store.commit([with_rows(0)])
    store.backup(tmp_path / "copy")
    store.commit([with_rows(4)])
    refused, again, *sent = store.outbox(4)
    place.open().restore(tmp_path / "copy")  # another process's, as `store restore` is
    after = tuple(f"{{after {row}}}" for row in range(4))
    store.commit([recording(increments={COUNTER: 1}, outbox=after)])
    store.set_refused(refused, 5, "answered 400", None)
    store.set_refused(again, 1, "answered 400", 60.0)
    store.delete_sent(sent)
    assert place.counted() == (4, 0, 2)
    assert [row.text for row in store.outbox(10)] == list(after)


def test_many_refused_rows_are_retried_in_steps(place: Place) -> None:
    store = place.open()
    store.commit([with_rows(1200)])
    for row in store.outbox(1200):
        store.set_refused(row, 5, "answered 400", None)
    assert store.outbox_state().dead_letters == 1200
    assert len(store.retry_refused(None)) == 1200
    assert place.counted() == (1200, 0, 1)


def test_an_outbox_of_an_earlier_release_is_counted(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    with closing(open_store(url)) as store:
        store.commit([with_rows(3)])
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        connection.executescript(
            """ALTER TABLE outbox DROP COLUMN added; DROP TABLE refused; DROP TABLE outbox_counts;
            DROP TABLE totals_by_value;
            PRAGMA user_version = 4;"""
        )
    with closing(open_store(url, outbox_limit=OutboxLimit(4, drop=False))) as store:
        assert outcomes(store, with_rows(2), with_rows(1)) == ["OUTBOX_FULL", "RECORDED"]
        assert store.outbox_state().waiting == 4
        assert store.outbox_state().oldest is not None
