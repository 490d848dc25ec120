"""What object schemas allow: metrics whose value is an object promise it as others promise their ``value_type``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.changes.field_change import FieldChange
from metrics_dictionary.tools.json_values import equal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.changes.compare.edition import Edition
    from metrics_dictionary.dictionary.metric import MetricDefinition

FIELD = "value_json_schema"

_ANNOTATIONS = {"$comment", "$schema", "$id", "title", "description", "examples", "default", "deprecated"}
"""Keywords that allow and forbid nothing (JSON Schema 2020-12, core 8 and validation 9)."""

_BY_NAME = {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
"""Keywords whose value maps names of the author's to schemas."""

_DATA = {"const", "enum", "required", "dependentRequired"}
"""Keywords whose value holds no schema."""


def changed_object_schemas(before: Edition, after: Edition) -> frozenset[str]:
    """Return the paths whose object schema allows other values in the newer edition, or is gone from it.

    A combined file has no object schemas and cannot tell; neither can a file that is not valid JSON.
    """
    old, new = before.dictionary.object_schemas, after.dictionary.object_schemas
    if not before.whole or not after.whole:
        return frozenset()
    return frozenset(
        path
        for path, schema in old.items()
        if schema is not None and not (path in new and (new[path] is None or allow_the_same(schema, new[path])))
    )


def object_schema_change(
    before: MetricDefinition, after: MetricDefinition, editions: tuple[Edition, Edition], changed: frozenset[str]
) -> Iterator[FieldChange]:
    """Yield the change of the schema under the path that both definitions name."""
    path = after.value_json_schema
    if path is not None and path == before.value_json_schema and path in changed:
        one, other = (edition.dictionary.object_schemas.get(path) for edition in editions)
        yield FieldChange(FIELD, one, other)


def allow_the_same(one: object, other: object) -> bool:
    """Return whether two schemas differ in nothing but titles, descriptions and other annotations."""
    return equal(_meaning(one), _meaning(other))


def _meaning(schema: object) -> object:
    if isinstance(schema, list):
        return [_meaning(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found: dict[str, object] = {}
    for keyword, value in schema.items():
        if keyword in _BY_NAME and isinstance(value, dict):
            found[keyword] = {name: _meaning(part) for name, part in value.items()}
        elif keyword not in _ANNOTATIONS:
            found[keyword] = value if keyword in _DATA else _meaning(value)
    return found
