"""The words for what a schema does not allow: expected and found, in one line.

A schema may bring its own words in ``errorMessage``, which editors show as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metrics_dictionary.tools.near_misses import near_miss
from metrics_dictionary.validation.engine import wording
from metrics_dictionary.validation.engine.keywords import missing_field

if TYPE_CHECKING:
    from collections.abc import Callable

    from jsonschema.exceptions import ValidationError


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of a value.

    ``predicate`` follows the value's place: "must be text, not the number 16.1". ``suggestion`` is what to write
    instead. ``help`` takes the place of the field's description.
    """

    predicate: str
    suggestion: str | None = None
    help: str | None = None


def words_for(error: ValidationError) -> Words:
    """Explain an error."""
    explain = _WORDS.get(str(error.validator), _other)
    return explain(error, error.validator_value)


def _type(error: ValidationError, types: Any) -> Words:
    names = [types] if isinstance(types, str) else types
    return Words(_expected(error, f"must be {' or '.join(_TYPES[name] for name in names)}"))


def _enum(error: ValidationError, allowed: Any) -> Words:
    close = near_miss(error.instance, map(str, allowed)) if isinstance(error.instance, str) else None
    return Words(_expected(error, f"must be {wording.one_of(allowed)}"), close)


def _const(error: ValidationError, expected: Any) -> Words:
    suggestion = expected if isinstance(expected, str) else None
    return Words(_expected(error, f"must be {wording.one_of([expected])}"), suggestion)


def _pattern(error: ValidationError, pattern: Any) -> Words:
    return Words(_expected(error, f"must have the form {wording.code(pattern)}"))


def _format(error: ValidationError, _: Any) -> Words:
    return Words(_expected(error, "must be a complete URL such as https://example.com/changes/1"))


def _required(error: ValidationError, _: Any) -> Words:
    missing, reason = missing_field(error), _own_words(error)
    return Words(f"has no {wording.code(missing)}" + (f": {reason}" if reason else ""))


def _additional_properties(error: ValidationError, _: Any) -> Words:
    rules = error.schema if isinstance(error.schema, dict) else {}
    present = error.instance if isinstance(error.instance, dict) else {}
    fields = {name: field for name, field in rules.get("properties", {}).items() if name not in present}
    free = [name for name, field in fields.items() if not _deprecated(field)]
    # A field that is missing has a finding of its own.
    optional = [name for name in free if name not in rules.get("required", ())]
    possible = (
        f"Possible here: {wording.one_of(optional)}." if optional else "Remove it; nothing else is possible here."
    )
    return Words("is unknown: there is no such field", near_miss(str(error.path[-1]), free), possible)


def _unique_items(_error: ValidationError, _: Any) -> Words:
    return Words("is in the list already; write each item once")


def _not(error: ValidationError, _: Any) -> Words:
    return Words(_own_words(error) or "must not be there")


def _min_length(error: ValidationError, _: Any) -> Words:
    return Words(_own_words(error) or "must not be empty")


def _other(error: ValidationError, value: Any) -> Words:
    return Words(_own_words(error) or f"does not follow the rule {wording.code(f'{error.validator}: {value}')}")


def _deprecated(field: object) -> bool:
    return isinstance(field, dict) and field.get("deprecated") is True


def _expected(error: ValidationError, otherwise: str) -> str:
    return f"{_own_words(error) or otherwise}, not {wording.value(error.instance)}"


def _own_words(error: ValidationError) -> str | None:
    message = error.schema.get("errorMessage") if isinstance(error.schema, dict) else None
    return message if isinstance(message, str) else None


_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "a mapping",
    "string": "text",
}

_WORDS: dict[str, Callable[[ValidationError, Any], Words]] = {
    "additionalProperties": _additional_properties,
    "const": _const,
    "enum": _enum,
    "format": _format,
    "minItems": _min_length,
    "minLength": _min_length,
    "minProperties": _min_length,
    "not": _not,
    "pattern": _pattern,
    "required": _required,
    "type": _type,
    "uniqueItems": _unique_items,
}
