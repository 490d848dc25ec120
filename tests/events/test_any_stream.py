"""Any stream of events across the end of a year, in every store, held against plain Python."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics_dictionary.stores.redis import RedisStore
from metrics_dictionary.stores.sqlite import SqliteStore
from tests.events.event_samples import LENIENT, Clock, StoredTracker, a_dictionary, values
from tests.services import redis as redis_service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from metrics_dictionary.stores.store import Store

ROUNDS = 2_000 if os.environ.get("CI") == "true" else 200

EVENTS = """
- {action: rename, additional_properties: {lang: {description: x}, attempts: {description: x}}}
- {action: merge}
"""

YEARS = (2020, 2023, 2026, 2027)
"""Two of them have 53 ISO weeks; their last days lie in the first week, the last week or the 53rd."""

MICROSECOND = timedelta(microseconds=1)

# What one property is filtered by has one type, as the rule `filter-type` asks; what clients send has any.
filters = st.fixed_dictionaries(
    {}, optional={"label": st.sampled_from(["a", "1"]), "value": st.sampled_from([1, 1.0, 0.5])}
)
filters_of_rename = st.fixed_dictionaries(
    {},
    optional={"label": st.just("a"), "lang": st.sampled_from(["eng", "1"]), "attempts": st.sampled_from([1, 1.0, 2])},
)
totals = st.fixed_dictionaries({"name": st.just("rename")}, optional={"filter": filters_of_rename}) | (
    st.fixed_dictionaries(
        {"name": st.sampled_from(["rename", "merge"])}, optional={"filter": filters, "operator": st.just("sum(value)")}
    )
)
uniques = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["rename", "merge"]),
        "unique": st.sampled_from(["user.id", "project.id", "namespace.id", "label", "value"]),
    },
    optional={"filter": filters},
)
totals_by_value = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["rename", "merge"]),
        "unique": st.sampled_from(["label", "value"]),
        "operator": st.just("total"),
    },
    optional={"filter": filters},
)
metrics = st.lists(
    st.fixed_dictionaries({
        "time_frame": st.sampled_from(["7d", "28d", "all"]), "events": st.lists(totals, min_size=1, max_size=2)
    })
    | st.fixed_dictionaries({
        "time_frame": st.sampled_from(["7d", "28d"]), "events": st.lists(uniques, min_size=1, max_size=3)
    })
    | st.fixed_dictionaries({
        "time_frame": st.sampled_from(["7d", "28d", "all"]),
        "events": st.lists(totals_by_value, min_size=1, max_size=3),
    })
    | st.just({"time_frame": "28d", "data_source": "redis_hll", "options": {"events": ["rename", "merge"]}})
    | st.just({"time_frame": "all", "data_source": "redis", "options": {"event": "rename"}}),
    min_size=1,
    max_size=4,
)  # fmt: skip

late = st.timedeltas(timedelta(hours=-1), timedelta(days=28)) | st.sampled_from(
    [timedelta(0), timedelta(hours=-1), timedelta(days=7), timedelta(days=28)]
)
"""How long before it is reported an event happened; a client's clock may be an hour ahead."""

zones = st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours)))

bodies = st.fixed_dictionaries(
    {"event": st.sampled_from(["rename", "merge"])},
    optional={
        "project_id": st.integers(1, 3),
        "namespace_id": st.integers(1, 2),
        "occurred_at": st.tuples(late, zones),
        "additional_properties": st.fixed_dictionaries(
            {},
            optional={
                "label": st.sampled_from(["a", "b", "1"]),
                "value": st.sampled_from([1, 1.0, 2, 0.5, -3]),
                "lang": st.sampled_from(["eng", "1", 1]),
                "attempts": st.sampled_from([1, 1.0, "1", 2]),
            },
        ),
    },
)
calls = (
    st.tuples(st.just("track"), st.lists(bodies, min_size=1, max_size=4), st.none() | st.integers(1, 3))
    | st.tuples(st.just("increment_counter"), st.sampled_from(["rename", "merge"]), st.none())
    | st.tuples(st.just("increment_unique_users"), st.sampled_from(["rename", "merge"]), st.integers(1, 3))
)
weeks = st.integers(-6, 5)
within = st.timedeltas(timedelta(0), timedelta(days=7) - MICROSECOND)
edges = st.sampled_from([timedelta(0), MICROSECOND, timedelta(days=7) - MICROSECOND])
moments = st.tuples(weeks, edges | within)


