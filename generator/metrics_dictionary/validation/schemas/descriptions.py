"""What the schemas say about a field: the one explanation that messages, editors and the site share."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from metrics_dictionary.validation.schemas.definition_schemas import Schema, schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.reading.positions import JsonPath

_BRANCHES = ("then", "else")
_ALTERNATIVES = ("allOf", "anyOf", "oneOf")


def description_of(name: str, path: JsonPath) -> str:
    """Return the description of the value at a path, or of the nearest thing around it that has one.

    ``name`` is the schema's file; an item of a list may be given by any index.
    """
    for length in range(len(path), -1, -1):
        steps = tuple("" if isinstance(step, int) else step for step in path[:length])
        if found := _description(name, steps):
            return found
    return ""


def parts_of(outer: Schema) -> Iterator[Schema]:
    """Yield a schema and every schema that may apply to the same value; references are not followed."""
    yield outer
    inner = [outer[key] for key in _BRANCHES if key in outer]
    inner += [each for key in _ALTERNATIVES for each in outer.get(key, ())]
    for each in inner:
        if isinstance(each, dict):
            yield from parts_of(each)


@cache
def _description(name: str, steps: tuple[str, ...]) -> str:
    schemas = [schema(name)]
    for step in steps:
        schemas = [inner for each in schemas for inner in _inner(name, each, step)]
    described = (part.get("description") for each in schemas for part in _parts(name, each))
    return next((text for text in described if text), "")


def _inner(name: str, outer: Schema, step: str) -> Iterator[Schema]:
    """Yield what the schema says of a mapping's field, or of a list's items where ``step`` is empty."""
    for part in _parts(name, outer):
        found = (
            part.get("items") if not step else part.get("properties", {}).get(step, part.get("additionalProperties"))
        )
        if isinstance(found, dict):
            yield found


def _parts(name: str, outer: Schema) -> Iterator[Schema]:
    """Yield the parts of a schema, those behind references included."""
    for part in parts_of(outer):
        yield part
        if "$ref" in part:
            yield from _parts(name, _referenced(name, part["$ref"]))


def _referenced(name: str, reference: str) -> Schema:
    """Return what a reference inside a schema's own file points to."""
    found = schema(name)
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found
