from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics_dictionary.ping.query.entry import InstrumentationError
from metrics_dictionary.ping.query.relation import Column, Comparison
from metrics_dictionary.ping.query.resolution import resolve
from metrics_dictionary.ping.query.sql import select, statement
from metrics_dictionary.ping.query.time_window import TimeWindow, symbolic_time_window, time_window
from tests.ping import instrumentation_entries
from tests.ping.ping_samples import a_metric, accepted, an_instrumentation, cases

NOW = datetime(2024, 5, 17, 6, 7, 8, 9, tzinfo=UTC)
CASES = cases("sql_cases.yml")


@pytest.mark.parametrize("case", CASES, ids=[str(case["case"]) for case in CASES])
def test_an_entry_becomes_the_text_that_active_record_writes(case: dict[str, Any]) -> None:
    metric = a_metric(case.get("time_frame", "all"), case.get("options"))
    window = time_window(metric.time_frames[0], NOW)
    assert statement(an_instrumentation(case["entry"]), metric, window) == case["sql"]


@pytest.mark.parametrize("case", CASES, ids=[str(case["case"]) for case in CASES])
def test_the_schema_accepts_every_case(case: dict[str, Any]) -> None:
    assert accepted(case["entry"])


def test_a_window_in_words_is_quoted_like_a_time() -> None:
    entry = {"source": "database", "operation": "count", "table": "wikis"}
    text = statement(an_instrumentation(entry), a_metric(), symbolic_time_window("28d"))
    assert text.endswith("""WHERE "wikis"."created_at" BETWEEN '30 days ago' AND '2 days ago'""")


