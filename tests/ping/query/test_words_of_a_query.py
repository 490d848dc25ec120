from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics_dictionary.ping.query.data_sources import in_words
from metrics_dictionary.ping.query.entry import InstrumentationError
from metrics_dictionary.ping.query.words import selection_in_words
from tests.ping import instrumentation_entries
from tests.ping.ping_samples import a_metric, an_instrumentation, cases

SENTENCES = cases("in_words_cases.yml")


@pytest.mark.parametrize("case", SENTENCES, ids=[str(case["sentence"]) for case in SENTENCES])
def test_a_computation_is_said_in_one_sentence(case: dict[str, Any]) -> None:
    metric = a_metric(case.get("time_frame", "all"), case.get("options"))
    assert in_words(an_instrumentation(case["entry"]), metric) == case["sentence"]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"source": "oracle"}, "SampleMetric.source .* must be one of database, setting"),
        ({}, "SampleMetric.source .* must be one of"),
        ({"source": "setting"}, "SampleMetric.setting .* is missing"),
        ({"source": "license", "field": {"option": "field"}}, "takes the option 'field'"),
        ({"source": "redis"}, "needs the event"),
        ({"source": "redis_hll"}, "needs the events"),
        ({"source": "database", "operation": "count"}, "SampleMetric.table .* is missing"),
    ],
)
def test_what_cannot_be_computed_cannot_be_said(entry: dict[str, Any], problem: str) -> None:
    with pytest.raises(InstrumentationError, match=problem):
        in_words(an_instrumentation(entry), a_metric())


@given(instrumentation_entries.entries(), instrumentation_entries.options, st.sampled_from(["all", "7d", "28d"]))
def test_every_entry_can_be_said_in_one_line_with_paired_backticks(
    entry: dict[str, Any], options: dict[str, Any], time_frame: str
) -> None:
    sentence = in_words(an_instrumentation(entry), a_metric(time_frame, options))
    assert len(sentence.splitlines()) == 1
    assert sentence.endswith(".")
    assert sentence.count("`") % 2 == 0
    assert "``" not in sentence


@pytest.mark.parametrize(
    ("event", "phrase"),
    [
        ({"name": "push"}, "Every `push`"),
        ({"name": "push", "unique": "user.id"}, "Distinct users (`user.id`) who triggered `push`"),
        ({"name": "push", "unique": "project.id"}, "Distinct projects (`project.id`) with `push`"),
        ({"name": "push", "unique": "namespace.id"}, "Distinct namespaces (`namespace.id`) with `push`"),
        ({"name": "push", "unique": "label"}, "Distinct values of `label` over every `push`"),
        ({"name": "push", "operator": "sum(value)"}, "Sum of `value` over every `push`"),
        (
            {"name": "push", "unique": "user.id", "filter": {"property": "guest"}},
            "Distinct users (`user.id`) who triggered `push` where `property` is `guest`",
        ),
        (
            {"name": "push", "filter": {"label": "web", "value": 3, "lang": ""}},
            "Every `push` where `label` is `web`, `value` is `3` and `lang` is a blank string",
        ),
        ({"name": "pu`sh\n<b>"}, "Every `pu'sh <b>`"),
        ({"name": "push", "unique": "label", "operator": "total"}, "Every `push` for each value of `label`"),
        (
            {"name": "push", "unique": "value", "operator": "total", "filter": {"lang": "eng"}},
            "Every `push` for each value of `value` where `lang` is `eng`",
        ),
    ],
)
def test_a_selection_rule_is_said_in_one_phrase(event: dict[str, Any], phrase: str) -> None:
    assert selection_in_words(a_metric(events=[event])) == [phrase]


def test_each_selection_rule_with_an_event_has_its_phrase() -> None:
    metric = a_metric(events=[{"name": "push"}, {"unique": "user.id"}, "junk", {"name": "fetch"}])
    assert selection_in_words(metric) == ["Every `push`", "Every `fetch`"]


def test_a_metric_without_events_has_no_phrases() -> None:
    assert selection_in_words(a_metric()) == []
