from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics_dictionary.changes.compare.comparison import Comparison, compare
from metrics_dictionary.changes.compare.edition import Edition
from metrics_dictionary.changes.compare.open_edition import combined_edition, open_both
from metrics_dictionary.changes.compare.rules import CHECKS, breaches
from metrics_dictionary.changes.render.difference import Outcome, difference
from metrics_dictionary.dictionary.dictionary import Dictionary, Instrumentation
from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.exports.definitions import export_events, export_metrics
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.validation.rules.registry import rules_of
from metrics_dictionary.validation.rules.rule import Scope
from tests.changes.repositories import LOAVES, METRIC
from tests.small_root import write

if TYPE_CHECKING:
    import random
    from pathlib import Path

LIFECYCLE_RULES = rules_of(Scope.COMPARISON)


def metric(
    key_path: str = "counts.loaves", file: str = "definitions/metrics/loaves.yml", **fields: object
) -> MetricDefinition:
    return MetricDefinition({"key_path": key_path, "time_frame": "all", "status": "active", **fields}, file)


def edition(*metrics: MetricDefinition, events: tuple[EventDefinition, ...] = (), **more: object) -> Edition:
    classes = {name: Instrumentation(name, dict(fields), "i.yml") for name, fields in more.items()}  # type: ignore[call-overload]
    return Edition("it", Dictionary(metrics, events, classes))


def rules(comparison: Comparison) -> set[str]:
    return {rule for rule, _ in breaches(comparison)}


def test_every_rule_has_words_and_every_word_has_a_rule() -> None:
    assert {*CHECKS, "incomplete-comparison", "unreadable-edition"} == set(LIFECYCLE_RULES)


def test_three_entries_of_a_combined_file_are_one_change_of_their_definition() -> None:
    new = metric(time_frame=["7d", "28d", "all"], value_type="string")
    old = list(metric(time_frame=["7d", "28d", "all"], value_type="number").expand())
    (change,) = compare(edition(*old), edition(new)).metrics.changed
    assert change.names == ("counts.loaves", "counts.loaves_monthly", "counts.loaves_weekly")
    assert [each.field for each in change.fields] == ["value_type"]


def test_a_time_frame_that_a_combined_file_had_is_missed_in_the_array() -> None:
    old = metric(time_frame=["7d", "28d"]).expand()
    comparison = compare(edition(*old), edition(metric(time_frame=["7d"])))
    assert rules(comparison) == {"changed-time-frame"}
    assert [change.lost for change in comparison.metrics.changed] == [("counts.loaves_monthly",)]


def test_a_single_time_frame_that_becomes_an_array_loses_its_key_path() -> None:
    comparison = compare(edition(metric(time_frame="28d")), edition(metric(time_frame=["28d"])))
    assert rules(comparison) == {"changed-time-frame"}


def test_a_key_path_that_moves_to_another_definition_is_compared_with_that() -> None:
    old = metric(time_frame=["7d", "all"])
    new = (
        metric(time_frame=["all"], file="definitions/metrics/loaves.yml"),
        metric("counts.loaves_weekly", time_frame="7d", file="definitions/metrics/weekly.yml"),
    )
    assert compare(edition(old), edition(*new)).metrics.deleted == ()
    assert rules(compare(edition(old), edition(*new))) == set()


def test_true_and_1_are_not_the_same_value() -> None:
    one, other = metric(options={"a": 1}, filter=1), metric(options={"a": 2}, filter=True)
    (change,) = compare(edition(one), edition(other)).metrics.changed
    assert {each.field for each in change.fields} == {"options", "filter"}


def test_quotes_around_a_version_that_was_a_number_are_no_other_milestone() -> None:
    before = edition(metric(milestone=16.1))
    assert rules(compare(before, edition(metric(milestone="16.10")))) == set()
    assert rules(compare(before, edition(metric(milestone="16.2")))) == {"changed-milestone"}
    assert rules(compare(before, edition(metric(milestone="soon")))) == {"changed-milestone"}


def test_a_sum_of_other_metrics_is_no_sql_and_its_change_is_found_all_the_same() -> None:
    one = metric(instrumentation_class="Sum")
    comparison = compare(
        edition(one, Sum={"source": "numbers", "operation": "add", "metrics": ["a"]}),
        edition(one, Sum={"source": "numbers", "operation": "add", "metrics": ["a", "b"]}),
    )
    assert rules(comparison) == {"changed-computation"}


def test_an_instrumentation_that_cannot_be_computed_says_nothing_about_sql() -> None:
    one, other = metric(instrumentation_class="Odd"), metric(instrumentation_class="Even")
    odd = {"source": "database", "operation": "count", "table": 7}
    assert rules(compare(edition(one, Odd=odd, Even=odd), edition(other, Odd=odd, Even=odd))) == {
        "changed-instrumentation"
    }


def test_events_are_deleted_also_when_a_root_has_none_any_more() -> None:
    event = EventDefinition({"action": "loaf_sold"}, "definitions/events/loaf_sold.yml")
    before, after = edition(events=(event,)), Edition("it", Dictionary(()))
    assert rules(compare(before, after)) == {"deleted-definition"}


def test_a_combined_file_of_metrics_says_nothing_about_events() -> None:
    event = EventDefinition({"action": "loaf_sold"}, "definitions/events/loaf_sold.yml")
    before = edition(metric(), events=(event,))
    after = combined_edition("file", export_metrics(before.dictionary).encode())
    found = difference(before, after)
    assert found.items == ()
    assert found.remarks == ("events are not compared: file is a file of metrics only",)


