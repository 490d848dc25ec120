from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metrics_dictionary.ping.collect.collection import collect
from metrics_dictionary.ping.collect.listing import non_sql_metrics, queries
from metrics_dictionary.ping.sources.evaluation import Sources
from metrics_dictionary.ping.sources.facts import machine_facts
from metrics_dictionary.reading.read import read_dictionary
from tests.ping.collection_samples import NOW, added, counted, database, dictionary, metric, setting

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.dictionary import Dictionary

ROOT = Path(__file__).parents[3] / "definitions"

REDIS = {"redis_usage_data_block": "non-SQL usage data block"}
OTHER = {"alt_usage_data_block": "non-SQL usage data block"}


def both(defined: Dictionary, **sources: Any) -> tuple[object, object]:
    """What the two listings say of the metric `a`."""
    given = Sources(**sources)
    return queries(defined, given, NOW)["a"], non_sql_metrics(defined, given, NOW)["a"]


def test_a_database_metric_is_its_statement_within_its_window() -> None:
    defined = dictionary(metric("a", "BuildsMetric", time_frame="28d"), entries={"BuildsMetric": counted("ci_builds")})
    asked = database()
    sql, value = both(defined, database=asked)
    assert sql == (
        'SELECT COUNT("ci_builds"."id") FROM "ci_builds" WHERE "ci_builds"."created_at" '
        "BETWEEN '2023-12-16 23:33:50.387000' AND '2024-01-13 23:33:50.387000'"
    )
    assert value == -3
    assert asked.asked == []  # type: ignore[attr-defined]


def test_facts_of_the_instance_are_values_in_both() -> None:
    entries: dict[str, dict[str, object]] = {
        "HostMetric": setting("instance.hostname"),
        "PlanMetric": {"source": "license", "field": "plan"},
        "SystemMetric": {"source": "machine", "fact": "operating_system"},
        "ClockMetric": {"source": "clock"},
    }
    defined = dictionary(
        metric("host", "HostMetric"),
        metric("plan", "PlanMetric"),
        metric("settings.os", "SystemMetric"),
        metric("now", "ClockMetric"),
        metric("recorded_at", "ClockMetric"),
        entries=entries,
    )
    sources = Sources(
        settings={"instance": {"hostname": "localhost"}, "license": {"plan": "starter"}},
        machine={"operating_system": lambda: "mac_os_x-11.2.2"},
    )
    expected = {
        "recorded_at": "2024-01-15T23:33:50.387Z",
        "host": "localhost",
        "now": "2024-01-15T23:33:50.387Z",
        "plan": "starter",
        "settings": {"os": "mac_os_x-11.2.2"},
    }
    assert queries(defined, sources, NOW) == expected
    assert non_sql_metrics(defined, sources, NOW) == expected


class Unicorns:
    def value(self, _definition: Any, _context: Any) -> object:
        return 5


@pytest.mark.parametrize(
    ("fields", "entry", "marker", "value"),
    [
        ({"data_source": "internal_events", "events": [{"name": "e"}]}, None, REDIS, -2),
        ({"data_source": "redis", "options": {"event": "e"}}, {"source": "redis"}, REDIS, -2),
        ({"data_source": "redis_hll", "options": {"events": ["e"]}}, {"source": "redis_hll"}, REDIS, -2),
        (
            {"data_source": "prometheus"},
            {"source": "prometheus", "query": "up"},
            {"prometheus_block": "non-SQL usage data block"},
            -1,
        ),
        ({}, {"source": "database_schema"}, OTHER, -1),
    ],
)
def test_other_metrics_are_markers_among_queries_and_values_among_the_rest(
    fields: dict[str, object], entry: dict[str, object] | None, marker: object, value: object
) -> None:
    defined = dictionary(
        metric("a", "SampleMetric" if entry else None, **fields), entries={"SampleMetric": entry} if entry else {}
    )
    assert both(defined) == (marker, value)


