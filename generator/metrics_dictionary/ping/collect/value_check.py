"""Whether a value is what its definition promises, as plain JSON data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for
from referencing import Registry

from metrics_dictionary.ping.failure import MetricFailed
from metrics_dictionary.ping.query.entry import DEPTH_LIMIT
from metrics_dictionary.tools.json_values import finite_number

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

        Nothing (None) suits every metric: what is not set has no value. Raises MetricFailed for a value that does not
        suit. The message tells where it goes wrong but never what it is, since reasons leave the instance.
        """
        plain = as_json(value)
        if plain is None:
            return None
        kinds = _KINDS.get(metric.value_type or "")
        if kinds is not None and type(plain) not in kinds:
            raise MetricFailed(f"the value is {_NAMES[type(plain)]}, and its value_type is {metric.value_type}")
        path = metric.value_json_schema
        if path is not None and path in self._schemas:
            error = next(iter(self._validator(path).iter_errors(plain)), None)
            if error is not None:
                raise MetricFailed(f"the value does not follow {path}: {error.json_path} breaks {error.validator!r}")
        return plain

    def _validator(self, path: str) -> Validator:
        if path not in self._validators:
            self._validators[path] = _validator(path, self._schemas[path])
        return self._validators[path]


def _validator(path: str, schema: object) -> Validator:
    if not isinstance(schema, dict):
        raise MetricFailed(f"{path} cannot be read as a JSON Schema, so nothing can be said about the value")
    kind = validator_for(schema, default=Draft202012Validator)
    kind.check_schema(schema)
    fetches_nothing: Registry[Any] = Registry()
    return kind(schema, registry=fetches_nothing)


_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict, list),
}
"""``value_type`` -> the types that a value may have. A list is an ``object`` too: the JSON Schemas say which it is."""

_NAMES = {
    bool: "a boolean",
    str: "a string",
    int: "a number",
    float: "a number",
    dict: "an object",
    list: "a list",
}


def as_json(value: object, depth: int = 0) -> Any:
    """Return the value with JSON's types only: days and times become ISO 8601 texts, decimals numbers.

    Raises MetricFailed for what has no place in JSON: NaN, an infinite or gigantic number, another type, endless
    nesting.
    """
    if depth > DEPTH_LIMIT:
        raise MetricFailed(f"the value is nested more than {DEPTH_LIMIT} levels deep")
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


def iso(moment: datetime) -> str:
    """Return a moment in UTC with milliseconds: ``2024-01-15T23:33:50.387Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise MetricFailed(f"a key of the type {type(key).__name__} has no place in a JSON object")
    return str(key)


def _number(value: float | Decimal) -> int | float:
    number = finite_number(value)
    if number is None:
        raise MetricFailed("the value is no finite number, or too large for one")
    return number