def test_the_bounds_of_a_window_are_written_in_utc_with_microseconds() -> None:
    start = datetime(2024, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    entry = {"source": "database", "operation": "count", "table": "wikis"}
    text = statement(an_instrumentation(entry), a_metric(), TimeWindow(start, "now"))
    assert text.endswith("BETWEEN '2023-12-31 23:30:00.000000' AND 'now'")


def test_a_bound_in_words_cannot_end_its_literal() -> None:
    entry = {"source": "database", "operation": "count", "table": "wikis"}
    text = statement(an_instrumentation(entry), a_metric(), TimeWindow("o'clock", "later"))
    assert text.endswith("BETWEEN 'o''clock' AND 'later'")


def test_a_relation_can_be_narrowed_to_a_range_of_ids() -> None:
    entry = {"source": "database", "operation": "count", "table": "wikis", "conditions": [{"open": True}]}
    relation = resolve(an_instrumentation(entry), a_metric()).within(None)
    key = Column("wikis", "id")
    batch = (Comparison(key, ">=", 1), Comparison(key, "<", 1001))
    narrowed = replace(relation, rows=replace(relation.rows, conditions=(*relation.rows.conditions, *batch)))
    assert select(narrowed).endswith('WHERE "wikis"."open" = TRUE AND "wikis"."id" >= 1 AND "wikis"."id" < 1001')


def test_a_relation_without_a_settled_window_has_no_text() -> None:
    entry = {"source": "database", "operation": "count", "table": "wikis"}
    with pytest.raises(ValueError, match="within"):
        select(resolve(an_instrumentation(entry), a_metric()))


def refusal(entry: dict[str, Any], options: dict[str, Any] | None = None) -> str:
    whole = {"source": "database", "operation": "count", "table": "wikis", **entry}
    with pytest.raises(InstrumentationError) as caught:
        statement(an_instrumentation(whole), a_metric(options=options), None)
    return str(caught.value)


def test_a_missing_option_is_named_with_its_metric_its_place_and_the_remedy() -> None:
    assert refusal({"conditions": [{"any": [{"type": {"option": "kind"}}]}]}, {"other": 1}) == (
        "counts.samples: SampleMetric.conditions[0].any[0].type in definitions/instrumentations/samples.yml takes the "
        "option 'kind', which the metric does not give; "
        "add `options: {kind: ...}` to the metric or a default to the instrumentation"
    )


@pytest.mark.parametrize(
    ("entry", "options", "problem"),
    [
        ({"source": "redis"}, {}, "SampleMetric.source .* must be `database`"),
        ({"operation": "median"}, {}, "SampleMetric.operation .* must be one of count, distinct_count"),
        ({"table": None}, {}, "SampleMetric.table .* must be a string"),
        ({"table": {"option": "t"}}, {"t": "a.b"}, "must be a name without dots"),
        ({"column": {"option": "c"}}, {"c": "a.b.c"}, "must be a name without dots"),
        ({"column": {"option": "c"}}, {"c": 3}, "must be a string that is not empty"),
        ({"conditions": {}}, {}, "SampleMetric.conditions .* must be a list"),
        ({"conditions": ["open"]}, {}, r"SampleMetric.conditions\[0\] .* must be a mapping"),
        ({"conditions": [{}]}, {}, "must be a condition"),
        (
            {"conditions": [{"any": [{"a": 1}], "b": 2}]},
            {},
            r"conditions\[0\].b .* must be a separate condition: it cannot stand beside 'any'",
        ),
        ({"conditions": [{"any": []}]}, {}, "at least one condition"),
        ({"conditions": [{"any": ["time_window"]}]}, {}, "must be a mapping"),
        ({"conditions": ["time_window", "time_window"]}, {}, r"conditions\[1\] .* twice; keep one"),
        ({"conditions": [{"column": "a", "value": 1}]}, {}, "operator .* must be one of =, !="),
        ({"conditions": [{"column": "a", "operator": "="}]}, {}, "value .* is missing"),
        ({"conditions": [{"operator": "=", "value": 1}]}, {}, "column .* is missing"),
        (
            {"conditions": [{"column": "a", "operator": "<", "value": None}]},
            {},
            "must be a number or a string: the operator is `<`",
        ),
        (
            {"conditions": [{"column": "a", "operator": "IN", "value": 1}]},
            {},
            "must be a list or a `select`: the operator is `IN`",
        ),
        (
            {"conditions": [{"column": "a", "operator": "IS NOT", "value": 1}]},
            {},
            "must be null, true or false: the operator is `IS NOT`",
        ),
        (
            {"conditions": [{"column": "a", "operator": "LIKE", "value": 1}]},
            {},
            "must be a string: the operator is `LIKE`",
        ),
        ({"conditions": [{"a": []}]}, {}, "at least one value"),
        ({"conditions": [{"a": {"b": 1}}]}, {}, "must be a string, a number, true, false or null"),
        ({"conditions": [{"a": {"option": "o"}}]}, {"o": {"sql": "1"}}, "must be a string, a number"),
        ({"conditions": [{"a": {"option": "o"}}]}, {"o": [["x"]]}, "must be a string, a number"),
        ({"conditions": [{"a": {"option": "o"}}]}, {"o": float("inf")}, "finite number"),
        ({"conditions": [{"a": {"option": "o"}}]}, {"o": float("nan")}, "finite number"),
        ({"conditions": [{"a": {"option": "o"}}]}, {"o": 2**63}, "at most 64 bits"),
        ({"conditions": [{"a": {"option": "o"}}]}, {"o": "x\0"}, "NUL"),
        ({"conditions": [{"a": {"option": "o"}}]}, {"o": "\ud800"}, "surrogate"),
        ({"start": "1"}, {}, "SampleMetric.start .* must be a whole number"),
        ({"finish": 2**63}, {}, "must be a whole number of at most 64 bits"),
        ({"batch_size": 0}, {}, "SampleMetric.batch_size .* at least 1"),
        ({"batch_size": True}, {}, "must be a whole number"),
        ({"joins": [{"table": "b", "on": {}}]}, {}, r"joins\[0\].on .* which columns belong together"),
    ],
)
def test_an_entry_that_cannot_be_computed_says_why(
    entry: dict[str, Any], options: dict[str, Any], problem: str
) -> None:
    assert re.search(problem, refusal(entry, options))


def test_deep_nesting_is_refused_before_the_stack_ends() -> None:
    condition: dict[str, Any] = {"open": True}
    for _ in range(5000):
        condition = {"not": condition}
    assert "levels deep" in refusal({"conditions": [condition]})


@given(instrumentation_entries.entries(), instrumentation_entries.options, st.sampled_from(["all", "7d", "28d"]))
def test_every_entry_of_the_format_is_accepted_by_the_schema_and_is_sql_for_sqlite(
    entry: dict[str, Any], options: dict[str, Any], time_frame: str
) -> None:
    assert accepted(entry)
    text = statement(an_instrumentation(entry), a_metric(time_frame, options), time_window(time_frame, NOW))
    assert instrumentation_entries.DATABASE.execute(f"EXPLAIN {text}").fetchall()


@given(instrumentation_entries.damaged_entries(), instrumentation_entries.options)
def test_what_the_schema_accepts_has_a_text_and_the_rest_fails_in_one_way(
    entry: dict[str, Any], options: dict[str, Any]
) -> None:
    try:
        statement(an_instrumentation(entry), a_metric(options=options), None)
    except InstrumentationError as error:
        missing = "which the metric does not give" in str(error)
        assert missing or not accepted(entry) or entry["source"] != "database"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_text_is_compared_as_it_is_whatever_it_holds(value: str) -> None:
    database = sqlite3.connect(":memory:")
    database.execute('CREATE TABLE "notes" ("id", "body")')
    database.executemany('INSERT INTO "notes" VALUES (?, ?)', [(1, value), (2, value + "'"), (3, value + "--")])
    entry = {
        "source": "database",
        "operation": "sum",
        "table": "notes",
        "column": "id",
        "conditions": [{"body": value}],
    }
    assert database.execute(statement(an_instrumentation(entry), a_metric(), None)).fetchone() == (1,)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0."), min_size=1, max_size=30))
def test_a_name_is_found_whatever_it_holds(name: str) -> None:
    quoted = name.replace('"', '""')
    database = sqlite3.connect(":memory:")
    database.execute(f'CREATE TABLE "t{quoted}" ("c{quoted}")')
    entry = {"source": "database", "operation": "count", "table": f"t{name}", "column": f"c{name}"}
    assert database.execute(statement(an_instrumentation(entry), a_metric(), None)).fetchone() == (0,)
