"""The schema of a kind of definition as editors take it: one file that refers to no other."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING

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

_EXAMPLES: dict[str, dict[str, object]] = {
    "metric": {
        "key_path": "counts.boards_created",
        "description": "Issue boards that somebody created, in projects and in groups. Copies of a board count, too.",
        "product_group": "project_management",
        "value_type": "number",
        "status": "active",
        "milestone": "18.6",
        "introduced_by_url": "https://gitlab.com/gitlab-org/gitlab/-/merge_requests/123456",
        "time_frame": ["7d", "28d", "all"],
        "data_source": "internal_events",
        "data_category": "optional",
        "tiers": _TIERS,
        "events": [{"name": "create_board"}],
    },
    "event": {
        "description": "Somebody saves a new issue board, on the page of a project or a group.",
        "internal_events": True,
        "action": "create_board",
        "identifiers": ["project", "namespace", "user"],
        "product_group": "project_management",
        "milestone": "18.6",
        "introduced_by_url": "https://gitlab.com/gitlab-org/gitlab/-/merge_requests/123456",
        "tiers": _TIERS,
    },
}


def published_schema(kind: str, product_groups: Mapping[str, ProductGroup] | Iterable[str] | None = None) -> Schema:
    """Return the JSON Schema (draft 2020-12) of ``metric`` or ``event``, with defaults and an example for editors.

    The identifiers of ``product_groups``, where they are known, become the values that ``product_group`` may have;
    editors of the VS Code family show the groups' names beside them.
    """
    published = deepcopy(schema(_FILES[kind]))
    properties = published["properties"]
    example = dict(_EXAMPLES[kind])
    for name, value in _DEFAULTS[kind].items():
        properties[name].setdefault("default", deepcopy(value))
    if groups := list(product_groups or ()):
        owner = properties["product_group"]
        owner.update(enum=groups, examples=groups[:1])
        example["product_group"] = groups[0]
        if isinstance(product_groups, Mapping):
            owner["enumDescriptions"] = [_words(group) for group in product_groups.values()]
    return {**published, "examples": [example]}


def _words(group: ProductGroup) -> str:
    return ": ".join(text for text in (group.name, group.description) if text)
