from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from tests.ping.ping_samples import VALIDATOR, accepted, schema

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT = {"source": "database", "operation": "count", "table": "wikis"}


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize(
    "entry",
    [
        {"source": "setting", "setting": "instance.hostname"},
        {"source": "setting", "setting": {"option": "name"}, "default": {"any": ["thing"]}},
        {"source": "license", "field": "plan", "description": "Lower case."},
        {"source": "license", "field": {"option": "field", "default": "plan"}},
        {"source": "machine", "fact": "cpu_count"},
        {"source": "clock"},
        {"source": "prometheus", "query": "sum(up)"},
        {"source": "redis"},
        {"source": "redis_hll"},
        {"source": "numbers", "operation": "add", "metrics": ["counts.a", "counts.b"]},
        {"source": "database_schema"},
    ],
)
def test_every_source_has_an_entry_that_is_accepted(entry: dict[str, Any]) -> None:
    assert accepted(entry)


def test_a_file_may_be_empty_of_classes() -> None:
    assert VALIDATOR.is_valid({})


@pytest.mark.parametrize(
    "name", ["CountCiBuildsMetric", "LicenseMetric", "Verify::CountRunnersMetric", "RedisHLLMetric", "Count2FaMetricV2"]
)
def test_class_names_are_those_that_a_metric_may_state(name: str) -> None:
    assert VALIDATOR.is_valid({name: COUNT})


@pytest.mark.parametrize("name", ["countBuilds", "2CountMetric", "Count_Builds", "CountHLL", "", "Count::"])
def test_other_class_names_are_refused(name: str) -> None:
    assert not VALIDATOR.is_valid({name: COUNT})


def problems(entry: object) -> list[tuple[str, str]]:
    """The place and the keyword of each error."""
    found = VALIDATOR.iter_errors({"SampleMetric": entry})
    return sorted((error.json_path.removeprefix("$.SampleMetric"), str(error.validator)) for error in found)


