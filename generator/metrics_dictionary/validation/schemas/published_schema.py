"""The schema of a kind of definition as editors take it: one file that refers to no other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from metrics_dictionary.validation.schemas.definition_schemas import EVENT, METRIC, Schema, schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.dictionary.dictionary import ProductGroup

_FILES = {"metric": METRIC, "event": EVENT}

_TIERS = ["free", "premium", "ultimate"]

_DEFAULTS: dict[str, dict[str, object]] = {
    "metric": {
        "value_type": "number",
        "status": "active",
        "time_frame": ["7d", "28d"],
        "data_source": "internal_events",
        "data_category": "optional",
        "tiers": _TIERS,
    },
    "event": {"internal_events": True, "identifiers": ["project", "namespace", "user"], "tiers": _TIERS},
}
"""What an editor fills in for a field of a new definition. Nothing is assumed where the field is absent."""


def published_schema(kind: str, product_groups: Mapping[str, ProductGroup] | Iterable[str] | None = None) -> Schema:
    """Return the JSON Schema (draft 2020-12) of ``metric`` or ``event``, with defaults for editors.

    The identifiers of ``product_groups``, where they are known, become the values that ``product_group`` may have;
    editors of the VS Code family show the groups' names beside them.
    """
    published = deepcopy(schema(_FILES[kind]))
    properties = published["properties"]
    for name, value in _DEFAULTS[kind].items():
        properties[name].setdefault("default", deepcopy(value))
    if groups := list(product_groups or ()):
        owner = properties["product_group"]
        owner.update(enum=groups, examples=groups[:1])
        if isinstance(product_groups, Mapping):
            owner["enumDescriptions"] = [_words(group) for group in product_groups.values()]
    return {**_for_editors(published), "title": published["title"]}


def _for_editors(part: Any, *, is_schema: bool = True) -> Any:
    """Return a schema, or a part of one, with the same verdict in the words of the YAML language server.

    It shows the ``errorMessage`` of most keywords, of ``not`` never, and does not look at ``format`` where null is
    allowed as well. It offers deprecated fields unless it is told not to and, where ``required`` stands beside
    ``properties``, the title of the schema as if it were a key.
    """
    if isinstance(part, list):
        return [_for_editors(one, is_schema=is_schema) for one in part]
    if not isinstance(part, dict):
        return part
    if not is_schema:
        return {name: _for_editors(one) for name, one in part.items()}
    told: Schema = {}
    for keyword, argument in part.items():
        if keyword == "not" and "errorMessage" in part:
            told |= _REFUSING.get(json.dumps(argument)) or {"not": argument}
        elif keyword == "format" and argument == "uri":
            told |= {"format": argument, "pattern": _URI, "errorMessage": part.get("errorMessage", _URI_MESSAGE)}
        elif keyword in _OF_VALUES:
            told[keyword] = argument
        elif keyword != "title":
            told[keyword] = _for_editors(argument, is_schema=keyword not in _OF_NAMES)
    if "required" in told and "properties" in told:
        asked = {keyword: told[keyword] for keyword in ("required", "errorMessage") if keyword in told}
        del told["required"]
        told["allOf"] = [asked, *told.get("allOf", ())]
    return told | ({"doNotSuggest": True} if part.get("deprecated") is True else {})


_OF_NAMES = {"properties", "$defs"}
"""Keywords that map names to schemas."""

_OF_VALUES = {"const", "default", "enum", "examples", "if", "required", "type"}
"""Keywords whose arguments hold no schema, or one that nobody is told about."""

_URI = r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$"
_URI_MESSAGE = "must be a complete URL such as https://example.com/changes/1"

_REFUSING: dict[str, Schema] = {
    json.dumps({}): {"enum": []},
    json.dumps({"type": ["object", "array", "string", "number", "boolean"]}): {"type": "null"},
}
"""What is refused by ``not``, as JSON -> the same in a keyword whose message is shown."""


def _words(group: ProductGroup) -> str:
    return ": ".join(text for text in (group.name, group.description) if text)
