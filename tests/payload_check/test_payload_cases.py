"""The cases that the command line and the site's payload reader share: tests/payload_cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.payload_check.check import FindingKind, PayloadFinding, check_payload

CASES = sorted((Path(__file__).parents[1] / "payload_cases").glob("*.json"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_payload_case_gives_its_findings_and_no_others(case: Path) -> None:
    told: dict[str, Any] = json.loads(case.read_text(encoding="utf-8"))
    found = check_payload(told["payload"], _dictionary(told["definitions"]))
    assert [_shown(finding) for finding in found] == told["expected"], told["about"]


def test_every_kind_of_finding_that_both_programs_know_has_a_case() -> None:
    kinds = {finding["kind"] for case in CASES for finding in json.loads(case.read_text(encoding="utf-8"))["expected"]}
    # A schema that is not valid is the definitions' fault; the site is given only those that can be used.
    assert kinds == set(FindingKind) - {FindingKind.UNUSABLE_SCHEMA}


@pytest.mark.parametrize(
    "schema", [7, {"type": 7}, {"$ref": "https://example.com/schema.json"}, {"propertyNames": {"pattern": "(?=a)"}}]
)
def test_a_schema_that_cannot_be_used_is_said_to_be_so(schema: object) -> None:
    metric = MetricDefinition({"key_path": "a", "value_type": "object", "value_json_schema": "x.json"}, "m.yml")
    found = check_payload({"a": {"b": 1}}, Dictionary((metric,), object_schemas={"x.json": schema}))
    assert [finding.kind for finding in found] == [FindingKind.UNUSABLE_SCHEMA]


def _dictionary(definitions: dict[str, Any]) -> Dictionary:
    named = enumerate(definitions["metrics"])
    metrics = tuple(MetricDefinition(fields, f"metrics/{number}.yml") for number, fields in named)
    return Dictionary(metrics, object_schemas=definitions.get("schemas", {}))


def _shown(finding: PayloadFinding) -> dict[str, object]:
    shown: dict[str, object] = {"kind": str(finding.kind), "key_path": finding.key_path}
    more = {"found": finding.found, "value": finding.value, "places": list(finding.places) or None}
    more["nested"] = finding.nested
    return shown | {name: value for name, value in more.items() if value is not None}