@dataclass(frozen=True)
class Occurrence:
    moment: datetime
    event: str
    user: int | None = None
    body: dict[str, Any] = field(default_factory=dict)
    call: str = "track"

    @property
    def properties(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body.get("additional_properties", {})
        return found


Opened = Callable[[Clock], "Store"]


@pytest.fixture(scope="module")
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Opened]]:
    """What empties a store and opens it, for each kind of store; without a Redis, SQLite is tested alone."""
    with ExitStack() as stack:
        found = [stack.enter_context(in_sqlite(tmp_path_factory.mktemp("any") / "store.db"))]
        if redis_service.EXECUTABLE is not None or os.environ.get("CI") == "true":
            found.append(stack.enter_context(in_redis(request.getfixturevalue("redis_server").url)))
        yield found


@contextmanager
def in_sqlite(path: Path) -> Iterator[Opened]:
    SqliteStore(path, clock=Clock()).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")

        def opened(clock: Clock) -> Store:
            for table in ("totals", "sets", "members", "ended_sets", "totals_by_value", "state"):
                connection.execute(f"DELETE FROM {table}")
            store = SqliteStore(path, clock=clock, monotonic=lambda: clock.now.timestamp())
            store._writer.execute("PRAGMA synchronous = OFF")
            return store

        yield opened


@contextmanager
def in_redis(url: str) -> Iterator[Opened]:
    with redis.Redis.from_url(url, protocol=2) as client:

        def opened(clock: Clock) -> Store:
            client.flushall()
            return RedisStore(url, clock=clock)

        yield opened


def a_moment(year: int, place: tuple[int, timedelta]) -> datetime:
    """Return a moment by its distance from the Monday of the week in which the year ends."""
    last = datetime(year, 12, 31, tzinfo=UTC)
    return last - timedelta(days=last.weekday()) + timedelta(weeks=place[0]) + place[1]


@given(
    st.sampled_from(YEARS),
    metrics,
    st.lists(st.tuples(moments, calls), max_size=8),
    st.tuples(st.integers(-1, 5), within),
)
@settings(max_examples=ROUNDS)
def test_any_stream_of_events_has_the_values_that_plain_python_counts(
    stores: list[Opened], year: int, defined: list[dict[str, Any]], stream: list[Any], reading: tuple[int, timedelta]
) -> None:
    now = a_moment(year, reading)
    sent = sorted(((a_moment(year, place), call) for place, call in stream), key=lambda item: item[0])
    sent = [item for item in sent if item[0] <= now]
    named = [{"key_path": f"m{number}", **metric} for number, metric in enumerate(defined)]
    dictionary = a_dictionary(str(named), EVENTS)
    expected = {metric["key_path"]: counted(metric, occurrences(sent), now) for metric in named}
    for opened in stores:
        clock = Clock(sent[0][0] if sent else now)
        with closing(opened(clock)) as store:
            send(StoredTracker(dictionary, store, clock=clock, rules=LENIENT), clock, sent)
            clock.now = now
            assert values(dictionary, store, now) == {name: value for name, value in expected.items() if value}


