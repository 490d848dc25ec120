"""The check of a value against what its definition promises, and its plain JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend, validator_for
from referencing import Registry

from metrics_dictionary.ping.measurement import MetricFailed
from metrics_dictionary.ping.query.entry import MAX_DEPTH
from metrics_dictionary.tools.clock import iso
from metrics_dictionary.tools.json_values import finite_number, json_type
from metrics_dictionary.tools.patterns import PatternError, matches

if TYPE_CHECKING:
    from collections.abc import Iterator

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
            try:
                error = next(iter(self._validator(path).iter_errors(plain)), None)
            except PatternError as unusable:
                raise MetricFailed(f"nothing can be said about the value: {path}: {unusable}") from unusable
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
    """Return a validator that never fetches another schema, and reads patterns as the site's payload reader does.

    Raises SchemaError for what is not a JSON Schema. The validator raises PatternError for a pattern that cannot be
    used.
    """
    kind = validator_for(schema, default=Draft202012Validator)
    # A pattern of ECMA-262 need not be one of Python.
    kind.check_schema(schema, format_checker=FormatChecker(formats=()))  # type: ignore[call-arg]
    nothing: Registry[Any] = Registry()
    made: Validator = extend(kind, _KEYWORDS_WITH_PATTERNS)(schema, registry=nothing)  # type: ignore[no-untyped-call]
    return made


def _pattern(_: Any, pattern: str, instance: object, __: object) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not matches(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(
    validator: Any, schemas: Mapping[str, object], instance: object, _: object
) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for pattern, schema in schemas.items():
            for name in [name for name in instance if matches(pattern, name)]:
                yield from validator.descend(instance[name], schema, path=name, schema_path=pattern)


def _additional_properties(
    validator: Any, additional: object, instance: object, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    patterns = schema.get("patternProperties", {})
    names = [name for name in instance if name not in schema.get("properties", {})]
    others = [name for name in names if not any(matches(pattern, name) for pattern in patterns)]
    if isinstance(additional, dict):
        for name in others:
            yield from validator.descend(instance[name], additional, path=name)
    elif additional is False and others:
        yield ValidationError(f"{', '.join(map(repr, others))}: additional properties are not allowed")


_KEYWORDS_WITH_PATTERNS = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
}


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
