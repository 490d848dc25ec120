"""Totals by value in both stores, read by SQL and by Redis's own commands."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics_dictionary.ping.collect.evaluator import Evaluator
from metrics_dictionary.ping.collect.payload import Payload
from metrics_dictionary.ping.sources.evaluation import Sources
from metrics_dictionary.stores import store as store_module
from metrics_dictionary.stores.keys import KEY_LIFETIME, by_value_key, left_out_key
from metrics_dictionary.stores.redis import RedisStore
from metrics_dictionary.stores.store import (
    LEFT_OUT,
    Changes,
    CounterError,
    Outcome,
    OutcomeUnknownError,
    Recording,
    Store,
    StoreUnavailableError,
)
from tests.events.event_samples import StoredTracker, a_dictionary
from tests.stores.stores_under_test import START, StoreUnderTest, at_redis

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.services.redis import RedisServer

TOTALS = "{hll_counters}_push-operator:total-label"
WEEKLY = "{hll_counters}_push-operator:total-label-2026-53"
FILTERED = "{hll_counters}_push-operator:total-filter:[lang:eng,value:1]-label-2026-53"
LOST = "{metrics_dictionary_left_out}_"
COUNTER = "{event_counters}_push"
EVENTS = "[{action: push, additional_properties: {label: {description: x}}}]"
METRICS = """
- {key_path: ever, time_frame: all, value_type: object, events: [{name: push, unique: label, operator: total}]}
- {key_path: weekly, time_frame: 7d, value_type: object, events: [{name: push, unique: label, operator: total}]}
- {key_path: all, time_frame: all, value_type: number, events: [{name: push}]}
"""
DICTIONARY = a_dictionary(METRICS, EVENTS)


@pytest.fixture
def by_hand(redis_server: RedisServer) -> Iterator[Any]:
    at_redis(redis_server.url)
    with redis.Redis.from_url(redis_server.url, decode_responses=True, protocol=2) as client:
        yield client


def by_value(key: str, totals: Mapping[str, int], expiring: bool = False, **fields: Any) -> Recording:
    changes = Changes({COUNTER: 1}, by_value={key: totals}, expiring=frozenset({key} if expiring else ()))
    return Recording(changes, **fields)


def held(place: StoreUnderTest, key: str) -> dict[str, int]:
    """Read what a store holds without the store."""
    if place.is_redis:
        with redis.Redis.from_url(place.url, decode_responses=True, protocol=2) as client:
            return {value: int(total) for value, total in client.hgetall(key).items()}
    with closing(sqlite3.connect(place.url.removeprefix("sqlite:///"))) as connection:
        return dict(connection.execute("SELECT value, total FROM totals_by_value WHERE key = ?", (key,)))


def push(tracker: StoredTracker, labels: list[str]) -> None:
    for start in range(0, len(labels), 50):
        some = labels[start : start + 50]
        tracker.track([{"event": "push", "additional_properties": {"label": label}} for label in some], 7)


def test_the_keys_are_those_of_gitlab() -> None:
    assert by_value_key("push", "label", {}) == TOTALS
    assert by_value_key("push", "label", {"value": 1, "lang": "eng"}, "2026-53") == FILTERED
    assert left_out_key(TOTALS) == LOST + TOTALS


def test_totals_add_up_by_value_and_over_keys(place: StoreUnderTest, store: Store) -> None:
    values = {"form": 2, "": 1, "ünicode 'quoted'\n": 3, "5": 1}
    assert [one.outcome for one in store.commit([by_value(TOTALS, values), by_value(TOTALS, {"form": 5})])] == [
        Outcome.RECORDED
    ] * 2
    store.commit([by_value(WEEKLY, {"form": 1, "other": 4}, expiring=True)])
    assert held(place, TOTALS) == {**values, "form": 7}
    assert store.totals_by_value([TOTALS]) == {**values, "form": 7}
    assert store.totals_by_value([TOTALS, WEEKLY, FILTERED]) == {**values, "form": 8, "other": 4}
    assert store.totals_by_value([]) == {}
    assert store.totals([COUNTER, LOST + TOTALS]) == {COUNTER: 3}


def test_a_repeated_request_and_a_known_event_are_not_counted_again(place: StoreUnderTest, store: Store) -> None:
    named = by_value(TOTALS, {"form": 1}, request=bytes(range(16)), digest=bytes(8))
    event = Recording(Changes(), ((bytes(16), Changes(by_value={TOTALS: {"form": 10}})),))
    verdicts = store.commit([named, event]) + store.commit([named, event])
    assert [one.outcome for one in verdicts] == [Outcome.RECORDED] * 2 + [Outcome.DUPLICATE, Outcome.RECORDED]
    assert held(place, TOTALS) == {"form": 11}


def test_weekly_totals_end_and_begin_anew(place: StoreUnderTest, store: Store) -> None:
    store.commit([by_value(WEEKLY, {"form": 1, "x" * 201: 4}, expiring=True), by_value(TOTALS, {"form": 1})])
    assert store.totals([LOST + WEEKLY]) == {LOST + WEEKLY: 4}
    place.elapse(KEY_LIFETIME + timedelta(seconds=1))
    assert store.totals_by_value([WEEKLY]) == {}
    assert store.totals([LOST + WEEKLY]) == {}
    store.commit([by_value(WEEKLY, {"form": 2}, expiring=True)])
    assert store.totals_by_value([WEEKLY]) == {"form": 2}
    assert store.totals_by_value([TOTALS]) == {"form": 1}


def test_beyond_a_thousand_values_and_two_hundred_characters_events_are_taken_and_told(
    place: StoreUnderTest, store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_told", {})
    tracker = StoredTracker(DICTIONARY, store, clock=place.clock)
    before = LEFT_OUT.value()
    push(tracker, [f"v{number}" for number in range(998)] + ["y" * 200])
    push(tracker, ["v5", "y" * 201, "ü" * 200])  # the 1,000th value
    assert place.clock.now == START
    with caplog.at_level(logging.WARNING):
        push(tracker, ["one more", "v0", "one more", "another", "ü" * 200, "z" * 1_000])
    assert caplog.text.count("has no place for the values of some events") <= 2
    expected = {f"v{number}": 1 for number in range(998)} | {"v0": 2, "v5": 2, "y" * 200: 1, "ü" * 200: 2}
    lost = 5
    for key in (TOTALS, WEEKLY):
        assert held(place, key) == expected
        assert store.totals([LOST + key]) == {LOST + key: lost}
    assert store.totals([COUNTER]) == {COUNTER: 998 + 1 + 3 + 6}
    assert LEFT_OUT.value() - before == 2 * lost
    place.clock.now += timedelta(weeks=1)
    evaluator = Evaluator(DICTIONARY, Sources(store=store), place.clock.now)
    payload = Payload(place.clock.now, tuple(evaluator.measure(name) for name in ("all", "ever", "weekly")))
    assert payload.tree["weekly"] == {"label": expected}
    assert payload.failures == ()
    says = (
        "the value is incomplete: it lacks 5 events, because a week, or all time, has at most 1,000 values, each of at "
    )
    told: dict[str, Any] = json.loads(json.dumps(payload.metadata))
    assert [one.get("incomplete", "").startswith(says) for one in told["metrics"]] == [False, True, True]


def test_a_value_that_never_came_is_an_empty_object(place: StoreUnderTest, store: Store) -> None:
    measured = Evaluator(DICTIONARY, Sources(store=store), place.clock.now).measure("ever")
    assert (measured.value, measured.failure, measured.incomplete) == ({"label": {}}, None, None)


def test_a_backup_carries_them(place: StoreUnderTest, store: Store, tmp_path: Path) -> None:
    store.commit([by_value(TOTALS, {"form": 3, "x" * 201: 2}), by_value(WEEKLY, {"a": 1}, expiring=True)])
    store.backup(tmp_path / "copy")
    store.commit([by_value(TOTALS, {"form": 30, "late": 1})])
    store.restore(tmp_path / "copy")
    assert held(place, TOTALS) == {"form": 3}
    assert held(place, WEEKLY) == {"a": 1}
    assert store.totals([LOST + TOTALS]) == {LOST + TOTALS: 2}
    holdings = store.holdings()
    assert (holdings["totals by value"], holdings["sets"], holdings["counters and sums"]) == (2, 0, 1)


def test_a_hash_of_redis_ends_six_weeks_after_the_first_write(redis_server: RedisServer, by_hand: Any) -> None:
    with closing(RedisStore(redis_server.url)) as store:
        store.commit([by_value(WEEKLY, {"a": 1, "x" * 201: 1}, expiring=True), by_value(TOTALS, {"a": 1})])
    six_weeks = 6 * 7 * 24 * 3600
    assert [by_hand.ttl(key) for key in (WEEKLY, LOST + WEEKLY, TOTALS)] == [
        pytest.approx(six_weeks, abs=5), pytest.approx(six_weeks, abs=5), -1,
    ]  # fmt: skip
    assert by_hand.hgetall(WEEKLY) == {"a": "1"}


SPOILED = {
    "a string": lambda client: client.set(TOTALS, "5"),
    "a list": lambda client: client.rpush(TOTALS, "5"),
    "a set of users": lambda client: client.pfadd(TOTALS, "5"),
    "no number": lambda client: client.hset(TOTALS, "form", "many"),
    "a number too large": lambda client: client.hset(TOTALS, "form", str(2**63 - 1)),
    "no counter of what is left out": lambda client: client.rpush(LOST + TOTALS, "5"),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_a_key_of_the_wrong_kind_refuses_its_recordings_and_no_other(
    redis_server: RedisServer, by_hand: Any, spoil: Any
) -> None:
    with closing(RedisStore(redis_server.url)) as store:
        store.probe()
        spoil(by_hand)
        before = {key: by_hand.dump(key) for key in (TOTALS, LOST + TOTALS)}
        bad = Recording(Changes({COUNTER: 1}, {}, {}, by_value={WEEKLY: {"a": 1}, TOTALS: {"form": 1, "b": 1}}))
        good = by_value(WEEKLY, {"a": 1})
        verdicts = store.commit([good, bad, good, bad, good])
        assert [one.outcome for one in verdicts] == [Outcome.RECORDED, Outcome.REFUSED] * 2 + [Outcome.RECORDED]
        assert {one.key for one in verdicts} <= {None, TOTALS, LOST + TOTALS}
    assert by_hand.get(COUNTER) == "3"
    assert by_hand.hgetall(WEEKLY) == {"a": "3"}
    assert {key: by_hand.dump(key) for key in before} == before


def test_what_is_no_total_cannot_be_read(redis_server: RedisServer, by_hand: Any) -> None:
    with closing(RedisStore(redis_server.url)) as store:
        store.identifier()
        by_hand.hset(TOTALS, "form", "1.5")
        by_hand.set(WEEKLY, "1")
        for key in (TOTALS, WEEKLY):
            with pytest.raises(CounterError, match="rename or delete the key in Redis"):
                store.totals_by_value([key])


def test_a_damaged_set_found_while_writing_refuses_its_recording_and_no_other(
    redis_server: RedisServer, by_hand: Any
) -> None:
    damaged = "{hll_counters}_push-user"
    with closing(RedisStore(redis_server.url)) as store:
        store.commit([by_value(TOTALS, {"form": 2})])
        by_hand.pfadd(damaged, *range(5_000))
        by_hand.setrange(damaged, 0, "HYLL\x01")
        bad = Recording(
            Changes({}, {}, {damaged: frozenset({"1"})}, by_value={TOTALS: {"form": 1, "new": 1}, WEEKLY: {"a": 1}})
        )
        outcomes = [one.outcome for one in store.commit([bad, by_value(TOTALS, {"form": 5})])]
    assert outcomes == [Outcome.REFUSED, Outcome.RECORDED]
    assert by_hand.hgetall(TOTALS) == {"form": "7"}
    assert not by_hand.exists(WEEKLY)


def test_totals_that_are_written_are_taken_back_when_what_follows_fails(
    redis_server: RedisServer, by_hand: Any
) -> None:
    by_hand.acl_setuser(
        "clerk", enabled=True, passwords=["+secret"], keys=["*"], categories=["+@all"], commands=["-expire"]
    )
    try:
        with closing(RedisStore(redis_server.url.replace("redis://", "redis://clerk:secret@"))) as store:
            store.commit([by_value(TOTALS, {"form": 2}), by_value(WEEKLY, {"a": 1})])
            late = Changes({COUNTER: 1}, by_value={TOTALS: {"form": 5, "new": 1}, FILTERED: {"x" * 201: 1, "b": 1}},
                           expiring=frozenset({FILTERED}))  # fmt: skip
            with pytest.raises(StoreUnavailableError) as refused:
                store.commit([Recording(late)])
    finally:
        by_hand.acl_deluser("clerk")
    assert not isinstance(refused.value, OutcomeUnknownError)
    assert by_hand.hgetall(TOTALS) == {"form": "2"}
    assert by_hand.get(COUNTER) == "2"
    assert by_hand.exists(FILTERED, LOST + FILTERED) == 0


KEYS = (TOTALS, WEEKLY, FILTERED)
amounts = st.dictionaries(st.sampled_from(["a", "b", "c", "", "x" * 201]), st.integers(1, 3), max_size=3)
streams = st.lists(st.lists(st.dictionaries(st.sampled_from(KEYS), amounts, max_size=2), max_size=4), max_size=4)


@given(streams, st.sampled_from([None, *KEYS]))
@settings(max_examples=60)
def test_any_commits_leave_in_redis_what_plain_python_counts(
    redis_server: RedisServer, stream: list[list[dict[str, dict[str, int]]]], spoiled: str | None
) -> None:
    with redis.Redis.from_url(redis_server.url, decode_responses=True, protocol=2) as client:
        client.flushall()
        if spoiled is not None:
            client.set(spoiled, "x")
        counted: dict[str, Counter[str]] = {key: Counter() for key in KEYS}
        with closing(RedisStore(redis_server.url)) as store:
            for group in stream:
                verdicts = store.commit([Recording(Changes(by_value=totals)) for totals in group])
                for totals, verdict in zip(group, verdicts, strict=True):
                    assert (verdict.outcome is Outcome.REFUSED) == (spoiled in totals)
                    for key, of_key in totals.items() if spoiled not in totals else ():
                        counted[key].update(of_key)
        for key, expected in counted.items():
            long = expected.pop("x" * 201, 0)
            assert int(client.get(LOST + key) or 0) == long
            if key != spoiled:
                assert {value: int(total) for value, total in client.hgetall(key).items()} == expected
