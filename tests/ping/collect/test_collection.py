from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.ping.collect.collection import collect
from metrics_dictionary.ping.collect.payload import cached, failures
from metrics_dictionary.ping.database.database import DatabaseUnavailableError
from metrics_dictionary.ping.sources.evaluation import Sources
from metrics_dictionary.stores.keys import counter_key, unique_key, week_of
from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import CachedPayload, Changes, Recording, StoreUnavailableError
from tests.ping.collection_samples import NOW, added, counted, database, dictionary, metric, setting, web

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from metrics_dictionary.ping.collect.payload import Payload
    from metrics_dictionary.stores.store import Store

SETTINGS: dict[str, object] = {
    "instance": {"hostname": "localhost", "seats": 7, "beta": True},
    "license": {"plan": "starter", "starts_at": date(1970, 1, 1)},
}


def payload_of(defined: Dictionary, **sources: Any) -> Payload:
    return collect(defined, Sources(**{"settings": SETTINGS, **sources}), now=NOW)


def tree_of(defined: Dictionary, **sources: Any) -> dict[str, object]:
    tree = payload_of(defined, **sources).tree
    assert tree.pop("recorded_at") == "2024-01-15T23:33:50.387Z"
    return tree


def failure_of(defined: Dictionary, **sources: Any) -> str:
    (failure,) = payload_of(defined, **sources).failures
    return failure.reason


def reading(name: str, **fields: object) -> Dictionary:
    return dictionary(metric("a", "AMetric", **fields), entries={"AMetric": setting(name)})


def test_values_are_nested_by_key_path_behind_the_time_of_collection() -> None:
    entries = {"HostMetric": setting("instance.hostname"), "BuildsMetric": counted("ci_builds")}
    defined = dictionary(
        metric("zone.host", "HostMetric"),
        metric("counts.ci_builds", "BuildsMetric"),
        metric("host", "HostMetric"),
        entries=entries,
    )
    payload = payload_of(defined, database=database(ci_builds=463))
    assert list(payload.tree) == ["recorded_at", "counts", "host", "zone"]
    assert payload.tree["counts"] == {"ci_builds": 463}
    assert payload.failures == ()


def test_each_time_frame_of_a_definition_has_its_own_value_and_window() -> None:
    defined = dictionary(
        metric("counts.builds", "BuildsMetric", time_frame=["7d", "28d", "all"]),
        entries={"BuildsMetric": counted("ci_builds")},
    )
    asked = database(ci_builds=1)
    assert tree_of(defined, database=asked) == {"counts": {"builds": 1, "builds_monthly": 1, "builds_weekly": 1}}
    windows = [relation.rows.conditions for relation in asked.asked]  # type: ignore[attr-defined]
    assert [len(conditions) for conditions in windows] == [0, 1, 1]
    assert windows[2][0].start == NOW - timedelta(days=9)
    assert windows[2][0].end == NOW - timedelta(days=2)


def test_removed_metrics_are_left_out_and_broken_ones_are_not() -> None:
    defined = dictionary(
        metric("gone", "HostMetric", status="removed"),
        metric("broken", "HostMetric", status="broken"),
        entries={"HostMetric": setting("instance.hostname")},
    )
    assert tree_of(defined) == {"broken": "localhost"}


def test_a_data_category_that_is_switched_off_is_left_out_and_one_that_is_not_stated_is_optional() -> None:
    defined = dictionary(
        metric("sent", "HostMetric", data_category="standard"),
        metric("kept", "HostMetric", data_category="optional"),
        metric("unstated", "HostMetric"),
        entries={"HostMetric": setting("instance.hostname")},
    )
    payload = collect(defined, Sources(settings=SETTINGS), categories={"standard", "operational"}, now=NOW)
    assert payload.tree == {"recorded_at": "2024-01-15T23:33:50.387Z", "sent": "localhost"}


def test_a_defined_time_of_collection_stays_in_its_first_place() -> None:
    defined = dictionary(
        metric("edition", "HostMetric"),
        metric("recorded_at", "ClockMetric", value_type="string"),
        entries={"HostMetric": setting("instance.hostname"), "ClockMetric": {"source": "clock"}},
    )
    payload = payload_of(defined)
    assert list(payload.tree) == ["recorded_at", "edition"]
    assert payload.failures == ()


