"""The schemas that editors take from the site, under addresses that stay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.validation.schemas.published_schema import published_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.dictionary.dictionary import Dictionary

KINDS = ("metric", "event")


class SchemaFile(NamedTuple):
    """A file of the site. ``path`` is below its top."""

    path: str
    content: bytes


def schema_files(dictionary: Dictionary) -> Iterator[SchemaFile]:
    """Yield ``schemas/metric.json`` and ``schemas/event.json``, with the dictionary's own product groups."""
    for kind in KINDS:
        schema = published_schema(kind, dictionary.product_groups)
        # ASCII only: a group's name may hold half of a surrogate pair.
        yield SchemaFile(f"schemas/{kind}.json", (json.dumps(schema, indent=2) + "\n").encode())
