"""What to use in place of a metric that is broken or removed, as far as the definitions tell."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from metrics_dictionary.site.parts.site_wording import without_time_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.metric import MetricDefinition

A_FEW = 3
"""Replacements that a page names."""

_NAME = re.compile(r"[\w-]+(?:[./][\w-]+)+")


class Replacements:
    """Finds replacements among the active metrics of a dictionary."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary = dictionary

    def of(self, metric: MetricDefinition) -> list[MetricDefinition]:
        """Return the active metrics that take a metric's place, the likeliest first; often there are none.

        These are the metrics that its description names or else those that count exactly the same: the same events with
        the same filters, or the same instrumentation with the same options, over the same time.
        """
        return self._active(metric, self._named(metric)) or self._active(metric, self._alike(metric))

    def _active(self, metric: MetricDefinition, others: Iterable[MetricDefinition]) -> list[MetricDefinition]:
        found = {other.key_path: other for other in others if other.status == "active"}
        found.pop(metric.key_path, None)
        return list(found.values())[:A_FEW]

    def _named(self, metric: MetricDefinition) -> Iterable[MetricDefinition]:
        stem = without_time_frame(metric.key_path)
        for name in _NAME.findall(metric.description[:4000]):
            other = self._dictionary.expanded.get(name) or self._by_stem.get((name, metric.time_frames))
            # A text that several time frames share names the other metric, not this one in another time frame.
            if other is not None and without_time_frame(other.key_path) != stem:
                yield other

    def _alike(self, metric: MetricDefinition) -> Iterable[MetricDefinition]:
        key = _counted(metric)
        return self._by_counted.get(key, ()) if key else ()

    @cached_property
    def _by_stem(self) -> Mapping[tuple[str, tuple[str, ...]], MetricDefinition]:
        metrics = self._dictionary.expanded.values()
        return {(without_time_frame(metric.key_path), metric.time_frames): metric for metric in metrics}

    @cached_property
    def _by_counted(self) -> Mapping[str, list[MetricDefinition]]:
        found: defaultdict[str, list[MetricDefinition]] = defaultdict(list)
        for metric in self._dictionary.expanded.values():
            if metric.status == "active" and (key := _counted(metric)):
                found[key].append(metric)
        return dict(found)


def _counted(metric: MetricDefinition) -> str | None:
    """Return what two metrics share when they count the same; None for one that does not say what it counts."""
    rules = metric.fields.get("events")
    if rules:
        what: list[object] = ["events", sorted(map(_written, rules)) if isinstance(rules, list) else rules]
    elif metric.instrumentation_class and metric.options:
        what = ["class", metric.instrumentation_class, metric.options]
    elif metric.instrumentation_class and metric.data_source == "database":
        what = ["class", metric.instrumentation_class]
    else:
        return None
    return _written([*what, metric.time_frames])


def _written(value: object) -> str:
    return json.dumps(value, sort_keys=True)