def test_the_time_of_collection_is_told_in_utc() -> None:
    there = datetime(2024, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert collect(dictionary(), Sources(), now=there).tree == {"recorded_at": "2023-12-31T23:00:00.000Z"}


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        collect(dictionary(), Sources(), now=datetime(2024, 1, 1))  # noqa: DTZ001 - what is tested


def test_what_is_not_set_is_null_without_being_a_failure() -> None:
    entries: dict[str, dict[str, object]] = {
        "UuidMetric": setting("instance.uuid"),
        "DeepMetric": setting("instance.hostname.deeper"),
        "EditionMetric": {**setting("instance.edition"), "default": "CE"},
        "IdMetric": {"source": "license", "field": "id"},
        "ExtraMetric": {"source": "license", "field": "extra"},
    }
    defined = dictionary(
        metric("uuid", "UuidMetric", value_type="string"),
        metric("deep", "DeepMetric"),
        metric("edition", "EditionMetric"),
        metric("license_id", "IdMetric", value_type="number"),
        metric("license", "ExtraMetric", value_type="object"),
        entries=entries,
    )
    for settings in (SETTINGS, {}, {"license": "starter"}):
        payload = payload_of(defined, settings=settings)
        assert payload.failures == ()
        assert payload.tree | {"recorded_at": ""} == {
            "recorded_at": "",
            "deep": None,
            "edition": "CE",
            "license": {},
            "license_id": None,
            "uuid": None,
        }


def test_days_of_the_settings_file_become_texts() -> None:
    defined = dictionary(
        metric("license_starts_at", "StartMetric", value_type="string"),
        entries={"StartMetric": {"source": "license", "field": "starts_at"}},
    )
    assert tree_of(defined) == {"license_starts_at": "1970-01-01"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal(12), 12),
        (Decimal("12.5"), 12.5),
        (datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01T00:00:00.000Z"),
        (datetime(2024, 1, 1), "2024-01-01T00:00:00"),  # noqa: DTZ001 - a local time, as TOML has them
        ((1, {"a": [date(2024, 1, 2)]}), [1, {"a": ["2024-01-02"]}]),
    ],
)
def test_values_become_plain_json(value: object, expected: object) -> None:
    assert tree_of(reading("v"), settings={"v": value}) == {"a": expected}


def endless() -> list[object]:
    value: list[object] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "not a finite number"),
        (float("-inf"), "not a finite number"),
        ([1, Decimal("sNaN")], "not a finite number"),
        (10**400, "not a finite number, or is too large"),
        (pytest.param(10**5000, "not a finite number, or is too large", id="digits")),
        (b"bytes", "type bytes has no place in JSON"),
        ({"a": {1: 2}}, "key of the type int"),
        (endless(), "nested more than 64 levels"),
    ],
)
def test_what_json_cannot_say_is_a_failure(value: object, reason: str) -> None:
    assert tree_of(reading("v"), settings={"v": value}) == {"a": -1}
    assert reason in failure_of(reading("v"), settings={"v": value})


@pytest.mark.parametrize(
    ("value_type", "value", "reason"),
    [
        ("number", "7", "the value is a string, and its value_type is number"),
        ("number", True, "the value is a boolean, and its value_type is number"),
        ("string", 7, "the value is a number, and its value_type is string"),
        ("boolean", 0, "the value is a number, and its value_type is boolean"),
        ("object", "{}", "the value is a string, and its value_type is object"),
        ("string", {}, "the value is an object, and its value_type is string"),
    ],
)
def test_a_value_of_another_type_than_defined_is_a_failure(value_type: str, value: object, reason: str) -> None:
    defined = reading("v", value_type=value_type)
    assert tree_of(defined, settings={"v": value}) == {"a": -1}
    assert failure_of(defined, settings={"v": value}) == reason


