"""The formats in which all definitions can be exported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from metrics_dictionary.exports.event_definitions import events_json, events_yaml
from metrics_dictionary.exports.metric_definitions import metrics_csv, metrics_json, metrics_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics_dictionary.dictionary.dictionary import Dictionary


class Export(Protocol):
    """Turns a dictionary into the text of one file; ``include_paths`` adds ``file_path`` to each definition."""

    def __call__(self, dictionary: Dictionary, *, include_paths: bool = False) -> str:
        """Return the text."""


METRIC_FORMATS: Mapping[str, Export] = {"yaml": metrics_yaml, "json": metrics_json, "csv": metrics_csv}
EVENT_FORMATS: Mapping[str, Export] = {"yaml": events_yaml, "json": events_json}


def export_metrics(dictionary: Dictionary, format_name: str = "yaml", *, include_paths: bool = False) -> str:
    """Return all metrics in a format of METRIC_FORMATS. Raises KeyError for another one."""
    return METRIC_FORMATS[format_name](dictionary, include_paths=include_paths)


def export_events(dictionary: Dictionary, format_name: str = "yaml", *, include_paths: bool = False) -> str:
    """Return all events in a format of EVENT_FORMATS. Raises KeyError for another one."""
    return EVENT_FORMATS[format_name](dictionary, include_paths=include_paths)
