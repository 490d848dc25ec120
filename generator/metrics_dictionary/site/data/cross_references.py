"""What relates definitions to one another: group, source, event, instrumentation, time frames, replacements."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from metrics_dictionary.dictionary.definition import Definition, string
from metrics_dictionary.dictionary.dictionary import ProductGroup
from metrics_dictionary.site.parts.site_wording import without_time_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from metrics_dictionary.changes.history.change import Change
    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.dictionary.metric import MetricDefinition

Member = TypeVar("Member", bound=Definition)

NO_GROUP = "none"
"""Stands in addresses for definitions that name no product group."""

COMPUTING = {"database", "numbers"}
"""Sources of instrumentations that say themselves what they compute."""

MAX_REPLACEMENTS = 3
"""Replacements that a page names."""

_NAME = re.compile(r"[\w-]+(?:[./][\w-]+)+")


def owner(definition: Definition | Change) -> str:
    """Return the product group of a definition, also of one of the past; NO_GROUP where it names none."""
    return definition.product_group or NO_GROUP


@dataclass(frozen=True)
class CrossReferences:
    """Look-ups over a dictionary, each made once. Lists keep the order of the key paths or actions."""

    dictionary: Dictionary

    @cached_property
    def metrics_by_group(self) -> Mapping[str, list[MetricDefinition]]:
        """Product group -> its metrics."""
        return _grouped(self.dictionary.expanded.values(), owner)

    @cached_property
    def events_by_group(self) -> Mapping[str, list[EventDefinition]]:
        """Product group -> its events."""
        return _grouped(self.dictionary.events, owner)

    @cached_property
    def metrics_by_source(self) -> Mapping[str, list[MetricDefinition]]:
        """Data source -> its metrics; those that state none are under ``unknown``."""
        return _grouped(self.dictionary.expanded.values(), lambda metric: metric.data_source or "unknown")

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Every product group that is defined or named by a definition, sorted."""
        return tuple(sorted({*(self.dictionary.product_groups or ()), *self.metrics_by_group, *self.events_by_group}))

    @cached_property
    def groups_with_pages(self) -> frozenset[str]:
        """The same for a quick look: whether a name of the past still has a page."""
        return frozenset(self.groups)

    def group(self, identifier: str) -> ProductGroup:
        """Return a product group; one that nobody defined has its identifier as its name."""
        defined = (self.dictionary.product_groups or {}).get(identifier)
        name = "No product group" if identifier == NO_GROUP else identifier
        return defined or ProductGroup(identifier, name)

    def time_frames(self, metric: MetricDefinition) -> list[MetricDefinition]:
        """Return the same metric in its other time frames, whether they share a file or only the name."""
        family = self._by_stem[self._stems[metric.key_path]]
        return [member for member in family if member is not metric]

    def same_events(self, metric: MetricDefinition, at_most: int) -> list[MetricDefinition]:
        """Return other metrics that read one of its events, its other time frames left out."""
        readers = (self.dictionary.metrics_by_event.get(name, ()) for name in metric.event_names)
        return self._others(metric, chain.from_iterable(readers), at_most)

    def same_instrumentation(self, metric: MetricDefinition, at_most: int) -> list[MetricDefinition]:
        """Return other metrics that the same class computes, its other time frames left out.

        A class that reads whatever a metric's options name, as those for counters do, relates nothing.
        """
        if not self._has_instrumentation_of_its_own(metric):
            return []
        return self._others(metric, self._by_instrumentation.get(metric.instrumentation_class or "", ()), at_most)

    def same_table(self, metric: MetricDefinition, at_most: int) -> list[MetricDefinition]:
        """Return other metrics that are computed from the same table by another class."""
        table = self._table(metric)
        members = self._by_table.get(table, ()) if table else ()
        own_class = metric.instrumentation_class
        return self._others(
            metric, (member for member in members if member.instrumentation_class != own_class), at_most
        )

    def _has_instrumentation_of_its_own(self, metric: MetricDefinition) -> bool:
        entry = self.dictionary.instrumentation_of(metric)
        return (entry.source if entry else metric.data_source) in COMPUTING

    def _others(
        self, metric: MetricDefinition, members: Iterable[MetricDefinition], at_most: int
    ) -> list[MetricDefinition]:
        stem = self._stems[metric.key_path]
        others: dict[str, MetricDefinition] = {}
        for member in members:
            if self._stems[member.key_path] != stem:
                others[member.key_path] = member
                if len(others) == at_most:
                    break
        return list(others.values())

    @cached_property
    def _stems(self) -> Mapping[str, str]:
        return {key_path: without_time_frame(key_path) for key_path in self.dictionary.expanded}

    @cached_property
    def _by_stem(self) -> Mapping[str, list[MetricDefinition]]:
        return _grouped(self.dictionary.expanded.values(), lambda metric: self._stems[metric.key_path])

    def _table(self, metric: MetricDefinition) -> str | None:
        return self._tables.get(metric.instrumentation_class or "")

    @cached_property
    def _tables(self) -> Mapping[str, str]:
        """Class name -> the table that it counts in; a class that takes its table from a metric's options has none."""
        tables = {
            name: string(entry.fields.get("table")) for name, entry in (self.dictionary.instrumentations or {}).items()
        }
        return {name: table for name, table in tables.items() if table}

    @cached_property
    def _by_table(self) -> Mapping[str, list[MetricDefinition]]:
        counted = (metric for metric in self.dictionary.expanded.values() if self._table(metric))
        return _grouped(counted, lambda metric: self._table(metric) or "")

    @cached_property
    def _by_instrumentation(self) -> Mapping[str, list[MetricDefinition]]:
        named = (metric for metric in self.dictionary.expanded.values() if metric.instrumentation_class)
        return _grouped(named, lambda metric: metric.instrumentation_class or "")


class Replacements:
    """Finds what to use in place of a metric that is broken or removed, as far as the definitions tell."""

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
        return list(found.values())[:MAX_REPLACEMENTS]

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


def _grouped(definitions: Iterable[Member], key: Callable[[Member], str]) -> Mapping[str, list[Member]]:
    groups: defaultdict[str, list[Member]] = defaultdict(list)
    for definition in definitions:
        groups[key(definition)].append(definition)
    return dict(groups)


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