def test_a_combined_file_of_events_says_nothing_about_metrics() -> None:
    event = EventDefinition({"action": "loaf_sold"}, "definitions/events/loaf_sold.yml")
    before = edition(metric(), events=(event,))
    found = difference(before, combined_edition("file", export_events(before.dictionary, "json").encode()))
    assert (found.items, found.breaking) == ((), ())


@pytest.mark.parametrize("style", ["yaml", "json"])
@pytest.mark.parametrize("paths", [True, False])
def test_a_root_and_its_own_export_are_the_same(tmp_path: Path, style: str, *, paths: bool) -> None:
    root = tmp_path / "definitions"
    write(root / LOAVES, METRIC.replace("time_frame: all", "time_frame: [7d, 28d, all]"))
    file = tmp_path / "combined.yml"
    from metrics_dictionary.reading.read import read_dictionary

    write(file, export_metrics(read_dictionary(root).dictionary, style, include_paths=paths))
    for pair in ((str(file), str(root)), (str(root), str(file)), (str(file), str(file)), (str(root), str(root))):
        assert difference(*open_both(*pair, root)).items == ()


@pytest.mark.parametrize(
    "text", ["", "a: b", "- 1", "- a: b", "[", "- key_path: *x", "- key_path: a\n- {}", "\0", "[1]", "{}"]
)
def test_what_is_no_combined_file_is_one_line_of_trouble(text: str) -> None:
    with pytest.raises(OperationalError) as trouble:
        combined_edition("file.yml", text.encode())
    assert str(trouble.value).startswith("file.yml")
    assert "\n" not in str(trouble.value)


def test_events_without_a_file_are_told_apart_by_their_actions() -> None:
    both = tuple(EventDefinition({"action": action}, "") for action in ("loaf_sold", "oven_lit"))
    found = difference(edition(), edition(events=both))
    assert [item.names for item in found.items] == [("loaf_sold",), ("oven_lit",)]


def test_a_change_in_three_entries_is_told_of_the_first_of_them() -> None:
    new = metric(time_frame=["7d", "28d", "all"], value_type="string")
    old = list(metric(time_frame=["7d", "28d", "all"], value_type="number").expand())
    (change,) = compare(edition(*old), edition(new)).metrics.changed
    assert change.before is old[0]


def test_a_moved_owner_concerns_both_groups() -> None:
    found = difference(edition(metric(product_group="ovens")), edition(metric(product_group="counter")))
    (item,) = found.items
    assert (item.moved_from, [group.identifier for group in found.groups_affected(item)]) == ("ovens", ["ovens"])
    assert [section.identifier for section in found.sections] == ["counter"]


def test_a_changed_event_concerns_the_owners_of_the_metrics_that_count_it() -> None:
    user = metric(product_group="counter", events=[{"name": "loaf_sold"}])
    old, new = (
        EventDefinition(
            {"action": "loaf_sold", "product_group": "ovens", "description": text}, "definitions/events/e.yml"
        )
        for text in ("old", "new")
    )
    found = difference(edition(user, events=(old,)), edition(user, events=(new,)))
    (item,) = found.items
    assert [group.identifier for group in found.groups_affected(item)] == ["counter"]
    assert [affected.key_path for affected in item.affected] == ["counts.loaves"]


def test_what_turns_removed_is_removed_and_what_is_gone_is_deleted() -> None:
    found = difference(
        edition(metric("a.a"), metric("b.b", "definitions/metrics/b.yml")), edition(metric("a.a", status="removed"))
    )
    outcomes = [(item.outcome, item.breaking) for item in found.items]
    assert outcomes == [(Outcome.REMOVED, False), (Outcome.DELETED, True)]


VALUES = st.sampled_from(["number", "string", None, 1, ["7d", "28d"], "7d", "all", {"a": 1}, [{"name": "e"}], True])
FIELDS = st.dictionaries(
    st.sampled_from(["value_type", "time_frame", "events", "options", "status", "milestone"]), VALUES
)
DICTIONARIES = st.lists(st.tuples(st.sampled_from(["a", "a.b", "a_weekly", ""]), FIELDS), max_size=5)


@given(DICTIONARIES, st.randoms())
def test_a_dictionary_has_no_difference_to_itself_in_whatever_order(
    described: list[tuple[str, dict[str, object]]], chance: random.Random
) -> None:
    named = dict(described)
    metrics = [metric(key_path, f"d/metrics/{key_path}.yml", **fields) for key_path, fields in named.items()]
    if len({key for one in metrics for key in [each.key_path for each in one.expand()]}) < sum(
        len(one.expand()) for one in metrics
    ):
        return
    shuffled = chance.sample(metrics, len(metrics))
    assert difference(edition(*metrics), edition(*shuffled)).items == ()


@given(DICTIONARIES, DICTIONARIES)
def test_whatever_the_definitions_hold_a_comparison_ends(
    one: list[tuple[str, dict[str, object]]], other: list[tuple[str, dict[str, object]]]
) -> None:
    before, after = (
        edition(
            *(metric(key_path, f"d/metrics/{place}.yml", **fields) for place, (key_path, fields) in enumerate(side))
        )
        for side in (one, other)
    )
    found = difference(before, after)
    deleted = {name for item in found.with_outcome(Outcome.DELETED) for name in item.names}
    lost = deleted | {name for item in found.items for name in item.lost}
    assert lost == before.dictionary.expanded.keys() - after.dictionary.expanded.keys()
