"""The ``schema`` rule: what the JSON Schemas find in a document, each finding at the value that it is about.

The words say what is expected and what was found, in one line. A schema may bring its own in ``errorMessage``, which
editors show as well.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from metrics_dictionary.reading.document import Document, Kind
from metrics_dictionary.tools.near_misses import Suggestion, suggested
from metrics_dictionary.validation.engine import message_parts
from metrics_dictionary.validation.engine.verdict import Verdict
from metrics_dictionary.validation.rules.rule import Finding
from metrics_dictionary.validation.schemas.definition_schemas import (
    EVENT,
    INSTRUMENTATIONS,
    METRIC,
    PRODUCT_GROUPS,
    description_of,
    schema,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from jsonschema.exceptions import ValidationError

    from metrics_dictionary.reading.positions import JsonPath
    from metrics_dictionary.validation.engine.keywords import Validator

SCHEMAS = {
    Kind.METRIC: METRIC,
    Kind.EVENT: EVENT,
    Kind.INSTRUMENTATIONS: INSTRUMENTATIONS,
    Kind.PRODUCT_GROUPS: PRODUCT_GROUPS,
}

_SUBJECTS = {
    Kind.METRIC: "the metric",
    Kind.EVENT: "the event",
    Kind.INSTRUMENTATIONS: "the file",
    Kind.PRODUCT_GROUPS: "the file",
}


def schema_findings(document: Document) -> Iterator[Finding]:
    """Find each value of a document that its schema does not allow."""
    if _verdict(document.kind).accepts(document.data):
        return
    found = [_finding(document, error) for error in _telling(_validator(document.kind).iter_errors(document.data))]
    # A misspelled field is one mistake: it is not also missing under its right name.
    misspelled = {
        (*one.path[:-1], one.suggestion.text) for one in found if one.at_key and isinstance(one.suggestion, Suggestion)
    }
    yield from (one for one in found if not misspelled.intersection(one.missing))


def accepts(document: Document, path: JsonPath, value: object) -> bool:
    """Return whether the schema would allow a value at a place of a document; nothing is allowed at a lost place."""
    data = copy.deepcopy(document.data)
    if path:
        inner: Any = data
        try:
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            return False
    else:
        data = value
    return all(tuple(error.path) != path for error in _validator(document.kind).iter_errors(data))


@cache
def _verdict(kind: Kind) -> Verdict:
    return Verdict(schema(SCHEMAS[kind]))


@cache
def _validator(kind: Kind) -> Validator:
    from metrics_dictionary.validation.engine.keywords import validator_of  # jsonschema takes 40 ms to import

    return validator_of(schema(SCHEMAS[kind]))


def _telling(errors: Iterable[ValidationError]) -> list[ValidationError]:
    """Leave out what is said already: the same error again, and what follows from a value's type being wrong."""
    found = list(errors)
    of_wrong_type = {tuple(error.path) for error in found if error.validator == "type"}
    told: dict[tuple[object, ...], ValidationError] = {}
    for error in found:
        path = tuple(error.path)
        if error.validator == "type" or path not in of_wrong_type:
            told.setdefault((path, error.validator, str(error.validator_value), _missing_field(error)), error)
    return list(told.values())


def _missing_field(error: ValidationError) -> str | None:
    """Return the name of the field whose absence is the error, otherwise None."""
    return getattr(error, "missing", None)


