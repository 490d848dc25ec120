"""The definitions of a dictionary as files for programs: all of them in one, or each as a document of its own.

Metrics have one entry for each time frame and are sorted by key path, events are sorted by action. Fields keep their
author's order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.exports import psych
from metrics_dictionary.exports.spreadsheet import spreadsheet
from metrics_dictionary.tools.json_values import json_text
from metrics_dictionary.validation.schemas.definition_schemas import METRIC, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.dictionary.metric import MetricDefinition

    Entries = list[dict[str, object]]


METRIC_FORMATS = ("yaml", "json", "csv")
EVENT_FORMATS = ("yaml", "json")


def export_metrics(dictionary: Dictionary, format_name: str = "yaml", *, include_paths: bool = False) -> str:
    """Return all metrics in one of METRIC_FORMATS; ``include_paths`` adds ``file_path`` to each of them.

    CSV has a column for each field of the schema, empty where a definition lacks it. Raises KeyError for a format
    that does not exist.
    """
    entries = _entries(dictionary.expanded.values(), include_paths=include_paths)
    if format_name == "csv":
        return spreadsheet([*schema(METRIC)["properties"], *(["file_path"] if include_paths else [])], entries)
    return _WRITERS[format_name](entries)


def export_events(dictionary: Dictionary, format_name: str = "yaml", *, include_paths: bool = False) -> str:
    """Return all events in one of EVENT_FORMATS; ``include_paths`` adds ``file_path`` to each of them.

    Raises KeyError for a format that does not exist.
    """
    return _WRITERS[format_name](_entries(dictionary.events, include_paths=include_paths))


def metric_json(metric: MetricDefinition) -> str:
    """Return an expanded metric as JSON: its fields, then ``file_path``."""
    return json_text({**metric.fields, "file_path": metric.file_path})


def event_json(event: EventDefinition, dictionary: Dictionary) -> str:
    """Return an event as JSON: its fields, then ``file_path`` and ``metrics``, the sorted key paths that it feeds."""
    key_paths = [metric.key_path for metric in dictionary.metrics_of(event)]
    return json_text({**event.fields, "file_path": event.file_path, "metrics": key_paths})


def _entries(definitions: Iterable[MetricDefinition | EventDefinition], *, include_paths: bool) -> Entries:
    if not include_paths:
        return [dict(definition.fields) for definition in definitions]
    return [{**definition.fields, "file_path": definition.file_path} for definition in definitions]


# The YAML is byte for byte what Ruby's Psych writes.
_WRITERS: Mapping[str, Callable[[Entries], str]] = {"yaml": psych.dump, "json": json_text}
