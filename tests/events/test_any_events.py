"""Whatever a client sends, and however much of it: no surprise, and every number as if counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics_dictionary.events.event_errors import EventsRefusedError
from metrics_dictionary.events.tracking import EventTracker
from metrics_dictionary.stores.sqlite import SqliteStore
from tests.events.event_samples import Clock, a_dictionary, values

if TYPE_CHECKING:
    from collections.abc import Iterator

DICTIONARY = a_dictionary()

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
nearly_events = st.fixed_dictionaries(
    {"event": st.sampled_from(["rename", "merge", "old_push", "renam", ""]) | json_values},
    optional={
        "project_id": json_values,
        "namespace_id": json_values,
        "send_to_snowplow": json_values,
        "additional_properties": json_values
        | st.dictionaries(st.sampled_from(["label", "property", "value", "lang", "attempts", "\ud800"]), json_values),
    },
)


@pytest.fixture(scope="module")
def lasting_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path_factory.mktemp("any") / "store.db", clock=Clock())
    yield store
    store.close()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bodies=json_values | st.lists(nearly_events | json_values, max_size=5), form=st.booleans())
def test_any_json_value_is_counted_or_refused_in_printable_words(
    bodies: object, form: bool, lasting_store: SqliteStore
) -> None:
    tracker = EventTracker(DICTIONARY, lasting_store, clock=Clock())
    errors: tuple[str, ...] = ("nothing is wrong",)
    try:
        tracker.track(bodies, 7, form=form)
    except EventsRefusedError as refused:
        errors = refused.errors
    assert errors
    assert all(error.isprintable() and error.encode() for error in errors)


@settings(max_examples=200, deadline=None)
@given(event=json_values)
def test_any_json_value_given_to_the_older_calls_is_refused(event: object, lasting_store: SqliteStore) -> None:
    tracker = EventTracker(DICTIONARY, lasting_store, clock=Clock())
    with pytest.raises(EventsRefusedError):
        tracker.increment_counter(event)


moments = st.integers(min_value=0, max_value=70 * 24).map(
    lambda hours: datetime(2026, 11, 20, tzinfo=UTC) + timedelta(hours=hours)
)
valid_events = st.fixed_dictionaries(
    {"event": st.sampled_from(["rename", "merge", "unread"])},
    optional={"project_id": st.integers(1, 3), "namespace_id": st.integers(1, 3)},
)
properties = st.fixed_dictionaries(
    {},
    optional={
        "label": st.sampled_from(["a", "b", "1"]),
        "property": st.sampled_from(["broken", "gone"]),
        "value": st.sampled_from([1, 1.0, 2, 0.5, -3]),
        "lang": st.sampled_from(["eng", "deu"]),
        "attempts": st.sampled_from([1, "1", 2]),
    },
)
requests = st.lists(
    st.tuples(
        moments, st.integers(1, 3) | st.none(), st.lists(st.tuples(valid_events, properties), min_size=1, max_size=4)
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(sent=requests, reading=st.integers(0, 14))
def test_the_numbers_are_those_of_counting_by_hand(
    sent: list[Any], reading: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    now = datetime(2027, 1, 1, 6, tzinfo=UTC) + timedelta(days=reading)
    clock = Clock()
    store = SqliteStore(tmp_path_factory.mktemp("model") / "store.db", clock=clock)
    tracker = EventTracker(DICTIONARY, store, clock=clock)
    happened = []
    for moment, user, bodies in sorted((item for item in sent if item[0] <= now), key=lambda item: item[0]):
        clock.now = moment
        events = [
            body if body["event"] != "rename" else {**body, "additional_properties": more} for body, more in bodies
        ]
        tracker.track(events, user)
        happened += [(moment, user, event) for event in events]
    clock.now = now
    assert values(DICTIONARY, store, now) == pytest.approx(by_hand(happened, now))
    store.close()


def by_hand(happened: list[tuple[datetime, int | None, dict[str, Any]]], now: datetime) -> dict[str, float]:
    """Compute the metrics from the list of all that happened, without keys, weeks' names or an index."""
    found = {}
    for key_path, metric in DICTIONARY.expanded.items():
        if metric.removed or metric.data_source == "redis":
            continue
        listed: Any = metric.options.get("events", ())
        rules: Any = metric.fields.get("events") or [{"name": name, "unique": "user.id"} for name in listed]
        chosen = [
            (rule, user, event)
            for rule in rules
            for moment, user, event in happened
            if event["event"] == rule["name"] and matches(event, rule) and covers(metric.time_frames[0], moment, now)
        ]
        found[key_path] = total(chosen)
    return {key_path: value for key_path, value in found.items() if value}


def matches(event: dict[str, Any], rule: dict[str, Any]) -> bool:
    given = event.get("additional_properties", {})
    return all(name in given and given[name] == value for name, value in rule.get("filter", {}).items())


def covers(time_frame: str, moment: datetime, now: datetime) -> bool:
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    days = {"7d": 7, "28d": 28}.get(time_frame)
    return days is None or monday - timedelta(days=days) <= moment < monday


def total(chosen: list[tuple[dict[str, Any], int | None, dict[str, Any]]]) -> float:
    distinct, number = set(), 0.0
    for rule, user, event in chosen:
        given = event.get("additional_properties", {})
        if "unique" in rule:
            sources = {
                "user.id": user,
                "project.id": event.get("project_id"),
                "namespace.id": event.get("namespace_id"),
            }
            distinct.add(sources.get(rule["unique"], given.get(rule["unique"])))
        elif "operator" in rule:
            number += given.get("value", 0)
        else:
            number += 1
    return number + len(distinct - {None})