def _finding(document: Document, error: ValidationError) -> Finding:
    path = tuple(error.path)
    words = _without_quotes(document, error) or _words_for(error)
    missing = _missing_field(error)
    subject = message_parts.field(path) if path else _SUBJECTS[document.kind]
    described = path if missing is None else (*path, missing)
    return Finding(
        document,
        path,
        f"{subject} {words.predicate}",
        help=words.help or description_of(SCHEMAS[document.kind], described),
        suggestion=words.suggestion,
        at_key=getattr(error, "at_key", False),
        missing=() if missing is None else ((*path, missing),),
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """What is said of a value.

    ``predicate`` follows the value's place: "must be a string, not a list". ``suggestion`` is what to write
    instead. ``help`` takes the place of the field's description.
    """

    predicate: str
    suggestion: Suggestion | str | None = None
    help: str | None = None


def _without_quotes(document: Document, error: ValidationError) -> _Words | None:
    """Explain a string that YAML reads as something else for want of quotes, such as ``no``; None for other errors."""
    wrong_type = error.validator == "type" and isinstance(error.instance, bool | int | float)
    if not wrong_type or not isinstance(error.schema, dict) or _own_words(error):
        return None
    written = document.positions.written(tuple(error.path))
    if not written or any(_validator(document.kind).evolve(schema=error.schema).iter_errors(written)):
        return None
    read = message_parts.value(error.instance)
    return _Words(
        f"{_type_wanted(error.validator_value)}, but {message_parts.code(written)} without quotes is {read}",
        f'"{written}"',
        "Put the value in quotes to make it a string.",
    )


def _words_for(error: ValidationError) -> _Words:
    """Explain an error."""
    explain = _WORDS.get(str(error.validator), _other)
    return explain(error, error.validator_value)


def _type(error: ValidationError, types: Any) -> _Words:
    wanted = _type_wanted(types)
    if not error.path and error.instance is None:
        return _Words(
            f"{wanted}, but the file is empty", help="Write the definition into the file, or delete the file."
        )
    if not error.path and isinstance(error.instance, list):
        return _Words(_expected(error, wanted), help="Take out the `- ` before the first key, and indent no key.")
    return _Words(_expected(error, wanted))


def _type_wanted(types: Any) -> str:
    names = [types] if isinstance(types, str) else types
    return f"must be {' or '.join(_TYPES[name] for name in names)}"


def _enum(error: ValidationError, allowed: Any) -> _Words:
    close: Suggestion | str | None = None
    if isinstance(error.instance, str):
        close = suggested(error.instance, map(str, allowed)) or _MEANT.get(error.instance.lower())
        close = close if not isinstance(close, str) or close in allowed else None
    return _Words(_expected(error, f"must be {message_parts.one_of(allowed)}"), close)


def _const(error: ValidationError, expected: Any) -> _Words:
    suggestion = expected if isinstance(expected, str) else None
    return _Words(_expected(error, f"must be {message_parts.one_of([expected])}"), suggestion)


def _pattern(error: ValidationError, pattern: Any) -> _Words:
    return _Words(_expected(error, f"must have the form {message_parts.code(pattern)}"))


def _format(error: ValidationError, _: Any) -> _Words:
    return _Words(_expected(error, "must be a complete URL such as https://example.com/changes/1"))


def _required(error: ValidationError, _: Any) -> _Words:
    missing, reason = _missing_field(error), _own_words(error)
    return _Words(f"has no {message_parts.code(missing)}" + (f": {reason}" if reason else ""))


def _additional_properties(error: ValidationError, _: Any) -> _Words:
    rules = error.schema if isinstance(error.schema, dict) else {}
    present = error.instance if isinstance(error.instance, dict) else {}
    fields = {name: field for name, field in rules.get("properties", {}).items() if name not in present}
    free = [name for name, field in fields.items() if not _deprecated(field)]
    # A field that is missing has a finding of its own.
    optional = [name for name in free if name not in rules.get("required", ())]
    possible = (
        f"Possible here: {message_parts.one_of(optional)}." if optional else "Remove it; nothing else is possible here."
    )
    return _Words("is unknown: there is no such field", suggested(str(error.path[-1]), free), possible)


def _unique_items(_error: ValidationError, _: Any) -> _Words:
    return _Words("is in the list already; write each item once")


def _not(error: ValidationError, _: Any) -> _Words:
    return _Words(_own_words(error) or "must not be there")


def _min_length(error: ValidationError, _: Any) -> _Words:
    return _Words(_own_words(error) or "must not be empty")


def _other(error: ValidationError, value: Any) -> _Words:
    return _Words(_own_words(error) or f"does not follow the rule {message_parts.code(f'{error.validator}: {value}')}")


def _deprecated(field: object) -> bool:
    return isinstance(field, dict) and field.get("deprecated") is True


def _expected(error: ValidationError, otherwise: str) -> str:
    return f"{_own_words(error) or otherwise}, not {message_parts.value(error.instance)}"


def _own_words(error: ValidationError) -> str | None:
    message = error.schema.get("errorMessage") if isinstance(error.schema, dict) else None
    return message if isinstance(message, str) else None


_MEANT = dict.fromkeys(("30d", "31d", "1m", "month", "monthly", "4w"), "28d")
_MEANT |= dict.fromkeys(("1w", "week", "weekly", "7"), "7d") | dict.fromkeys(("all_time", "total", "ever"), "all")
"""What is written for a time frame -> what it is called here."""

_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "a mapping",
    "string": "a string",
}

_WORDS: dict[str, Callable[[ValidationError, Any], _Words]] = {
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