@pytest.mark.parametrize(
    ("value_type", "value"),
    [("number", 7), ("number", 0.5), ("string", ""), ("boolean", False), ("object", {}), ("object", [1])],
)
def test_a_value_of_the_defined_type_passes(value_type: str, value: object) -> None:
    assert tree_of(reading("v", value_type=value_type), settings={"v": value}) == {"a": value}


SCHEMA = {"type": "object", "additionalProperties": {"type": "integer"}}


def with_schema(schema: object) -> Dictionary:
    path = "object_schemas/a.json"
    return replace(reading("v", value_type="object", value_json_schema=path), object_schemas={path: schema})


def test_an_object_that_does_not_follow_its_schema_is_a_failure_whose_reason_does_not_tell_the_value() -> None:
    assert tree_of(with_schema(SCHEMA), settings={"v": {"seats": 1}}) == {"a": {"seats": 1}}
    secret = {"v": {"seats": "jane@example.com"}}
    assert tree_of(with_schema(SCHEMA), settings=secret) == {"a": -1}
    reason = failure_of(with_schema(SCHEMA), settings=secret)
    assert reason == "the value does not follow object_schemas/a.json: $.seats breaks 'type'"


def test_a_schema_cannot_make_anybody_fetch_another() -> None:
    with web(lambda _: (200, {"Content-Type": "application/json"}, "{}")) as server:
        assert "Unresolvable" in failure_of(with_schema({"$ref": f"{server.url}/other.json"}), settings={"v": {}})
    assert server.requests == []


@pytest.mark.parametrize("schema", [None, 3, {"type": 3}, {"$ref": "#/nowhere"}])
def test_a_schema_that_cannot_be_used_fails_its_metric_only(schema: object) -> None:
    assert tree_of(with_schema(schema), settings={"v": {}}) == {"a": -1}
    assert failure_of(with_schema(schema), settings={"v": {}})


def test_a_key_path_below_another_value_has_no_place() -> None:
    entries = {"HostMetric": setting("instance.hostname")}
    paths = ("host", "host.name", "recorded_at.day", ".".join(["deep"] * 2000))
    payload = payload_of(dictionary(*(metric(path, "HostMetric") for path in paths), entries=entries))
    assert payload.tree | {"recorded_at": ""} == {"recorded_at": "", "host": "localhost"}
    reasons = {failure.key_path: failure.reason for failure in payload.failures}
    assert reasons.keys() == set(paths[1:])
    assert "host is a value itself" in reasons["host.name"]
    assert "recorded_at is a value itself" in reasons["recorded_at.day"]
    assert "64 levels" in reasons[paths[3]]
    assert json.loads(cached(payload).payload) == payload.tree


@pytest.mark.parametrize(
    ("instrumentation_class", "entries", "reason"),
    [
        (None, {}, "does not say how to compute the value; name an `instrumentation_class`"),
        ("UnknownMetric", {}, "the instrumentation UnknownMetric does not exist; add an entry"),
        ("OddMetric", {"OddMetric": {"source": "oracle"}}, "the source 'oracle' does not exist; choose one of"),
        ("OddMetric", {"OddMetric": {}}, "the instrumentation has no `source`; choose one of"),
        ("OddMetric", {"OddMetric": {"source": "setting"}}, "a: OddMetric.setting in definitions/instrumentations"),
        (
            "OddMetric",
            {"OddMetric": {"source": "machine", "fact": "colour"}},
            "the fact 'colour' of the machine is unknown",
        ),
        ("OddMetric", {"OddMetric": counted("t")}, "no database is configured"),
        ("OddMetric", {"OddMetric": {"source": "prometheus", "query": "up"}}, "no Prometheus server is configured"),
        ("OddMetric", {"OddMetric": {"source": "database_schema"}}, "ping.schema_snapshot"),
    ],
)
def test_what_cannot_be_computed_is_minus_one_with_a_reason(
    instrumentation_class: str | None, entries: dict[str, dict[str, object]], reason: str
) -> None:
    defined = dictionary(metric("a", instrumentation_class), entries=entries)
    assert tree_of(defined) == {"a": -1}
    assert reason in failure_of(defined)