def test_a_python_class_is_a_marker_or_its_value() -> None:
    assert both(dictionary(metric("a", "Unicorns")), classes={"Unicorns": Unicorns}) == (OTHER, 5)


def sums(*operands: str) -> Dictionary:
    entries = {
        "SumMetric": added(*operands),
        "InnerMetric": added("x", "y"),
        "XMetric": counted("x"),
        "YMetric": counted("y"),
        "SeatsMetric": setting("seats"),
        "CircleMetric": added("circle"),
    }
    return dictionary(
        metric("a", "SumMetric"),
        metric("inner", "InnerMetric"),
        metric("x", "XMetric"),
        metric("y", "YMetric"),
        metric("seats", "SeatsMetric"),
        metric("circle", "CircleMetric"),
        metric("gone", "XMetric", status="removed"),
        entries=entries,
    )


X = '(SELECT COUNT("x"."id") FROM "x")'
Y = '(SELECT COUNT("y"."id") FROM "y")'


@pytest.mark.parametrize(
    ("operands", "query", "value"),
    [
        (("x", "y"), f"SELECT {X} + {Y}", -3),
        (("inner", "x"), f"SELECT {X} + {Y} + {X}", -3),
        (("x",), f"SELECT {X}", -3),
        (("x", "seats"), OTHER, -3),
        (("seats", "seats"), OTHER, 8),
        (("circle",), -1, -1),
        (("a",), -1, -1),
        (("gone",), -1, -1),
        (("missing",), -1, -1),
    ],
)
def test_a_sum_of_statements_is_a_statement(operands: tuple[str, ...], query: object, value: object) -> None:
    assert both(sums(*operands), settings={"seats": 4}) == (query, value)


def test_sums_that_double_at_every_floor_are_given_up_on() -> None:
    entries: dict[str, dict[str, object]] = {
        f"M{'a' * floor}": added(f"m{floor + 1}", f"m{floor + 1}") for floor in range(1, 60)
    }
    entries[f"M{'a' * 60}"] = setting("seats")
    metrics = [metric(f"m{floor}", f"M{'a' * floor}") for floor in range(1, 61)]
    defined = dictionary(*metrics, entries=entries)
    assert queries(defined, Sources(settings={"seats": 1}), NOW)["m1"] == -1
    assert non_sql_metrics(defined, Sources(settings={"seats": 1}), NOW)["m1"] == -1
    assert collect(defined, Sources(settings={"seats": 1}), now=NOW).tree["m1"] == 2**59


def test_a_metric_that_nothing_computes_is_minus_one_in_both() -> None:
    assert both(dictionary(metric("a", "UnknownMetric"))) == (-1, -1)
    broken = {"source": "database", "operation": "median", "table": "t"}
    assert both(dictionary(metric("a", "SampleMetric"), entries={"SampleMetric": broken})) == (-1, -3)


def test_removed_metrics_are_in_neither() -> None:
    defined = dictionary(metric("a", "SeatsMetric", status="removed"), entries={"SeatsMetric": setting("seats")})
    assert queries(defined, Sources(), NOW).keys() == {"recorded_at"}
    assert non_sql_metrics(defined, Sources(), NOW).keys() == {"recorded_at"}


FACTS: dict[str, object] = {
    "instance": {
        "hostname": "localhost",
        "version": "13.11.0-pre",
        "installation_type": "gitlab-development-kit",
        "edition": "EE",
    },
    "license": {
        "md5": "c701acc03844c45366dd175ef7a4e19c",
        "sha256": "366dd175ef7a4e19cc701acc03844c45366dd175ef7a4e19cc701acc03844c45",
        "historical_max_users": 0,
        "licensee": {"Name": "John Doe1"},
        "starts_at": date(1970, 1, 1),
        "expires_at": date(2022, 2, 23),
        "plan": "starter",
        "add_ons": {"GitLab_FileLocks": 1, "GitLab_Auditor_User": 1},
        "subscription_id": "0000",
    },
}

