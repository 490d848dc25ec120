"""The JSON Schemas of definitions, each joined into one from the files that it refers to."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

_FOLDER = Path(__file__).parent

METRIC = "metric.json"
EVENT = "event.json"
INSTRUMENTATIONS = "instrumentation.json"
PRODUCT_GROUPS = "product_groups.json"


@cache
def schema(name: str) -> Schema:
    """Return the schema of a file of ``schemas/``; what it refers to in other files stands in place of the reference.

    The result is shared: take a copy to change it.
    """
    joined: Schema = _joined(_read(name))
    return joined


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