def test_a_failure_on_the_database_stays_with_its_metric() -> None:
    entries = {"GoodMetric": counted("good"), "BadMetric": counted("bad")}
    defined = dictionary(metric("a", "BadMetric"), metric("b", "GoodMetric"), entries=entries)
    sources = {"database": database(good=5, bad=RuntimeError("the disk\nis on fire"))}
    assert tree_of(defined, **sources) == {"a": -1, "b": 5}
    assert failure_of(defined, **sources) == "RuntimeError: the disk is on fire"


def test_a_reason_is_short_enough_to_be_read() -> None:
    defined = dictionary(metric("a", "BadMetric"), entries={"BadMetric": counted("bad")})
    assert len(failure_of(defined, database=database(bad=RuntimeError("x" * 10_000)))) == 500


def test_a_machine_fact_is_found_out_when_it_is_needed() -> None:
    defined = dictionary(
        metric("os", "SystemMetric", value_type="string"),
        entries={"SystemMetric": {"source": "machine", "fact": "operating_system"}},
    )
    assert tree_of(defined, machine={"operating_system": lambda: "debian-12"}) == {"os": "debian-12"}


def test_a_sum_adds_metrics_that_are_computed_once() -> None:
    entries = {
        "BuildsMetric": counted("builds"),
        "SeatsMetric": setting("instance.seats"),
        "SumMetric": added("b", "s"),
    }
    defined = dictionary(
        metric("a", "SumMetric", value_type="number"),
        metric("b", "BuildsMetric"),
        metric("s", "SeatsMetric"),
        entries=entries,
    )
    asked = database(builds=3)
    assert tree_of(defined, database=asked) == {"a": 10, "b": 3, "s": 7}
    assert len(asked.asked) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("operand", "reason"),
    [
        ("missing", "missing has no value: no definition has this key path"),
        ("gone", "gone has no value: the metric is removed"),
        ("failed", "failed has no value: no database is configured"),
        ("host", "the value of host is not a number"),
        ("beta", "the value of beta is not a number"),
        ("unset", "the value of unset is not a number"),
        ("sum", "sum + sum"),
    ],
)
def test_a_sum_with_a_part_that_has_no_number_has_no_value(operand: str, reason: str) -> None:
    entries = {
        "SumMetric": added(operand),
        "HostMetric": setting("instance.hostname"),
        "BetaMetric": setting("instance.beta"),
        "UnsetMetric": setting("nothing"),
        "CountMetric": counted("t"),
    }
    defined = dictionary(
        metric("sum", "SumMetric"),
        metric("gone", "HostMetric", status="removed"),
        metric("failed", "CountMetric"),
        metric("host", "HostMetric"),
        metric("beta", "BetaMetric"),
        metric("unset", "UnsetMetric"),
        entries=entries,
    )
    payload = payload_of(defined)
    assert payload.tree["sum"] == -1
    assert reason in {failure.key_path: failure.reason for failure in payload.failures}["sum"]


def test_sums_in_a_circle_fail_and_name_it() -> None:
    defined = dictionary(
        metric("a", "FirstMetric"),
        metric("b", "SecondMetric"),
        entries={"FirstMetric": added("b"), "SecondMetric": added("a")},
    )
    payload = payload_of(defined)
    assert payload.tree | {"recorded_at": ""} == {"recorded_at": "", "a": -1, "b": -1}
    assert "adds up itself: a + b + a" in payload.failures[0].reason


def test_a_tower_of_sums_fails_instead_of_exhausting_the_stack() -> None:
    entries = {f"M{'a' * floor}": added(f"m{floor + 1:04}") for floor in range(1, 2000)}
    metrics = [metric(f"m{floor:04}", f"M{'a' * floor}") for floor in range(1, 2000)]
    payload = payload_of(dictionary(*metrics, entries=entries))
    assert len(payload.failures) == 1999
    assert payload.failures[64].reason == "more than 64 metrics add up one another"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{tmp_path}/store.db", clock=lambda: NOW)