EXPECTED_FACTS: dict[str, object] = {
    "uuid": None,
    "hostname": "localhost",
    "version": "13.11.0-pre",
    "installation_type": "gitlab-development-kit",
    "edition": "EE",
    "license_md5": "c701acc03844c45366dd175ef7a4e19c",
    "license_sha256": "366dd175ef7a4e19cc701acc03844c45366dd175ef7a4e19cc701acc03844c45",
    "license_id": None,
    "historical_max_users": 0,
    "licensee": {"Name": "John Doe1"},
    "license_user_count": None,
    "license_starts_at": "1970-01-01",
    "license_expires_at": "2022-02-23",
    "license_plan": "starter",
    "license_add_ons": {"GitLab_FileLocks": 1, "GitLab_Auditor_User": 1},
    "license_trial": None,
    "license_subscription_id": "0000",
    "license": {},
}

EXPECTED_STATEMENTS = {
    "assignee_lists": 'SELECT COUNT("lists"."id") FROM "lists" WHERE "lists"."list_type" = 3',
    "boards": 'SELECT COUNT("boards"."id") FROM "boards"',
    "ci_builds": 'SELECT COUNT("ci_builds"."id") FROM "ci_builds" WHERE "ci_builds"."type" = \'Ci::Build\'',
    "ci_external_pipelines": 'SELECT COUNT("ci_pipelines"."id") FROM "ci_pipelines" WHERE "ci_pipelines"."source" = 6',
    "ci_runners": 'SELECT COUNT("ci_runners"."id") FROM "ci_runners"',
}

ACTIVE_USERS = (
    'SELECT COUNT("users"."id") FROM "users" WHERE ("users"."state" IN (\'active\')) '
    'AND ("users"."user_type" IS NULL OR "users"."user_type" IN (NULL, 6, 4))'
)


@pytest.fixture(scope="module")
def shipped() -> Dictionary:
    return read_dictionary(ROOT).dictionary


@pytest.fixture
def instance() -> Sources:
    return Sources(settings=FACTS, machine={"operating_system": lambda: "mac_os_x-11.2.2"})


def test_the_shipped_definitions_list_facts_and_statements_as_the_api_documents_them(
    shipped: Dictionary, instance: Sources
) -> None:
    listed: Any = queries(shipped, instance, NOW)
    assert next(iter(listed)) == "recorded_at"
    assert {key: listed[key] for key in EXPECTED_FACTS} == EXPECTED_FACTS
    assert listed["active_user_count"] == ACTIVE_USERS
    assert listed["settings"]["ldap_encrypted_secrets_enabled"] is False
    assert listed["settings"]["operating_system"] == "mac_os_x-11.2.2"
    assert {name: listed["counts"][name] for name in EXPECTED_STATEMENTS} == EXPECTED_STATEMENTS


def test_the_shipped_definitions_list_other_values_as_the_api_documents_them(
    shipped: Dictionary, instance: Sources
) -> None:
    listed: Any = non_sql_metrics(shipped, instance, NOW)
    assert {key: listed[key] for key in EXPECTED_FACTS} == EXPECTED_FACTS
    assert listed["active_user_count"] == -3
    assert listed["settings"]["ldap_encrypted_secrets_enabled"] is False
    assert {listed["counts"][name] for name in EXPECTED_STATEMENTS} == {-3}


def test_every_shipped_metric_has_a_place_in_both_listings(shipped: Dictionary, instance: Sources) -> None:
    live = {key_path for key_path, definition in shipped.expanded.items() if not definition.removed}
    for tree in (queries(shipped, instance, NOW), non_sql_metrics(shipped, instance, NOW)):
        for key_path in live:
            value: Any = tree
            for name in key_path.split("."):
                value = value[name]


def test_no_shipped_metric_fails_for_another_reason_than_a_source_that_is_not_configured(
    shipped: Dictionary, instance: Sources
) -> None:
    whole = replace(instance, machine=machine_facts(None))
    reasons = {failure.reason for failure in collect(shipped, whole, now=NOW).failures}
    unexpected = {reason for reason in reasons if "configured" not in reason}
    assert unexpected == set()
