"""The field reference: every field that a definition may have, as its schema explains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.validation.schemas.definition_schemas import (
    EVENT,
    METRIC,
    PRODUCT_GROUPS,
    Schema,
    parts_of,
    schema,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FILES = {"metric": METRIC, "event": EVENT, "product_groups": PRODUCT_GROUPS}

_ITEM = "[]"
_ANY_NAME = "NAME"


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    ``name`` is its place in a definition: ``status``, ``tiers[]`` for the items of a list, ``events[].filter.NAME``
    for a field that an author names. ``types`` are the words of JSON Schema (``string``, ``array``). ``allowed`` are
    the only values there can be; empty where there are others. ``required`` says whether it has to be there wherever
    its parent is; what a status or a data source asks for on top is in the description. ``default`` is None where
    nothing is assumed.
    """

    name: str
    types: tuple[str, ...]
    required: bool
    description: str
    allowed: tuple[object, ...] = ()
    examples: tuple[object, ...] = ()
    default: object = None
    deprecated: bool = False


def field_reference(kind: str) -> tuple[Field, ...]:
    """Return the fields of ``metric``, ``event`` or ``product_groups``, each followed by the fields inside it."""
    fields: dict[str, Field] = {}
    for field in _fields_in([schema(_FILES[kind])], ""):
        fields.setdefault(field.name, field)
    return tuple(fields.values())


def _fields_in(schemas: Iterable[Schema], place: str) -> Iterator[Field]:
    """Yield the fields of a mapping or the items of a list that several schemas describe together."""
    parts = [part for each in schemas for part in parts_of(each)]
    required = {name for each in schemas for name in each.get("required", ())}
    names = list(dict.fromkeys(name for part in parts for name in part.get("properties", ())))
    for name in names:
        # A schema can also be `true`, which describes nothing.
        inner = [each for part in parts if isinstance(each := part.get("properties", {}).get(name), dict)]
        yield from _field(f"{place}.{name}" if place else name, inner, required=name in required)
    for keyword, suffix in (("additionalProperties", f".{_ANY_NAME}"), ("items", _ITEM)):
        inner = [part[keyword] for part in parts if isinstance(part.get(keyword), dict)]
        name = f"{place}{suffix}" if place else suffix.removeprefix(".")
        yield from _field(name, inner, required=False)


def _field(name: str, schemas: list[Schema], *, required: bool) -> Iterator[Field]:
    parts = [part for each in schemas for part in parts_of(each)]
    described = [part for part in parts if "description" in part]
    if not described:
        return
    types = next((part["type"] for part in parts if "type" in part), ())
    yield Field(
        name=name,
        types=(types,) if isinstance(types, str) else tuple(types),
        required=required,
        description=described[0]["description"],
        allowed=tuple(dict.fromkeys(_allowed(parts))),
        examples=tuple(next((part["examples"] for part in parts if "examples" in part), ())),
        default=next((part["default"] for part in parts if "default" in part), None),
        deprecated=any(part.get("deprecated", False) for part in parts),
    )
    yield from _fields_in(schemas, name)


def _allowed(parts: Iterable[Schema]) -> list[object]:
    for part in parts:
        if "enum" in part:
            return list(part["enum"])
        # A constant in a branch holds under some condition only.
        if "const" in part and "description" in part:
            return [part["const"]]
    return []
