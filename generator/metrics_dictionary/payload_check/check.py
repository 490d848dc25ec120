"""Whether a real payload is what the definitions promise.

The site's payload reader does the same in the browser; `tests/payload_cases` holds both to one result.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from jsonschema.exceptions import SchemaError
from referencing.exceptions import Unresolvable

from metrics_dictionary.dictionary.dictionary import RECORDED_AT
from metrics_dictionary.ping.collect.value_check import JSON_TYPES, offline_validator
from metrics_dictionary.ping.query.data_sources import COUNTER_FAILED, FAILED, SQL_LEFT_OUT
from metrics_dictionary.tools.json_values import finite_number, json_type
from metrics_dictionary.tools.patterns import PatternError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jsonschema.protocols import Validator

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.metric import MetricDefinition

_INTEGERS = 2**53
"""Below this the site's payload reader has every integer, digit by digit."""

SOURCE_ABSENT = -1000
"""What other producers write where the source of a value was not there; ours writes FAILED."""

FALLBACKS = {
    FAILED: "a failure or a timeout",
    COUNTER_FAILED: "an error in a counter",
    SQL_LEFT_OUT: "SQL that was left out",
    SOURCE_ABSENT: "a source that was not there",
}
"""Fallback value -> what it stands for."""


class FindingKind(StrEnum):
    """What can be wrong with one place of a payload."""

    UNKNOWN_KEY = "unknown-key"
    MISSING_METRIC = "missing-metric"
    REMOVED_METRIC = "removed-metric"
    FALLBACK_VALUE = "fallback-value"
    WRONG_TYPE = "wrong-type"
    SCHEMA_VIOLATION = "schema-violation"
    UNUSABLE_SCHEMA = "unusable-schema"


@dataclass(frozen=True, slots=True)
class PayloadFinding:
    """One finding about one key path.

    ``found`` is the type of a wrong value: ``boolean``, ``number``, ``string``, ``list`` or ``object``. ``value`` is a
    fallback value. ``places`` are JSON Pointers, inside the value, of what breaks the schema. ``metric`` is the
    definition, one of a single time frame; None for a key that has none. ``nested`` shows, as JSON, the
    levels on which a key belongs whose name joins them with dots; a value that is no small integer is ``…`` there.
    """

    kind: FindingKind
    key_path: str
    metric: MetricDefinition | None = None
    found: str | None = None
    value: int | None = None
    places: tuple[str, ...] = ()
    nested: str | None = None


def check_payload(payload: Mapping[str, object], dictionary: Dictionary) -> tuple[PayloadFinding, ...]:
    """Compare a payload with all definitions; the findings are sorted by key path, then kind."""
    metrics = dictionary.expanded
    walk = _Walk(metrics)
    walk.visit(payload)
    schemas = _ObjectSchemas(dictionary.object_schemas)
    checked = (_finding(metrics[key_path], value, schemas) for key_path, value in walk.values.items())
    there = walk.values.keys() | walk.flattened
    missing = (metric for metric in metrics.values() if _expected(metric) and metric.key_path not in there)
    found = [
        *(PayloadFinding(FindingKind.UNKNOWN_KEY, key_path, nested=nested) for key_path, nested in walk.unknown),
        *(finding for finding in checked if finding is not None),
        *(PayloadFinding(FindingKind.MISSING_METRIC, metric.key_path, metric) for metric in missing),
    ]
    return tuple(sorted(found, key=lambda finding: (finding.key_path, finding.kind)))


def _expected(metric: MetricDefinition) -> bool:
    return (metric.status or "active") == "active"


class _Walk:
    """Collects the values of metrics, and the key paths of what no metric accounts for.

    ``flattened`` are the metrics whose values are there, but under a name with dots in it.
    """

    def __init__(self, metrics: Mapping[str, MetricDefinition]) -> None:
        self.values: dict[str, object] = {}
        self.unknown: list[tuple[str, str | None]] = []
        self.flattened: set[str] = set()
        self._metrics = metrics
        self._levels = {
            key_path[:end] for key_path in metrics for end, character in enumerate(key_path) if character == "."
        }

    def visit(self, values: Mapping[str, object], above: str = "") -> None:
        for name, value in values.items():
            key_path = above + name
            if not name or "." in name:
                met = self._flattened(value, key_path) if name else set()
                self.flattened |= met
                self.unknown.append((key_path, _nested(key_path.split("."), value) if met else None))
            elif key_path in self._metrics:
                self.values[key_path] = value
            elif isinstance(value, Mapping) and key_path in self._levels:
                self.visit(value, f"{key_path}.")
            elif key_path != RECORDED_AT:
                self.unknown.append((key_path, None))

    def _flattened(self, value: object, key_path: str) -> set[str]:
        """Return the metrics that a value holds, were the name with dots that leads to it written as levels."""
        if key_path in self._metrics:
            return {key_path}
        if not isinstance(value, Mapping) or key_path not in self._levels:
            return set()
        return {found for name, inner in value.items() for found in self._flattened(inner, f"{key_path}.{name}")}


def _nested(names: list[str], value: object) -> str:
    """Return the JSON that has the names as levels: ``{"counts": {"orders": 5}}``."""
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    shown = str(int(number)) if number is not None and abs(number) < _INTEGERS and number % 1 == 0 else "…"
    return "".join(f"{{{json.dumps(name, ensure_ascii=False)}: " for name in names) + shown + "}" * len(names)


def _finding(metric: MetricDefinition, value: object, schemas: _ObjectSchemas) -> PayloadFinding | None:
    key_path = metric.key_path
    if metric.removed:
        return PayloadFinding(FindingKind.REMOVED_METRIC, key_path, metric)
    if value is None:
        return None
    found = json_type(value)
    if found == "number" and value in FALLBACKS:
        assert isinstance(value, int | float)  # noqa: S101 - what json_type calls a number
        return PayloadFinding(FindingKind.FALLBACK_VALUE, key_path, metric, value=int(value))
    suitable = JSON_TYPES.get(metric.value_type or "")
    if suitable is not None and (found not in suitable or not _finite(value)):
        return PayloadFinding(FindingKind.WRONG_TYPE, key_path, metric, found=found)
    return schemas.check(value, metric)


def _finite(value: object) -> bool:
    return not isinstance(value, int | float) or finite_number(value) is not None


class _ObjectSchemas:
    """Checks values against object schemas; each schema is prepared once."""

    def __init__(self, schemas: Mapping[str, object]) -> None:
        self._schemas = schemas
        self._validators: dict[str, Validator | None] = {}

    def check(self, value: object, metric: MetricDefinition) -> PayloadFinding | None:
        path = metric.value_json_schema
        if path is None or path not in self._schemas:
            return None
        if path not in self._validators:
            self._validators[path] = _validator(self._schemas[path])
        try:
            places = None if (validator := self._validators[path]) is None else _places(validator, value)
        except (Unresolvable, RecursionError, PatternError):
            places = None
        if places is None:
            return PayloadFinding(FindingKind.UNUSABLE_SCHEMA, metric.key_path, metric)
        return PayloadFinding(FindingKind.SCHEMA_VIOLATION, metric.key_path, metric, places=places) if places else None


def _validator(schema: object) -> Validator | None:
    """Return what checks values, or None for what is not a JSON Schema."""
    try:
        return offline_validator(schema) if isinstance(schema, dict) else None
    except SchemaError:
        return None


def _places(validator: Validator, value: Any) -> tuple[str, ...]:
    return tuple(sorted({_pointer(error.absolute_path) for error in validator.iter_errors(value)}))


def _pointer(path: Iterable[str | int]) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
