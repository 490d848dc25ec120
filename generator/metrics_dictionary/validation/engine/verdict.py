"""Whether a value follows a JSON Schema, and nothing else: the question that nearly every definition answers with yes.

A schema is made into nested functions once. They answer ten times faster than jsonschema, which is asked what is wrong
only with the values that fail here; a property test holds the two against each other. ``$`` in a pattern is the very
end of the text, as it is in a browser.
"""

from __future__ import annotations

import operator
import re
from functools import lru_cache
from types import NoneType
from typing import TYPE_CHECKING, Any

from metrics_dictionary.tools.json_values import equal

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from metrics_dictionary.validation.schemas.definition_schemas import Schema

    Check = Callable[[Any], bool]

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


class Verdict:
    """Says whether values follow a schema: ``Verdict(schema).accepts(value)``.

    References lead to places in the schema itself (``#/$defs/condition``). Raises ValueError for a schema with a
    keyword that this module does not know.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._checks: dict[int, Check] = {}
        self.accepts = self.check(schema)

    def check(self, schema: Schema | bool) -> Check:
        """Return the check of a part of the schema, made at its first use."""
        if isinstance(schema, bool):
            return _anything if schema else _nothing
        known = self._checks.get(id(schema))
        if known is None:
            known = self._checks[id(schema)] = self._made(schema)
        return known

    def check_keyword(self, name: str, argument: object, schema: Schema) -> Check:
        """Return the check of one keyword of a part of the schema."""
        return _KEYWORDS[name](self, argument, schema)

    def referenced(self, pointer: str) -> Schema:
        """Return the part of the schema to which a reference leads."""
        found = self._schema
        for step in pointer.removeprefix("#/").split("/"):
            found = found[step]
        return found

    def _made(self, schema: Schema) -> Check:
        if unknown := schema.keys() - _KEYWORDS.keys() - _COMPLEMENTS - _ANNOTATIONS:
            raise ValueError(f"the schema has keywords that are not supported: {', '.join(sorted(unknown))}")
        return _all([self.check_keyword(*item, schema) for item in schema.items() if item[0] in _KEYWORDS])


def is_uri(text: str) -> bool:
    """Return whether the whole text is an absolute URI."""
    return _URI.fullmatch(text) is not None


def _anything(_: object) -> bool:
    return True


def _nothing(_: object) -> bool:
    return False


def _all(checks: Sequence[Check]) -> Check:
    """Return what holds when all of these hold; most schemas have one or two keywords."""
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:
        first, second = checks
        return lambda value: first(value) and second(value)
    wanted = tuple(checks)

    def accepts(value: object) -> bool:
        for check in wanted:  # noqa: SIM110 - a generator would take as long as the checks
            if not check(value):
                return False
        return True

    return accepts


_TYPES: Mapping[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "null": (NoneType,),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}


def _type_check(name: str) -> Check:
    """In JSON a boolean is not a number, and 1.0 is an integer."""
    if name == "integer":
        return lambda value: (
            value.is_integer() if isinstance(value, float) else isinstance(value, int) and not isinstance(value, bool)
        )
    if name == "number":
        return lambda value: isinstance(value, (int, float)) and not isinstance(value, bool)
    (kind,) = _TYPES[name]
    return lambda value: isinstance(value, kind)


def _type(_: Verdict, names: str | list[str], __: Schema) -> Check:
    if isinstance(names, str):
        return _type_check(names)
    checks = [_type_check(name) for name in names]
    return lambda value: any(check(value) for check in checks)


def _enum(_: Verdict, allowed: list[object], __: Schema) -> Check:
    texts = frozenset(value for value in allowed if isinstance(value, str))
    others = [value for value in allowed if not isinstance(value, str)]
    return lambda value: value in texts if isinstance(value, str) else any(equal(value, other) for other in others)


def _const(_: Verdict, expected: object, __: Schema) -> Check:
    return lambda value: equal(value, expected)


def _format(_: Verdict, name: str, __: Schema) -> Check:
    return _if_type(str, is_uri) if name == "uri" else _anything


def _pattern(_: Verdict, pattern: str, __: Schema) -> Check:
    search = _compiled(pattern).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _bound(kinds: type | tuple[type, ...], measure: Callable[[Any], float] | None, holds: Callable[..., bool]) -> Any:
    """Return the keyword that bounds what is measured of a value of these types."""

    def keyword(_: Verdict, bound: float, __: Schema) -> Check:
        def accepts(value: Any) -> bool:
            if not isinstance(value, kinds) or isinstance(value, bool):
                return True
            return holds(value if measure is None else measure(value), bound)

        return accepts

    return keyword


def _required(_: Verdict, names: list[str], __: Schema) -> Check:
    wanted = frozenset(names)
    return _if_type(dict, lambda fields: wanted <= fields.keys())


def _properties(verdict: Verdict, schemas: Mapping[str, Schema], _: Schema) -> Check:
    checks = {name: verdict.check(schema) for name, schema in schemas.items()}
    if len(checks) == 1:
        ((only, check),) = checks.items()
        return lambda value: not isinstance(value, dict) or only not in value or check(value[only])
    find = checks.get

    def accepts(value: object) -> bool:
        if isinstance(value, dict):
            for name, field in value.items():
                check = find(name)
                if check is not None and not check(field):
                    return False
        return True

    return accepts


def _additional_properties(verdict: Verdict, additional: bool | Schema, schema: Schema) -> Check:
    known = frozenset(schema.get("properties", ()))
    if additional is False:
        return _if_type(dict, lambda fields: fields.keys() <= known)
    check = verdict.check(additional)
    return _if_type(dict, lambda fields: all(name in known or check(field) for name, field in fields.items()))


def _property_names(verdict: Verdict, names: Schema, _: Schema) -> Check:
    check = verdict.check(names)
    return _if_type(dict, lambda fields: all(map(check, fields)))


def _items(verdict: Verdict, items: Schema, _: Schema) -> Check:
    check = verdict.check(items)
    return _if_type(list, lambda values: all(map(check, values)))


def _contains(verdict: Verdict, item: Schema, schema: Schema) -> Check:
    check, least, most = verdict.check(item), schema.get("minContains", 1), schema.get("maxContains", float("inf"))
    return _if_type(list, lambda values: least <= sum(map(check, values)) <= most)


def _unique_items(_: Verdict, unique: bool, __: Schema) -> Check:
    return _if_type(list, lambda values: len(set(map(hashable, values))) == len(values)) if unique else _anything


def _all_of(verdict: Verdict, schemas: list[Schema], _: Schema) -> Check:
    return _all([verdict.check(schema) for schema in schemas])


def _any_of(verdict: Verdict, schemas: list[Schema], _: Schema) -> Check:
    checks = [verdict.check(schema) for schema in schemas]
    return lambda value: any(check(value) for check in checks)


def _not(verdict: Verdict, refused: Schema, _: Schema) -> Check:
    check = verdict.check(refused)
    return lambda value: not check(value)


def _if(verdict: Verdict, condition: Schema, schema: Schema) -> Check:
    decides = verdict.check(condition)
    then, otherwise = verdict.check(schema.get("then", True)), verdict.check(schema.get("else", True))
    return lambda value: then(value) if decides(value) else otherwise(value)


def _ref(verdict: Verdict, pointer: str, _: Schema) -> Check:
    schema = verdict.referenced(pointer)

    def accepts(value: object) -> bool:
        return verdict.check(schema)(value)  # made at the first use: what it leads to may contain the reference

    return accepts


def _if_type(kind: type, check: Check) -> Check:
    """Return what accepts all values of other types: a keyword says nothing about them."""
    return lambda value: not isinstance(value, kind) or check(value)


def hashable(value: object) -> Hashable:
    """Return something that can be hashed and is equal for values that are the same JSON only."""
    if isinstance(value, list):
        return tuple(map(hashable, value))
    if isinstance(value, dict):
        return frozenset((key, hashable(item)) for key, item in value.items())
    return (bool, value) if isinstance(value, bool) else value


@lru_cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\$$", r"\\Z", pattern))


_KEYWORDS: Mapping[str, Callable[[Verdict, Any, Schema], Check]] = {
    "$ref": _ref,
    "additionalProperties": _additional_properties,
    "allOf": _all_of,
    "anyOf": _any_of,
    "const": _const,
    "contains": _contains,
    "enum": _enum,
    "format": _format,
    "if": _if,
    "items": _items,
    "maximum": _bound((int, float), None, operator.le),
    "minItems": _bound(list, len, operator.ge),
    "minLength": _bound(str, len, operator.ge),
    "minProperties": _bound(dict, len, operator.ge),
    "minimum": _bound((int, float), None, operator.ge),
    "not": _not,
    "pattern": _pattern,
    "properties": _properties,
    "propertyNames": _property_names,
    "required": _required,
    "type": _type,
    "uniqueItems": _unique_items,
}

_COMPLEMENTS = {"then", "else", "minContains", "maxContains", "$defs"}
"""What belongs to another keyword, which reads it."""

_ANNOTATIONS = {
    *("$comment", "$id", "$schema", "default", "deprecated", "description", "errorMessage", "examples", "title"),
}
