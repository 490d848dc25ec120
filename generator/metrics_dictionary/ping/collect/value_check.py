"""The check of a value against what its definition promises, and its plain JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for
from referencing import Registry

from metrics_dictionary.ping.measurement import MetricFailed
from metrics_dictionary.ping.query.entry import MAX_DEPTH
from metrics_dictionary.tools.clock import iso
from metrics_dictionary.tools.json_values import finite_number, json_type

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

    from metrics_dictionary.dictionary.metric import MetricDefinition


class ValueCheck:
    """Checks values against ``value_type`` and ``value_json_schema``; each schema is prepared once."""

    def __init__(self, schemas: Mapping[str, object]) -> None:
        self._schemas = schemas
        self._validators: dict[str, Validator] = {}

    def checked(self, value: object, metric: MetricDefinition) -> object:
        """Return the value as JSON data that suits the metric.

        None suits every metric: what is not set has no value. Raises MetricFailed for a value that does not
        suit. The message tells where it goes wrong but never what it is, since reasons leave the instance.
        """
        plain = as_json(value)
        if plain is None:
            return None
        types = JSON_TYPES.get(metric.value_type or "")
        found = json_type(plain)
        if types is not None and found not in types:
            article = "an" if found == "object" else "a"
            raise MetricFailed(f"the value is {article} {found}, and its value_type is {metric.value_type}")
        path = metric.value_json_schema
        if path is not None and path in self._schemas:
            error = next(iter(self._validator(path).iter_errors(plain)), None)
            if error is not None:
                raise MetricFailed(f"the value does not follow {path}: {error.json_path} breaks {error.validator!r}")
        return plain

    def _validator(self, path: str) -> Validator:
        if path not in self._validators:
            schema = self._schemas[path]
            if not isinstance(schema, dict):
                raise MetricFailed(f"{path} cannot be read as a JSON Schema, so nothing can be said about the value")
            self._validators[path] = offline_validator(schema)
        return self._validators[path]


def offline_validator(schema: dict[str, object]) -> Validator:
    """Return a validator that never fetches another schema. Raises SchemaError for what is not a JSON Schema."""
    kind = validator_for(schema, default=Draft202012Validator)
    kind.check_schema(schema)
    nothing: Registry[Any] = Registry()
    return kind(schema, registry=nothing)


JSON_TYPES = {"string": ("string",), "number": ("number",), "boolean": ("boolean",), "object": ("object", "list")}
"""``value_type`` -> the JSON types that suit it. A list is an ``object`` too: the JSON Schemas say which it is."""


def as_json(value: object, depth: int = 0) -> Any:
    """Return the value with JSON's types only: dates and times become ISO 8601 strings, decimals numbers.

    Raises MetricFailed for what has no place in JSON: NaN, an infinite or gigantic number, another type, endless
    nesting.
    """
    if depth > MAX_DEPTH:
        raise MetricFailed(f"the value is nested more than {MAX_DEPTH} levels deep")
    if value is None or isinstance(value, bool):
        return value
    match value:
        case str():
            return str(value)
        case int() | float() | Decimal():
            return _number(value)
        case Mapping():
            return {_key(key): as_json(inner, depth + 1) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [as_json(inner, depth + 1) for inner in value]
        case datetime() if value.tzinfo is not None:
            return iso(value)
        case date() | time():
            return value.isoformat()
        case _:
            raise MetricFailed(f"a value of the type {type(value).__name__} has no place in JSON")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise MetricFailed(f"a key of the type {type(key).__name__} has no place in a JSON object")
    return str(key)


def _number(value: float | Decimal) -> int | float:
    number = finite_number(value)
    if number is None:
        raise MetricFailed("the value is not a finite number, or is too large")
    return number
