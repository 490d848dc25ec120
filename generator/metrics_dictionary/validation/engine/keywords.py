"""The keywords of JSON Schema, with each error at the value that it is about.

jsonschema runs these functions in place of its own. They give the same verdict, but an unknown field is reported at
that field, a repetition at the second of the two, each missing field by itself, and of alternatives the one that comes
closest; and ``$`` in a pattern is the very end of the text, as it is in a browser. The errors carry no words yet:
most of them only decide an ``if``. ``schema_rule`` finds the words.

Sub-schemas are prepared once. jsonschema does that anew for each value, which takes half of its time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from types import NoneType
from typing import TYPE_CHECKING, Protocol

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from metrics_dictionary.tools.json_values import equal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics_dictionary.validation.schemas.definition_schemas import Schema

Errors = Iterator[ValidationError]


class Validator(Protocol):
    """The part of jsonschema's validators that is used here."""

    def iter_errors(self, instance: object) -> Errors:
        """Yield what is wrong with a value."""

    def evolve(self, *, schema: Schema) -> Validator:
        """Return a validator for another schema."""


_TYPES: Mapping[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "null": (NoneType,),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}

# A URI as RFC 3986 defines it: absolute, and without stray characters.
_ESCAPED = "%[0-9A-Fa-f]{2}"
_SEGMENT = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|{_ESCAPED})*"
_USER = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:-]|{_ESCAPED})*@"
_HOST = rf"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|{_ESCAPED})*)"
_AFTER_PATH = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|{_ESCAPED})*"

_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]*:"
    rf"(?://(?:{_USER})?{_HOST}(?::[0-9]*)?(?:/{_SEGMENT})*|/?(?:(?!/){_SEGMENT}(?:/{_SEGMENT})*)?)"
    rf"(?:\?{_AFTER_PATH})?(?:\#{_AFTER_PATH})?"
)


class KeywordError(ValidationError):
    """A violated keyword.

    ``missing`` names a field that has to be there. ``at_key`` says that the key is wrong that leads to the value.
    """

    def __init__(self, *, at: str | int | None = None, missing: str | None = None, at_key: bool = False) -> None:
        super().__init__("", path=() if at is None else (at,))
        self.missing = missing
        self.at_key = at_key


def validator_of(schema: Schema) -> Validator:
    """Return what checks values against a schema, with the keywords of this module.

    References lead to places in the schema itself (``#/$defs/condition``).
    """

    @cache
    def referenced(pointer: str) -> Schema:
        found = schema
        for step in pointer.removeprefix("#/").split("/"):
            found = found[step]
        return found

    def ref(validator: Validator, pointer: str, instance: object, _: Schema) -> Errors:
        yield from _descend(validator, instance, referenced(pointer))

    validator: Validator = extend(Draft202012Validator, {**_KEYWORDS, "$ref": ref})(schema)  # type: ignore[no-untyped-call]
    return validator


def is_uri(text: str) -> bool:
    """Return whether the whole text is an absolute URI."""
    return _URI.fullmatch(text) is not None


def missing_field(error: ValidationError) -> str | None:
    """Return the name of the field whose absence is the error, otherwise None."""
    return error.missing if isinstance(error, KeywordError) else None


def about_key(error: ValidationError) -> bool:
    """Return whether the key is wrong, not the value."""
    return isinstance(error, KeywordError) and error.at_key


def _type(_: Validator, types: str | list[str], instance: object, __: Schema) -> Errors:
    if not (_is(instance, types) if isinstance(types, str) else any(_is(instance, name) for name in types)):
        yield KeywordError()


def _enum(_: Validator, allowed: list[object], instance: object, __: Schema) -> Errors:
    if not (instance in allowed if isinstance(instance, str) else any(equal(instance, item) for item in allowed)):
        yield KeywordError()


def _const(_: Validator, expected: object, instance: object, __: Schema) -> Errors:
    if not equal(instance, expected):
        yield KeywordError()


def _pattern(_: Validator, pattern: str, instance: object, __: Schema) -> Errors:
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield KeywordError()


def _format(_: Validator, name: str, instance: object, __: Schema) -> Errors:
    if name == "uri" and isinstance(instance, str) and not is_uri(instance):
        yield KeywordError()


def _required(_: Validator, names: list[str], instance: object, __: Schema) -> Errors:
    if isinstance(instance, dict):
        for name in names:
            if name not in instance:
                yield KeywordError(missing=name)


def _properties(validator: Validator, schemas: Mapping[str, Schema], instance: object, _: Schema) -> Errors:
    if isinstance(instance, dict):
        for name, value in instance.items():
            if name in schemas:
                yield from _descend(validator, value, schemas[name], name)


def _additional_properties(
    validator: Validator,
    additional: bool | Schema,
    instance: object,
    schema: Schema,
) -> Errors:
    if not isinstance(instance, dict) or additional is True:
        return
    known = schema.get("properties", {})
    for name in instance:
        if name in known:
            continue
        if additional is False:
            yield KeywordError(at=name, at_key=True)
        else:
            yield from _descend(validator, instance[name], additional, name)


