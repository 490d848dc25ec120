"""Our keywords give the verdict of jsonschema's own, on the schemas that we ship and on any others."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from metrics_dictionary.validation.engine.keywords import validator_of
from metrics_dictionary.validation.engine.verdict import Verdict
from metrics_dictionary.validation.schemas.definition_schemas import schema

# A busy machine must not fail a test about correctness.
UNTIMED = settings(deadline=None)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.0, 1.0, 1.5, "", "a", "b", "7d", "all", "user.id"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from("abc")
TYPES = st.sampled_from(["array", "boolean", "integer", "null", "number", "object", "string"])


def keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
            "enum": st.lists(JSON, min_size=1, max_size=3),
            "const": JSON,
            "required": st.lists(NAMES, max_size=2, unique=True),
            "properties": st.dictionaries(NAMES, inner, max_size=2),
            "additionalProperties": st.booleans() | inner,
            "propertyNames": inner,
            "items": inner,
            "uniqueItems": st.booleans(),
            "pattern": st.sampled_from(["^a$", "b", "^[a-c]+$"]),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "contains": inner,
            "minContains": st.integers(0, 2),
            "maxContains": st.integers(0, 2),
            "minItems": st.integers(0, 2),
            "minLength": st.integers(0, 2),
            "minProperties": st.integers(0, 2),
            "minimum": st.sampled_from([-1, 0, 1.5]),
            "maximum": st.sampled_from([-1, 0, 1.5]),
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
        },
    )


@UNTIMED
@given(st.recursive(keywords(st.just({})), keywords, max_leaves=6), JSON)
@example({"type": "integer"}, 1.0)
def test_the_verdict_is_that_of_jsonschema(rules: dict[str, Any], value: object) -> None:
    valid = Draft202012Validator(rules).is_valid(value)
    assert Verdict(rules).accepts(value) is valid
    assert (not list(validator_of(rules).iter_errors(value))) is valid


@pytest.mark.parametrize("name", ["metric.json", "event.json", "instrumentation.json", "product_groups.json"])
@UNTIMED
@given(data=st.data())
def test_the_verdict_on_definitions_is_that_of_jsonschema(name: str, data: st.DataObject) -> None:
    rules = schema(name)
    fields = st.sampled_from(sorted(rules.get("properties", {"a": {}})))
    definition = data.draw(st.dictionaries(fields, JSON, max_size=5) | JSON)
    valid = Draft202012Validator(rules).is_valid(definition)
    assert Verdict(rules).accepts(definition) is valid
    assert (not list(validator_of(rules).iter_errors(definition))) is valid


def test_the_end_of_a_pattern_is_the_end_of_the_text() -> None:
    validator = validator_of({"pattern": "^a$"})
    assert not list(validator.iter_errors("a"))
    assert list(validator.iter_errors("a\n"))


def test_a_keyword_that_nobody_checks_is_refused() -> None:
    with pytest.raises(ValueError, match="not supported: multipleOf"):
        Verdict({"properties": {"a": {"multipleOf": 2}}})


def test_a_reference_may_lead_back_to_where_it_stands() -> None:
    rules = {
        "type": "array",
        "items": {"$ref": "#/$defs/list"},
        "$defs": {"list": {"type": "array", "items": {"$ref": "#/$defs/list"}}},
    }
    validator = validator_of(rules)
    assert not list(validator.iter_errors([[[], []]]))
    assert [list(error.path) for error in validator.iter_errors([[[], 5]])] == [[0, 1]]


def test_of_alternatives_the_one_that_comes_closest_is_reported() -> None:
    rules = {"anyOf": [{"type": "string"}, {"properties": {"a": {"type": "string"}}, "type": "object"}]}
    assert [list(error.path) for error in validator_of(rules).iter_errors({"a": 1})] == [["a"]]


@pytest.mark.parametrize(
    "text", ["Aa" * 30_000 + "-", "A1" * 30_000 + "-", "1" * 60_000, "A" * 60_000, "Aa::" * 15_000 + "!", "a" * 60_000]
)
def test_no_text_keeps_the_pattern_of_a_class_name_busy(text: str) -> None:
    pattern = schema("metric.json")["properties"]["instrumentation_class"]["pattern"]
    assert list(validator_of({"pattern": pattern}).iter_errors(text))
    assert re.search(pattern, "Gitlab::CountBuildsMetric")
