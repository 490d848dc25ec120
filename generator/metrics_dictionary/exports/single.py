"""One definition as a JSON document of its own: what the site keeps beside each page, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.tools.json_values import json_text

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.dictionary.metric import MetricDefinition


def metric_json(metric: MetricDefinition) -> str:
    """Return an expanded metric: its fields in their author's order, then ``file_path``."""
    return json_text({**metric.fields, "file_path": metric.file_path})


def event_json(event: EventDefinition, dictionary: Dictionary) -> str:
    """Return an event: its fields in their author's order, then ``file_path`` and ``metrics``.

    ``metrics`` lists the key paths that the event feeds, sorted.
    """
    key_paths = [metric.key_path for metric in dictionary.metrics_by_event.get(event.action, ())]
    return json_text({**event.fields, "file_path": event.file_path, "metrics": key_paths})
