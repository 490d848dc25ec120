"""All event definitions of a dictionary in one file, sorted by action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.exports import psych
from metrics_dictionary.tools.json_values import json_text

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.dictionary import Dictionary


def events_yaml(dictionary: Dictionary, *, include_paths: bool = False) -> str:
    """Return the combined YAML, byte for byte what Ruby's Psych writes. Fields keep their author's order."""
    return psych.dump(_entries(dictionary, include_paths=include_paths))


def events_json(dictionary: Dictionary, *, include_paths: bool = False) -> str:
    """Return the same list as JSON."""
    return json_text(_entries(dictionary, include_paths=include_paths))


def _entries(dictionary: Dictionary, *, include_paths: bool) -> list[dict[str, object]]:
    if not include_paths:
        return [dict(event.fields) for event in dictionary.events.values()]
    return [{**event.fields, "file_path": event.file_path} for event in dictionary.events.values()]