def test_metrics_over_events_are_read_from_the_store(store: Store) -> None:
    week = week_of(NOW - timedelta(weeks=1))
    store.commit(
        [
            Recording(
                Changes(
                    increments={counter_key("opened", {}): 4, "USAGE_WIKI_CREATE": 3},
                    uniques={
                        unique_key("opened", "user", {}, week): frozenset({"1", "2"}),
                        unique_key("closed", "user", {}, week): frozenset({"2", "3"}),
                    },
                )
            )
        ]
    )
    entries: dict[str, dict[str, object]] = {
        "RedisMetric": {"source": "redis"},
        "RedisHLLMetric": {"source": "redis_hll"},
    }
    defined = dictionary(
        metric("opened", data_source="internal_events", events=[{"name": "opened"}]),
        metric("wiki", "RedisMetric", data_source="redis", options={"prefix": "wiki", "event": "create"}),
        metric(
            "people",
            "RedisHLLMetric",
            data_source="redis_hll",
            time_frame="7d",
            options={"events": ["opened", "closed"]},
        ),
        entries=entries,
    )
    assert tree_of(defined, store=store) == {"opened": 4, "people": 3, "wiki": 3}


def test_older_metrics_over_events_need_no_instrumentations(store: Store) -> None:
    store.commit([Recording(Changes({"USAGE_SEARCHES": 9}))])
    older = metric("searches", "RedisMetric", data_source="redis", options={"event": "searches"})
    assert tree_of(Dictionary((older,)), store=store) == {"searches": 9}


def test_a_counter_that_cannot_be_read_is_minus_two(store: Store) -> None:
    defined = dictionary(
        metric("a", data_source="internal_events", events=[{"name": "opened"}]),
        metric("b", data_source="internal_events", events=[]),
    )
    without = payload_of(defined)
    assert without.tree | {"recorded_at": ""} == {"recorded_at": "", "a": -2, "b": -2}
    assert "no store is configured" in without.failures[0].reason
    assert payload_of(defined, store=store).tree["a"] == 0
    store.close()
    closed = payload_of(defined, store=store)
    assert closed.tree["a"] == -2
    assert len(closed.failures) == 2


class AwayStore:
    def __init__(self) -> None:
        self.asked = 0

    def totals(self, _: object) -> dict[str, float]:
        self.asked += 1
        raise StoreUnavailableError("redis is away")


def test_a_source_that_is_away_three_times_in_a_row_is_not_asked_again_in_this_run() -> None:
    defined = dictionary(
        *(metric(f"m{n}", data_source="internal_events", events=[{"name": "opened"}]) for n in range(9))
    )
    away = AwayStore()
    payload = payload_of(defined, store=away)
    assert away.asked == 3
    assert [failure.reason for failure in payload.failures[:3]] == ["redis is away"] * 3
    assert payload.failures[8].reason == "not computed: 3 metrics in a row found the store away"
    assert set(payload.tree.values()) == {"2024-01-15T23:33:50.387Z", -2}


@pytest.mark.parametrize("between", [7, RuntimeError("no such table")])
def test_a_source_that_answers_now_and_then_is_asked_again(between: object) -> None:
    away = DatabaseUnavailableError("is away")
    answers = {"aa": away, "ab": away, "ac": between, "ba": away, "bb": away, "bc": 5}
    entries = {f"{table.upper()}a": counted(table) for table in answers}
    defined = dictionary(*(metric(table, f"{table.upper()}a") for table in answers), entries=entries)
    assert tree_of(defined, database=database(**answers))["bc"] == 5


class Unicorns:
    def value(self, definition: Any, context: Any) -> object:
        return {"of": definition.key_path, "start": str(context.window.start), "at": context.sources.settings["place"]}


class Broken:
    def value(self, _definition: Any, _context: Any) -> object:
        raise SystemExit("bye")


class Unspeakable:
    def value(self, _definition: Any, _context: Any) -> object:
        raise UnspeakableError


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


def test_a_python_class_computes_the_metric_that_names_it() -> None:
    defined = dictionary(metric("unicorns", "Unicorns", time_frame="7d"))
    expected = {"of": "unicorns", "start": "2024-01-06 23:33:50.387000+00:00", "at": "meadow"}
    assert tree_of(defined, classes={"Unicorns": Unicorns}, settings={"place": "meadow"}) == {"unicorns": expected}


