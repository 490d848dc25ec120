"""A repeated request or event is not counted again, by the counts of the test's own."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from metrics_dictionary.stores.store import Changes, Outcome, Recording, Store, request_name
from tests.stores.stores_under_test import StoreUnderTest, at_sqlite

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

COUNTER = "{event_counters}_tracked"
HALF_A_DAY = timedelta(hours=12)
RECORDED, DUPLICATE, CONFLICT = Outcome.RECORDED, Outcome.DUPLICATE, Outcome.CONFLICT


def one(amount: int = 1) -> Changes:
    return Changes({COUNTER: amount})


def requested(key: str, digest: str = "same", amount: int = 1) -> Recording:
    return Recording(one(amount), request=request_name("7", key), digest=digest.encode()[:8].ljust(8))


def identified(*ids: int) -> Recording:
    return Recording(Changes(), tuple((number.to_bytes(16, "big"), one()) for number in ids))


def commit(store: Store, *recordings: Recording) -> list[Outcome]:
    return [verdict.outcome for verdict in store.commit(recordings)]


def count(store: Store) -> float:
    return store.totals([COUNTER]).get(COUNTER, 0)


def test_a_repeated_request_is_answered_like_the_first_and_counted_once(place: StoreUnderTest, store: Store) -> None:
    assert commit(store, requested("a")) == [RECORDED]
    assert commit(store, requested("a"), requested("b"), requested("b")) == [DUPLICATE, RECORDED, DUPLICATE]
    assert count(store) == 2
    store.close()
    reopened = place.open()
    assert commit(reopened, requested("b"), requested("c")) == [DUPLICATE, RECORDED]
    assert count(reopened) == 3


def test_a_key_that_comes_with_another_request_is_a_conflict_and_changes_nothing(store: Store) -> None:
    assert commit(store, requested("a"), requested("a", "other", 10)) == [RECORDED, CONFLICT]
    assert commit(store, requested("a", "other", 10), requested("a")) == [CONFLICT, DUPLICATE]
    assert count(store) == 1


def test_known_events_are_left_out_and_the_others_are_counted(store: Store) -> None:
    assert commit(store, identified(1, 2), identified(2, 3, 3), Recording(one(10))) == [RECORDED] * 3
    assert count(store) == 13
    assert commit(store, identified(3, 4, 1)) == [RECORDED]
    assert count(store) == 14
    again = store.commit([identified(5), requested("a"), identified(5, 6, 4, 6), identified(6), requested("a")])
    assert [verdict.known for verdict in again] == [0, 0, 3, 1, 0]
    assert count(store) == 17


def test_the_events_of_a_request_that_is_a_duplicate_or_in_conflict_stay_unknown(store: Store) -> None:
    commit(store, requested("a"))
    again = Recording(one(), identified(1).identified, request_name("7", "a"), b"another ")
    assert commit(store, again, identified(1)) == [CONFLICT, RECORDED]
    assert count(store) == 2


def test_ids_and_requests_are_known_for_a_day_at_least_and_are_forgotten_after_two(
    place: StoreUnderTest, store: Store
) -> None:
    commit(store, identified(0))
    place.elapse(HALF_A_DAY - timedelta(minutes=1))
    commit(store, identified(1), requested("a"))
    for _ in range(4):  # nearly a day in all
        place.elapse(timedelta(hours=5, minutes=59))
        assert commit(store, identified(1), requested("a")) == [RECORDED, DUPLICATE]
        assert count(store) == 3
    for _ in range(3):
        place.elapse(HALF_A_DAY)
        commit(store, identified(9))
    assert commit(store, identified(1), requested("a")) == [RECORDED, RECORDED]
    assert count(store) == 6


def test_after_a_long_silence_nothing_old_is_known(place: StoreUnderTest, store: Store) -> None:
    commit(store, identified(1))
    for _ in range(3):  # as much as a clock may go ahead in one step
        place.elapse(timedelta(hours=30))
        store.trusted_now()
    commit(store, identified(1))
    assert count(store) == 2


def test_nobody_can_name_the_request_of_another_user(store: Store) -> None:
    other = Recording(one(), request=request_name("77", "a"), digest=b"same    ")
    assert request_name("7", "7a") != request_name("77", "a")
    assert commit(store, requested("a"), other) == [RECORDED, RECORDED]
    assert all(request_name("7", str(number))[8] >> 6 == 0b11 for number in range(500))  # a UUID has 10 there


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.none() | st.integers(0, 3), st.lists(st.integers(0, 9), max_size=4), st.integers(0, 2)),
            max_size=4,
        ),
        max_size=6,
    )
)
def test_any_groups_are_counted_as_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, groups: Sequence[Sequence[tuple[int | None, list[int], int]]]
) -> None:
    place = at_sqlite(tmp_path_factory.mktemp("any"))
    store = place.open()
    seen: dict[int, object] = {}
    ids: set[int] = set()
    expected: Counter[str] = Counter()
    for group in groups:
        recordings, outcomes = [], []
        for key, events, plain in group:
            body = (events, plain)
            recordings.append(
                Recording(
                    one(plain) if plain else Changes(),
                    identified(*events).identified,
                    None if key is None else request_name("7", str(key)),
                    repr(body).encode().ljust(8)[:40],
                )
            )
            if key is not None and key in seen:
                outcomes.append(DUPLICATE if seen[key] == body else CONFLICT)
                continue
            if key is not None:
                seen[key] = body
            outcomes.append(RECORDED)
            expected[COUNTER] += plain + len(set(events) - ids)
            ids |= set(events)
        assert commit(store, *recordings) == outcomes
    assert count(store) == expected[COUNTER]
    place.close()


def test_more_ids_than_are_kept_forget_the_oldest_and_never_refuse(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from metrics_dictionary.stores.sqlite import SqliteStore

    place = at_sqlite(tmp_path)
    store = SqliteStore(tmp_path / "store.db", clock=place.clock, monotonic=place.clock.monotonic, ids_limit=300)
    names = [os.urandom(16) for _ in range(1_000)]
    for name in names:
        store.commit([Recording(Changes(), ((name, one()),))])
    assert count(store) == 1_000
    store.commit([Recording(Changes(), tuple((name, one()) for name in names[-200:]))])
    assert count(store) == 1_000
    store.commit([Recording(Changes(), tuple((name, one()) for name in names[:100]))])
    assert count(store) == 1_100
    assert "100 ids came in 0.0 hours" in caplog.text
    assert "store.idempotency_limit" in caplog.text
    store.close()
