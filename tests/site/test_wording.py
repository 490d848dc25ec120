"""Short texts that stand for longer ones."""

from __future__ import annotations

import pytest

from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.dictionary.milestones import in_milestone, milestone, version_key
from metrics_dictionary.site.parts.site_wording import summary, value_sentence, without_time_frame
from metrics_dictionary.tools.text import counted, listed


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"value_type": "number", "data_source": "database", "time_frame": "28d"},
            "A number computed from the database over 28 days, from 30 to 2 days before the report.",
        ),
        (
            {"value_type": "number", "data_source": "internal_events", "time_frame": "7d"},
            "A number computed from internal events over the last complete week.",
        ),
        (
            {"value_type": "string", "data_source": "license", "time_frame": "none"},
            "A string read from the instance's license.",
        ),
        ({"value_type": 3, "data_source": None}, "A value."),
    ],
)
def test_a_sentence_says_what_a_value_is(fields: dict[str, object], sentence: str) -> None:
    assert value_sentence(MetricDefinition(fields, "x.yml")) == sentence


def test_milestones_are_ordered_as_versions() -> None:
    ordered = ["nonsense", "<13.9", "13.9", "13.10", "16.2"]
    assert sorted(sorted(ordered), key=version_key) == ordered


def test_the_gist_is_the_first_sentence_on_one_line() -> None:
    assert summary("Boards in\nall  projects. Archived ones too.") == "Boards in all projects."
    assert summary("word " * 100, max_length=12) == "word word …"
    assert len(summary("x" * 10_000)) < 200


def test_key_paths_of_one_metric_have_a_common_stem() -> None:
    assert without_time_frame("counts.a_weekly") == without_time_frame("counts.a_monthly") == "counts.a"
    assert without_time_frame("counts_monthly.a") == "counts.a"
    assert without_time_frame("counts.a_monthly_report") == "counts.a_monthly_report"


def test_lists_and_milestones_read_as_prose() -> None:
    assert [listed(()), listed(("a",)), listed(("a", "b")), listed(("a", "b", "c"))] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert [milestone("<13.9"), milestone("16.1")] == ["before 13.9", "16.1"]
    assert [in_milestone("<13.9"), in_milestone("16.1"), in_milestone("<b>")] == ["before 13.9", "in 16.1", "in <b>"]
    assert [milestone("</pre>"), milestone("<"), milestone("<b>16.1</b>")] == ["</pre>", "<", "<b>16.1</b>"]


def test_one_thing_is_counted_in_the_singular() -> None:
    assert [counted(0, "metric"), counted(1, "metric"), counted(2_000, "metric")] == [
        "0 metrics",
        "1 metric",
        "2,000 metrics",
    ]