def send(tracker: StoredTracker, clock: Clock, sent: list[Any]) -> None:
    for moment, (call, what, user) in sent:
        clock.now = moment
        if call == "track":
            for body in what:
                if body["event"] == "merge":  # declares no properties of its own
                    body.get("additional_properties", {}).pop("lang", None)
                    body.get("additional_properties", {}).pop("attempts", None)
            tracker.track([dated(body, moment) for body in what], user)
        elif call == "increment_counter":
            tracker.increment_counter(what)
        else:
            tracker.increment_unique_users(what, user)


def dated(body: dict[str, Any], moment: datetime) -> dict[str, Any]:
    """Return the body as it is sent: with the time at which the event happened, on the client's own clock."""
    if "occurred_at" not in body:
        return body
    ago, zone = body["occurred_at"]
    return {**body, "occurred_at": (moment - ago).astimezone(zone).isoformat()}


def occurrences(sent: list[Any]) -> list[Occurrence]:
    found = []
    for moment, (call, what, user) in sent:
        if call == "track":
            found += [
                Occurrence(moment - body.get("occurred_at", [timedelta(0)])[0], body["event"], user, body)
                for body in what
            ]
        else:
            found.append(Occurrence(moment, what, user, call=call))
    return found


def counted(metric: dict[str, Any], happened: list[Occurrence], now: datetime) -> float | dict[str, dict[str, int]]:
    """Count from the list of all that happened, without keys, weeks' names or an index."""
    options = metric.get("options", {})
    if metric.get("events") and metric["events"][0].get("operator") == "total":
        return counted_by_value(metric, happened, now)
    if "event" in options:
        return sum(1 for one in happened if one.call == "increment_counter" and one.event == options["event"])
    rules = metric.get("events") or [{"name": name, "unique": "user.id"} for name in options["events"]]
    distinct: set[str] = set()
    number = 0.0
    for rule in rules if "unique" in rules[0] else each_once(rules):
        for one in happened:
            if one.event != rule["name"] or not covers(metric["time_frame"], one.moment, now) or not passes(one, rule):
                continue
            if "unique" in rule:
                distinct |= {written(value) for value in [unique_value(one, rule["unique"])] if value is not None}
            elif one.call != "increment_unique_users":
                number += one.properties.get("value", 0) if "operator" in rule else 1
    return number + len(distinct)


def counted_by_value(metric: dict[str, Any], happened: list[Occurrence], now: datetime) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {rule["unique"]: {} for rule in metric["events"]}
    rules = {
        (rule["name"], rule["unique"], repr(sorted(rule.get("filter", {}).items()))): rule for rule in metric["events"]
    }
    for rule in rules.values():
        for one in happened:
            value = one.properties.get(rule["unique"])
            is_counted = one.event == rule["name"] and covers(metric["time_frame"], one.moment, now)
            if value is not None and is_counted and passes(one, rule):
                totals = found[rule["unique"]]
                totals[written(value)] = totals.get(written(value), 0) + 1
    return found


def each_once(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out a rule that is written twice: both read one counter, which is added once."""
    found = {(rule["name"], "operator" in rule, repr(sorted(rule.get("filter", {}).items()))): rule for rule in rules}
    return list(found.values())


def passes(one: Occurrence, rule: dict[str, Any]) -> bool:
    """Whether each property has the value of the filter: 3 is 3.0 and is not "3"."""
    return all(
        name in one.properties
        and isinstance(one.properties[name], str) == isinstance(wanted, str)
        and one.properties[name] == wanted
        for name, wanted in rule.get("filter", {}).items()
    )


def unique_value(one: Occurrence, unique: str) -> object:
    if one.call == "increment_unique_users" and unique != "user.id":
        return None
    ids = {
        "user.id": one.user,
        "project.id": one.body.get("project_id"),
        "namespace.id": one.body.get("namespace_id"),
    }
    return ids[unique] if unique in ids else one.properties.get(unique)


def written(value: object) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def covers(time_frame: str, moment: datetime, now: datetime) -> bool:
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    days = {"7d": 7, "28d": 28}.get(time_frame)
    return days is None or monday - timedelta(days=days) <= moment < monday
