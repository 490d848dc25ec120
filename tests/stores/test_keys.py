"""Key names: as documented, and never one name for two counters."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics_dictionary.dictionary.selection_rule import SelectionRule
from metrics_dictionary.stores.keys import counter_key, rule_key, rule_keys, sum_key, unique_key, week_of, weeks

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2027, 1, 6, 8, 0, tzinfo=UTC)

hostile = st.one_of(
    st.text("ab019,:[]-%\ud800", max_size=8),
    st.text(st.characters(exclude_categories=()), max_size=4),
    st.sampled_from(
        ["a-2026-01", "-filter:[label:x]", "x,label:y", "x]", "]-user-2026-01", "%2C", "-operator:sum(value)"]
    ),
)
filters = st.dictionaries(hostile, hostile, max_size=3)
week_or_none = st.one_of(st.none(), st.sampled_from(["2026-01", "2026-53", "0019-10"]))


def decoded(text: str) -> str:
    return re.sub("%(25|2C|2D|3A|5B|5D|D[89A-F][0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text)


def parsed(key: str) -> tuple[str, str, dict[str, str], str | None, str | None]:
    """Kind, event, filter, unique, week: that a key can be taken apart shows that no two counters share one."""
    kind, _, rest = key.removeprefix("{").partition("}_")
    week = re.search(r"-([0-9]{4}-[0-9]{2})\Z", rest)
    if week:
        rest = rest[: week.start()]
    unique = None
    if kind == "hll_counters":
        rest, _, unique = rest.rpartition("-")
    properties: dict[str, str] = {}
    if rest.endswith("]"):
        rest, _, pairs = rest[:-1].partition("-filter:[")
        for pair in pairs.split(","):
            name, _, value = pair.partition(":")
            properties[decoded(name)] = decoded(value)
    if kind == "event_sums":
        assert rest.endswith("-operator:sum(value)")
        rest = rest.removesuffix("-operator:sum(value)")
    return kind, decoded(rest), properties, None if unique is None else decoded(unique), week and week[1]


@given(hostile, filters, week_or_none)
def test_no_two_counters_share_a_key(event: str, conditions: Mapping[str, str], week: str | None) -> None:
    assert parsed(counter_key(event, conditions, week)) == ("event_counters", event, conditions, None, week)


@given(hostile, filters, week_or_none)
def test_no_two_sums_share_a_key(event: str, conditions: Mapping[str, str], week: str | None) -> None:
    assert parsed(sum_key(event, conditions, week)) == ("event_sums", event, conditions, None, week)


@given(hostile, hostile, filters, week_or_none)
def test_no_two_sets_share_a_key(event: str, unique: str, conditions: Mapping[str, str], week: str | None) -> None:
    assert parsed(unique_key(event, unique, conditions, week)) == ("hll_counters", event, conditions, unique, week)


@given(hostile, filters)
def test_every_key_can_be_sent_as_utf_8(event: str, conditions: Mapping[str, str]) -> None:
    for key in (counter_key(event, conditions), sum_key(event, conditions), unique_key(event, event, conditions)):
        assert key.encode("utf-8").decode("utf-8") == key


@pytest.mark.parametrize(
    ("fields", "week", "key"),
    [
        ({}, None, "{event_counters}_push"),
        ({}, "2023-42", "{event_counters}_push-2023-42"),
        (
            {"filter": {"property": "deploy_token", "label": "npm"}},
            None,
            "{event_counters}_push-filter:[label:npm,property:deploy_token]",
        ),
        (
            {"filter": {"label": "a:b [c]", "value": 16.17}},
            "2024-21",
            "{event_counters}_push-filter:[label:a:b [c],value:16.17]-2024-21",
        ),
        ({"filter": {"label": "50%, at least"}}, None, "{event_counters}_push-filter:[label:50%25%2C at least]"),
        ({"operator": "sum(value)"}, None, "{event_sums}_push-operator:sum(value)"),
        (
            {"operator": "sum(value)", "filter": {"label": "x"}},
            "2024-21",
            "{event_sums}_push-operator:sum(value)-filter:[label:x]-2024-21",
        ),
        ({"unique": "user.id"}, "2024-21", "{hll_counters}_push-user-2024-21"),
        ({"unique": "project.id"}, "2024-21", "{hll_counters}_push-project-2024-21"),
        ({"unique": "namespace.id"}, "2024-21", "{hll_counters}_push-namespace-2024-21"),
        (
            {"unique": "label", "filter": {"label": "x"}},
            "2024-21",
            "{hll_counters}_push-filter:[label:x]-label-2024-21",
        ),
    ],
)
def test_a_rule_has_the_key_that_is_documented(fields: dict[str, object], week: str | None, key: str) -> None:
    assert rule_key(SelectionRule.of(0, {"name": "push", **fields}), week) == key


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2026, 12, 27), "2026-52"),
        (date(2026, 12, 28), "2026-53"),
        (date(2027, 1, 3), "2026-53"),
        (date(2027, 1, 4), "2027-01"),
        (date(2024, 12, 30), "2025-01"),
        (date(2023, 1, 1), "2022-52"),
    ],
)
def test_a_day_belongs_to_its_iso_week_and_iso_year(day: date, week: str) -> None:
    assert week_of(datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)) == week


def test_a_week_begins_at_midnight_utc_wherever_the_clock_hangs() -> None:
    east = timezone(timedelta(hours=10))
    assert week_of(datetime(2027, 1, 4, 9, 59, tzinfo=east)) == "2026-53"
    assert week_of(datetime(2027, 1, 4, 10, 0, tzinfo=east)) == "2027-01"


def test_7d_is_the_last_complete_week_and_28d_the_last_four() -> None:
    assert weeks("7d", NOW) == ("2026-53",)
    assert weeks("28d", NOW) == ("2026-50", "2026-51", "2026-52", "2026-53")
    assert weeks("all", NOW) == ()
    assert weeks("7d", datetime(2027, 1, 3, 23, 59, tzinfo=UTC)) == ("2026-52",)
    assert weeks("28d", datetime(2027, 1, 25, tzinfo=UTC)) == ("2026-53", "2027-01", "2027-02", "2027-03")


def test_a_rule_is_read_from_the_keys_of_its_weeks_or_from_the_running_total() -> None:
    rule = SelectionRule.of(0, {"name": "push", "filter": {"label": "x"}})
    assert rule_keys(rule, "7d", NOW) == ("{event_counters}_push-filter:[label:x]-2026-53",)
    assert rule_keys(rule, "all", NOW) == ("{event_counters}_push-filter:[label:x]",)
    assert [key[-7:] for key in rule_keys(rule, "28d", NOW)] == ["2026-50", "2026-51", "2026-52", "2026-53"]
