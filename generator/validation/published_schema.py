"""The schema of a kind of definition as editors take it: one file that refers to no other."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from generator.validation.definition_schemas import EVENT, METRIC, Schema, schema

if TYPE_CHECKING:
    from collections.abc import Iterable

_FILES = {"metric": METRIC, "event": EVENT}


def published_schema(kind: str, product_groups: Iterable[str] | None = None) -> Schema:
    """Return the JSON Schema (draft 2020-12) of ``metric`` or ``event``.

    The identifiers of ``product_groups``, where they are known, become the values that ``product_group`` may have.
    """
    published = deepcopy(schema(_FILES[kind]))
    if product_groups is not None:
        published["properties"]["product_group"]["enum"] = list(product_groups)
    return published
