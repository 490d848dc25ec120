"""Definitions are hostile until proven otherwise: no rule may fail on data of any shape."""

from __future__ import annotations

import json
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics_dictionary.dictionary.definition import mapping
from metrics_dictionary.dictionary.dictionary import Dictionary, Instrumentation, ProductGroup
from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.reading.document import Document, Kind
from metrics_dictionary.validation.rules.context import RuleContext
from metrics_dictionary.validation.rules.registry import DEFINITION_RULES, DICTIONARY_RULES

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["removed", "active", "broken", "7d", "28d", "all", "none", "16.10", "<13.9", "12.1", "TODO", ""]),
    st.sampled_from(["login", "visit", "a", "a.b", "a.b.c", "a_weekly", "a..b", "user.id", "value", "sum(value)"]),
)
SHAPES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
SELECTION_RULES = st.dictionaries(st.sampled_from(["name", "unique", "filter", "operator"]), SHAPES, max_size=4)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "key_path": SHAPES,
        "action": SHAPES,
        "description": SHAPES,
        "status": SHAPES,
        "product_group": SHAPES,
        "milestone": SHAPES,
        "milestone_removed": SHAPES,
        "removed_by_url": SHAPES,
        "time_frame": SHAPES | st.lists(st.sampled_from(["7d", "28d", "all"]), max_size=3),
        "instrumentation_class": SHAPES,
        "value_json_schema": SHAPES,
        "options": SHAPES,
        "events": SHAPES | st.lists(SELECTION_RULES | SHAPES, max_size=3),
        "identifiers": SHAPES,
        "additional_properties": SHAPES,
        "source": SHAPES | st.just("numbers"),
        "metrics": SHAPES,
    },
)
PROVOKING: dict[str, object] = {
    "key_path": "counts.loaves_monthly",
    "action": "loaf_sold",
    "description": "TODO",
    "status": "active",
    "product_group": "unknown",
    "milestone": 3.1,
    "milestone_removed": "2.0",
    "time_frame": "7d",
    "instrumentation_class": "UnknownMetric",
    "value_json_schema": "unknown.json",
    "options": {"event": "unknown"},
    "events": [{"name": "loaf_sold", "unique": "user.id", "filter": {"flour": "rye"}}, {"name": "unknown"}],
    "identifiers": ["project"],
    "additional_properties": {"label": {"description": "Kind of flour."}},
    "source": "numbers",
    "metrics": ["counts.unknown"],
}
"""A metric, an event and an instrumentation in one, with something for most rules to find."""

FOLDERS = st.sampled_from(["counts_7d", "counts_all", "settings"])


@st.composite
def contexts(draw: st.DrawFn) -> RuleContext:
    documents = [
        _document(Kind.METRIC, f"root/metrics/{draw(FOLDERS)}/{number}.yml", data)
        for number, data in enumerate(draw(st.lists(FIELDS | SHAPES, max_size=4)))
    ]
    documents += [
        _document(Kind.EVENT, f"root/events/{number}.yml", data)
        for number, data in enumerate(draw(st.lists(FIELDS | SHAPES, max_size=3)))
    ]
    entries = SHAPES | st.dictionaries(st.sampled_from(["login", "visit", "CountMetric"]), FIELDS | SHAPES)
    documents += [
        _document(Kind.INSTRUMENTATIONS, f"root/instrumentations/{number}.yml", data)
        for number, data in enumerate(draw(st.lists(entries, max_size=2)))
    ]
    return RuleContext(_dictionary(documents, complete=draw(st.booleans())), documents)


@settings(max_examples=150, deadline=None)
@given(contexts())
def test_every_finding_of_every_rule_leads_to_a_value_that_is_there(context: RuleContext) -> None:
    findings = [finding for rule in DICTIONARY_RULES.values() for finding in rule.findings(context)]
    for document in context.documents:
        findings += [finding for rule in DEFINITION_RULES.values() for finding in rule.findings(document)]
    for finding in findings:
        assert finding.message
        assert finding.document in context.documents
        _value_at(finding.document.data, finding.path)
        for place in finding.related:
            assert place.document in context.documents
            _value_at(place.document.data, place.path)


@pytest.mark.parametrize(
    "value", [None, True, 3, 1.5, "", "x", [], ["x", 1, None, [], {}], {}, {"a": {"b": []}}], ids=repr
)
@pytest.mark.parametrize("field", PROVOKING)
def test_one_field_of_another_type_leaves_the_rules_about_the_others_working(field: str, value: object) -> None:
    fields = {**PROVOKING, field: value}
    documents = [
        _document(Kind.METRIC, "root/metrics/counts_28d/first.yml", fields),
        _document(Kind.METRIC, "root/metrics/counts_28d/second.yml", fields),
        _document(Kind.EVENT, "root/events/other.yml", fields),
        _document(Kind.INSTRUMENTATIONS, "root/instrumentations/all.yml", {"CountMetric": fields}),
    ]
    context = RuleContext(_dictionary(documents, complete=True), documents)
    found = {rule for rule, row in DICTIONARY_RULES.items() if list(row.findings(context))}
    for document in documents:
        found |= {rule for rule, row in DEFINITION_RULES.items() if list(row.findings(document))}
    assert len(found) >= 8


def test_a_key_path_of_a_hundred_thousand_levels_is_compared_at_once() -> None:
    fields: dict[str, object] = {"key_path": ".".join("a" * 100_000), "time_frame": "all", "description": "a of the a"}
    metric = _document(Kind.METRIC, "root/metrics/counts_all/deep.yml", fields)
    context = RuleContext(_dictionary([metric], complete=True), [metric])
    started = perf_counter()
    for rule in DICTIONARY_RULES.values():
        assert list(rule.findings(context)) == []
    for name, definition_rule in DEFINITION_RULES.items():
        assert name in {"schema", "long-name"} or list(definition_rule.findings(metric)) == []
    assert perf_counter() - started < 0.5


def _document(kind: Kind, file_path: str, data: object) -> Document:
    document = Document(file_path, file_path, kind, data)
    document.__dict__["text"] = json.dumps(data)
    return document


def _dictionary(documents: list[Document], *, complete: bool) -> Dictionary:
    mappings = [document for document in documents if isinstance(document.data, dict)]
    metrics = [document for document in mappings if document.kind is Kind.METRIC]
    events = [document for document in mappings if document.kind is Kind.EVENT]
    classes = [document for document in mappings if document.kind is Kind.INSTRUMENTATIONS]
    return Dictionary(
        metrics=tuple(MetricDefinition(mapping(metric.data), metric.file_path) for metric in metrics),
        event_definitions=tuple(EventDefinition(mapping(event.data), event.file_path) for event in events)
        if complete
        else None,
        instrumentations={
            name: Instrumentation(name, mapping(fields), document.file_path)
            for document in classes
            for name, fields in mapping(document.data).items()
        },
        product_groups={"login": ProductGroup("login", "Login")} if complete else None,
    )


def _value_at(data: object, path: tuple[str | int, ...]) -> object:
    """Return the value; an IndexError, KeyError or TypeError says that the path leads nowhere."""
    value: object = data
    for step in path:
        value = value[step]  # type: ignore[index]
    return value
