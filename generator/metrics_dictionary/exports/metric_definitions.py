"""All metric definitions of a dictionary in one file: one entry for each time frame, sorted by key path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.exports import psych
from metrics_dictionary.exports.spreadsheet import spreadsheet
from metrics_dictionary.tools.json_values import json_text
from metrics_dictionary.validation.schemas.definition_schemas import METRIC, schema

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.dictionary import Dictionary


def metrics_yaml(dictionary: Dictionary, *, include_paths: bool = False) -> str:
    """Return the combined YAML, byte for byte what Ruby's Psych writes. Fields keep their author's order."""
    return psych.dump(_entries(dictionary, include_paths=include_paths))


def metrics_json(dictionary: Dictionary, *, include_paths: bool = False) -> str:
    """Return the same list as JSON."""
    return json_text(_entries(dictionary, include_paths=include_paths))


def metrics_csv(dictionary: Dictionary, *, include_paths: bool = False) -> str:
    """Return the same list as CSV: a column for each field of the schema, empty where a definition lacks it."""
    columns = [*schema(METRIC)["properties"], *(["file_path"] if include_paths else [])]
    return spreadsheet(columns, _entries(dictionary, include_paths=include_paths))


def _entries(dictionary: Dictionary, *, include_paths: bool) -> list[dict[str, object]]:
    if not include_paths:
        return [dict(metric.fields) for metric in dictionary.expanded.values()]
    return [{**metric.fields, "file_path": metric.file_path} for metric in dictionary.expanded.values()]
