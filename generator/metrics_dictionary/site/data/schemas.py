"""The JSON Schemas that the site publishes below ``schemas/``, under addresses that stay.

``metric`` and ``event`` are for whoever writes definitions. The ``twin-`` schemas describe the site's files for
programs; the folder ``twin_schemas`` holds them.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metrics_dictionary.site.parts.page import File
from metrics_dictionary.validation.schemas.field_reference import field_reference
from metrics_dictionary.validation.schemas.published_schema import published_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from metrics_dictionary.site.data.site_data import SiteData

    Schema = dict[str, Any]

KINDS = ("metric", "event")

_FOLDER = Path(__file__).parent / "twin_schemas"


def schema_files(site: SiteData) -> Iterator[File]:
    """Yield each schema; those of definitions know the dictionary's own product groups."""
    schemas = {kind: published_schema(kind, site.dictionary.product_groups) for kind in KINDS}
    for name, schema in {**schemas, **twin_schemas()}.items():
        # ASCII only: a group's name may hold half of a surrogate pair.
        yield File(f"schemas/{name}.json", (json.dumps(schema, indent=2) + "\n").encode())


@cache
def twin_schemas() -> Mapping[str, Schema]:
    """Return name -> schema of each kind of file for programs: ``twin-metric``, ``twin-list`` and so on."""
    schemas = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.json"))}
    for kind in KINDS:
        schema = schemas[f"twin-{kind}"]
        schema["properties"] = _with_meanings(kind, schema["properties"])
    return schemas


def _with_meanings(kind: str, properties: Schema) -> Schema:
    """Add each field of a definition: in a published document it means what it means in the definition's file."""
    fields = [field for field in field_reference(kind) if not set(field.name) & set(".[")]
    meanings = {field.name: {"description": field.description} for field in fields}
    return {**meanings, **{name: {**meanings.get(name, {}), **own} for name, own in properties.items()}}