def _property_names(validator: Validator, names: Schema, instance: object, _: Schema) -> Errors:
    if isinstance(instance, dict):
        for name in instance:
            for error in _descend(validator, name, names, name):
                if isinstance(error, KeywordError):
                    error.at_key = True
                yield error


def _items(validator: Validator, items: Schema, instance: object, _: Schema) -> Errors:
    if isinstance(instance, list):
        for index, item in enumerate(instance):
            yield from _descend(validator, item, items, index)


def _unique_items(_: Validator, unique: bool, instance: object, __: Schema) -> Errors:
    if unique and isinstance(instance, list):
        seen: set[object] = set()
        for index, item in enumerate(map(_hashable, instance)):
            if item in seen:
                yield KeywordError(at=index)
            seen.add(item)


def _all_of(validator: Validator, schemas: list[Schema], instance: object, _: Schema) -> Errors:
    for each in schemas:
        yield from _descend(validator, instance, each)


def _any_of(validator: Validator, schemas: list[Schema], instance: object, _: Schema) -> Errors:
    """Report what is wrong with the alternative that comes closest: the one whose errors lie deepest."""
    found = []
    for each in schemas:
        errors = list(_descend(validator, instance, each))
        if not errors:
            return
        found.append(errors)
    yield from max(found, key=lambda errors: min(len(error.path) for error in errors))


def _if(validator: Validator, condition: Schema, instance: object, schema: Schema) -> Errors:
    branch = schema.get("then" if _holds(validator, instance, condition) else "else")
    if branch is not None:
        yield from _descend(validator, instance, branch)


def _not(validator: Validator, refused: Schema, instance: object, _: Schema) -> Errors:
    if _holds(validator, instance, refused):
        yield KeywordError(at_key=True)


def _descend(validator: Validator, instance: object, schema: Schema, step: str | int | None = None) -> Errors:
    """Yield the errors of a value against a sub-schema; ``step`` is the key or index that leads to the value."""
    is_short_text = isinstance(instance, str) and len(instance) <= _SHORT
    if is_short_text and (id(schema), instance) in _SOUND:
        return
    sound = True
    for error in _prepared(validator, schema).iter_errors(instance):
        sound = False
        if step is not None:
            error.path.appendleft(step)
        yield error
    if sound and is_short_text:
        _SOUND.add((id(schema), instance))


def _holds(validator: Validator, instance: object, schema: Schema) -> bool:
    """Return whether a value follows a schema; conditions on short texts are decided once for the same texts."""
    texts = _deciding_texts(schema, instance) if isinstance(instance, dict) else None
    if texts is None:
        return next(_prepared(validator, schema).iter_errors(instance), None) is None
    known = _DECIDED.get((id(schema), texts))
    if known is None:
        known = next(_prepared(validator, schema).iter_errors(instance), None) is None
        _DECIDED[id(schema), texts] = known
    return known


def _deciding_texts(schema: Schema, fields: Mapping[str, object]) -> tuple[str | None, ...] | None:
    """Return the texts that alone decide whether a mapping follows a schema, None among them for a missing field.

    Returns None when the schema asks for more than that, or when one of the values is not a short string.
    """
    names = schema.get("properties", ())
    if not schema.keys() <= {"properties", "required"} or not names:
        return None
    texts: list[str | None] = []
    for name in names:
        text = fields.get(name, _MISSING)
        if text is _MISSING:
            texts.append(None)
        elif isinstance(text, str) and len(text) <= _SHORT:
            texts.append(text)
        else:
            return None
    return tuple(texts) if all(name in names for name in schema.get("required", ())) else None


def _prepared(validator: Validator, schema: Schema) -> Validator:
    known = _PREPARED.get(id(schema))
    if known is None:
        known = _PREPARED[id(schema)] = validator.evolve(schema=schema)
    return known


def _is(instance: object, name: str) -> bool:
    """Return whether a value is of a JSON type. In JSON a boolean is not an integer, and 1.0 is one."""
    if name == "integer" and isinstance(instance, float):
        return instance.is_integer()
    return isinstance(instance, _TYPES[name]) and (name == "boolean" or not isinstance(instance, bool))


def _hashable(value: object) -> object:
    """Return something that can be hashed and is equal for equal values only."""
    if isinstance(value, list):
        return tuple(map(_hashable, value))
    if isinstance(value, dict):
        return frozenset((key, _hashable(item)) for key, item in value.items())
    return (bool, value) if isinstance(value, bool) else value


@lru_cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\$$", r"\\Z", pattern))


# The schemas live as long as the process, so an id stands for one schema only.
_PREPARED: dict[int, Validator] = {}

# Definitions repeat the same words: `active`, `free`, `counts_all`. What is sound once is sound again.
_SOUND: set[tuple[int, object]] = set()
_DECIDED: dict[tuple[int, tuple[str | None, ...]], bool] = {}
_SHORT = 40
_MISSING = object()

_KEYWORDS = {
    "additionalProperties": _additional_properties,
    "allOf": _all_of,
    "anyOf": _any_of,
    "const": _const,
    "enum": _enum,
    "format": _format,
    "if": _if,
    "items": _items,
    "not": _not,
    "pattern": _pattern,
    "properties": _properties,
    "propertyNames": _property_names,
    "required": _required,
    "type": _type,
    "uniqueItems": _unique_items,
}