@pytest.mark.parametrize(
    ("entry", "place", "keyword"),
    [
        ([], "", "type"),
        ({}, "", "required"),
        ({"source": "oracle"}, ".source", "enum"),
        ({"source": "setting"}, "", "required"),
        ({"source": "setting", "setting": ""}, ".setting", "pattern"),
        ({"source": "setting", "setting": {"name": "x"}}, ".setting", "additionalProperties"),
        ({"source": "license", "field": 1}, ".field", "type"),
        ({"source": "machine", "fact": "colour"}, ".fact", "enum"),
        ({"source": "clock", "zone": "UTC"}, "", "additionalProperties"),
        ({"source": "prometheus", "query": None}, ".query", "type"),
        ({"source": "redis", "event": "x"}, "", "additionalProperties"),
        ({"source": "numbers", "operation": "divide", "metrics": ["a"]}, ".operation", "enum"),
        ({"source": "numbers", "operation": "add", "metrics": []}, ".metrics", "minItems"),
        ({"source": "numbers", "operation": "add", "metrics": [1]}, ".metrics[0]", "type"),
        ({**COUNT, "description": 1}, ".description", "type"),
        ({**COUNT, "operation": "median", "column": "a"}, ".operation", "enum"),
        ({**COUNT, "operation": "sum"}, "", "required"),
        ({**COUNT, "condition": []}, "", "additionalProperties"),
        ({**COUNT, "table": "public.wikis"}, ".table", "pattern"),
        ({**COUNT, "table": ""}, ".table", "pattern"),
        ({**COUNT, "column": "a.b.c"}, ".column", "pattern"),
        ({**COUNT, "column": {"option": "c", "default": "a."}}, ".column.default", "pattern"),
        ({**COUNT, "timestamp_column": 5}, ".timestamp_column", "type"),
        ({**COUNT, "distinct": "yes"}, ".distinct", "type"),
        ({**COUNT, "order": {"title": "up"}}, ".order.title", "enum"),
        ({**COUNT, "order": {}}, ".order", "minProperties"),
        ({**COUNT, "start": "1"}, ".start", "type"),
        ({**COUNT, "finish": 2**63}, ".finish", "maximum"),
        ({**COUNT, "batch_size": 0}, ".batch_size", "minimum"),
        ({**COUNT, "batch_size": 1.5}, ".batch_size", "type"),
        ({**COUNT, "joins": [{"table": "b"}]}, ".joins[0]", "required"),
        ({**COUNT, "joins": [{"table": "b", "on": {}}]}, ".joins[0].on", "minProperties"),
        ({**COUNT, "joins": [{"table": "b", "on": {"id": "wiki_id"}}]}, ".joins[0].on.id", "pattern"),
        ({**COUNT, "joins": [{"table": "b", "on": {"b.id": "wikis.id"}}]}, ".joins[0].on", "pattern"),
        ({**COUNT, "joins": [{"table": "b", "on": {"id": 5}}]}, ".joins[0].on.id", "type"),
        ({**COUNT, "joins": [{"table": "b", "on": {"id": {"value": []}}}]}, ".joins[0].on.id.value", "minItems"),
        ({**COUNT, "joins": [{"table": "b", "type": "full", "on": {"id": "a.b"}}]}, ".joins[0].type", "enum"),
        ({**COUNT, "joins": [{"sql": "JOIN b", "table": "b"}]}, ".joins[0]", "additionalProperties"),
        ({**COUNT, "conditions": ["open"]}, ".conditions[0]", "const"),
        ({**COUNT, "conditions": ["time_window", "time_window"]}, ".conditions", "maxContains"),
        ({**COUNT, "conditions": [{}]}, ".conditions[0]", "minProperties"),
        ({**COUNT, "conditions": [{"any": ["time_window"]}]}, ".conditions[0].any[0]", "type"),
        ({**COUNT, "conditions": [{"any": [{"a": 1}], "b": 1}]}, ".conditions[0]", "additionalProperties"),
        ({**COUNT, "conditions": [{"not": {"any": []}}]}, ".conditions[0].not.any", "minItems"),
        ({**COUNT, "conditions": [{"sql": ""}]}, ".conditions[0].sql", "pattern"),
        ({**COUNT, "conditions": [{"a.b.c": 1}]}, ".conditions[0]", "pattern"),
        ({**COUNT, "conditions": [{"a": {"b": 1}}]}, ".conditions[0].a", "additionalProperties"),
        ({**COUNT, "conditions": [{"a": []}]}, ".conditions[0].a", "minItems"),
        ({**COUNT, "conditions": [{"a": [1, [2]]}]}, ".conditions[0].a[1]", "type"),
        ({**COUNT, "conditions": [{"a": float("inf")}]}, ".conditions[0].a", "maximum"),
        ({**COUNT, "conditions": [{"a": -(2**63) - 1}]}, ".conditions[0].a", "minimum"),
        ({**COUNT, "conditions": [{"a": "\0"}]}, ".conditions[0].a", "pattern"),
        ({**COUNT, "conditions": [{"a": "\ud83d"}]}, ".conditions[0].a", "pattern"),
        ({**COUNT, "conditions": [{"column": "a", "operator": "=="}]}, ".conditions[0].operator", "enum"),
        ({**COUNT, "conditions": [{"column": "a", "value": 1}]}, ".conditions[0]", "required"),
        (
            {**COUNT, "conditions": [{"column": "a", "operator": "<", "value": None}]},
            ".conditions[0].value",
            "type",
        ),
        (
            {**COUNT, "conditions": [{"column": "a", "operator": "<", "value": {"select": {"table": "b"}}}]},
            ".conditions[0].value.select",
            "not",
        ),
        ({**COUNT, "conditions": [{"column": "a", "operator": "IN", "value": 1}]}, ".conditions[0].value", "type"),
        ({**COUNT, "conditions": [{"column": "a", "operator": "IS NOT", "value": 1}]}, ".conditions[0].value", "type"),
        ({**COUNT, "conditions": [{"column": "a", "operator": "LIKE", "value": 1}]}, ".conditions[0].value", "type"),
        (
            {**COUNT, "conditions": [{"a": {"select": {"table": "b", "conditions": [{"c": {}}]}}}]},
            ".conditions[0].a.select.conditions[0].c",
            "required",
        ),
    ],
)
def test_an_error_stands_at_the_value_concerned(entry: object, place: str, keyword: str) -> None:
    assert (place, keyword) in problems(entry)


def test_a_wrong_value_is_one_error_and_not_one_for_each_alternative() -> None:
    assert problems({**COUNT, "conditions": [{"not": {"any": [{"a": [None, 1, [3]]}]}}]}) == [
        (".conditions[0].not.any[0].a[2]", "type")
    ]


def properties(node: object, path: str = "#") -> Iterator[tuple[str, Any]]:
    """Each schema of a property, those in the conditions of an ``if`` apart, which only ask."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from properties(item, f"{path}/{index}")
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "properties":
                yield from ((f"{path}/{key}/{name}", inner) for name, inner in value.items())
            if key != "if":
                yield from properties(value, f"{path}/{key}")


def described(property_schema: dict[str, Any]) -> bool:
    """Whether there is a description, its own or that of the place which it refers to."""
    if "description" in property_schema:
        return True
    target: Any = schema()
    for key in property_schema.get("$ref", "#").removeprefix("#/").split("/"):
        target = target.get(key, {})
    return "description" in target


def test_every_property_is_described() -> None:
    found = list(properties(schema()))
    assert len(found) > 50
    assert [path for path, inner in found if not described(inner)] == []
