"""The JSON Schemas of definitions, each joined into one from the files that it refers to, and what they say of a field.

That is the one explanation that messages, editors and the site share.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.reading.positions import JsonPath

Schema = dict[str, Any]

_FOLDER = Path(__file__).parent

METRIC = "metric.json"
EVENT = "event.json"
INSTRUMENTATIONS = "instrumentation.json"
PRODUCT_GROUPS = "product_groups.json"

_BRANCHES = ("then", "else")
_ALTERNATIVES = ("allOf", "anyOf", "oneOf")


@cache
def schema(name: str) -> Schema:
    """Return the schema of a file of ``schemas/``; what it refers to in other files stands in place of the reference.

    The result is shared: take a copy to change it.
    """
    joined: Schema = _joined(_read(name))
    return joined


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


def _joined(node: Any) -> Any:
    """Put the other files in; what stands beside a reference, such as a description, wins over what it refers to."""
    if isinstance(node, list):
        return [_joined(item) for item in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref", "#")
    if reference.startswith("#"):
        return {key: _joined(value) for key, value in node.items()}
    return {**schema(reference), **{key: value for key, value in node.items() if key != "$ref"}}


@cache
def _read(name: str) -> object:
    return json.loads((_FOLDER / name).read_text(encoding="utf-8"))


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