def test_the_dictionarys_own_entry_goes_before_a_python_class() -> None:
    defined = dictionary(metric("a", "Unicorns"), entries={"Unicorns": setting("instance.seats")})
    assert tree_of(defined, classes={"Unicorns": Unicorns}) == {"a": 7}


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Broken, "RuntimeError: SystemExit instead of a value"),
        (Unspeakable, "UnspeakableError"),
        (lambda: object(), "AttributeError: 'object' object has no attribute 'value'"),
    ],
)
def test_whatever_a_python_class_does_wrong_fails_its_metric_only(make: Callable[[], Any], reason: str) -> None:
    defined = dictionary(metric("a", "OddMetric"))
    assert tree_of(defined, classes={"OddMetric": make}) == {"a": -1}
    assert failure_of(defined, classes={"OddMetric": make}) == reason


def test_a_python_class_that_never_returns_is_given_up_on() -> None:
    released = threading.Event()

    class Sleeper:
        def value(self, _definition: Any, _context: Any) -> object:
            return released.wait(30)

    defined = dictionary(
        metric("a", "Sleeper"),
        metric("b", "Seats"),
        metric("c", "Unicorns"),
        entries={"Seats": setting("instance.seats")},
    )
    classes = {"Sleeper": Sleeper, "Unicorns": Sleeper}
    payload = payload_of(defined, classes=classes, timeout=0.05)
    released.set()
    assert payload.tree | {"recorded_at": ""} == {"recorded_at": "", "a": -1, "b": 7, "c": -1}
    assert payload.failures[0].reason == "no answer within 0.05 seconds"


def test_progress_counts_metrics_and_what_it_raises_ends_the_collection() -> None:
    defined = dictionary(metric("a", "Seats"), metric("b", "Seats"), entries={"Seats": setting("instance.seats")})
    told: list[tuple[int, int]] = []
    collect(defined, Sources(), now=NOW, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]

    def interrupt(_done: int, _total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        collect(defined, Sources(), now=NOW, progress=interrupt)


def test_what_is_cached_tells_times_and_reasons_and_outlives_a_restart(store: Store) -> None:
    defined = dictionary(
        metric("uuid", "UuidMetric"),
        metric("counts.builds", "BuildsMetric"),
        entries={"UuidMetric": setting("instance.hostname"), "BuildsMetric": counted("builds")},
    )
    store.save_payload(cached(payload_of(defined)))
    found = store.payload()
    assert found is not None
    assert found.recorded_at == NOW
    assert json.loads(found.payload) == {
        "recorded_at": "2024-01-15T23:33:50.387Z",
        "counts": {"builds": -1},
        "uuid": "localhost",
    }
    metadata = json.loads(found.metadata)
    assert metadata["recorded_at"] == "2024-01-15T23:33:50.387Z"
    assert metadata["uuid"] == "localhost"
    assert [one["name"] for one in metadata["metrics"]] == ["counts.builds", "uuid"]
    assert all(0 <= one["time_elapsed"] < 10 for one in metadata["metrics"])
    assert [failure.key_path for failure in failures(found)] == ["counts.builds"]
    assert failures(found)[0].reason.startswith("no database is configured")


def test_elapsed_time_is_that_of_the_metric() -> None:
    class Slow:
        def value(self, _definition: Any, _context: Any) -> object:
            threading.Event().wait(0.05)
            return 1

    defined = dictionary(metric("a", "Slow"), metric("b", "Seats"), entries={"Seats": setting("instance.seats")})
    slow, quick = payload_of(defined, classes={"Slow": Slow}).measurements
    assert slow.elapsed >= 0.05
    assert quick.elapsed < 0.05


def test_a_text_that_utf_8_cannot_write_does_not_spoil_the_payload() -> None:
    payload = cached(payload_of(reading("v"), settings={"v": {"\ud800": "Grüße \udfff\0"}}))
    assert isinstance(payload, CachedPayload)
    payload.payload.encode("utf-8")
    assert json.loads(payload.payload)["a"] == {"?": "Grüße ?\0"}
