"""The dictionary: every definition of one root, and the look-ups that readers of it need."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.dictionary.definition import Fields, string
from metrics_dictionary.tools.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.dictionary.metric import MetricDefinition


RECORDED_AT = "recorded_at"
"""The first key of every payload: when collecting began. It is there with and without a definition."""


@dataclass(frozen=True, slots=True)
class Instrumentation:
    """How the value of a metric is computed, as data; the fields follow ``instrumentation.json``.

    ``file_path`` is relative to the folder that holds the definitions root.
    """

    name: str
    fields: Fields
    file_path: str

    @property
    def source(self) -> str | None:
        """What computes the value: ``database``, ``setting``, ``license``, ``machine``, ``prometheus``, ..."""
        return string(self.fields.get("source"))


@dataclass(frozen=True, slots=True)
class ProductGroup:
    """Who owns a definition, and must hear when it changes: an entry of ``product_groups.yml``.

    ``identifier`` is what definitions name; the rest is for readers.
    """

    identifier: str
    name: str
    stage: str | None = None
    section: str | None = None
    description: str | None = None
    contact: str | None = None

    def with_contact(self, quoted: Callable[[str], str]) -> str:
        """Return the name and, in parentheses, the contact, both as ``quoted`` writes them: safe where they go."""
        name = quoted(self.name)
        return f"{name} ({quoted(self.contact)})" if self.contact else name


class LeftOut(NamedTuple):
    """A definition that has no place in the dictionary, and why."""

    file_path: str
    reason: str


@dataclass(frozen=True)
class Dictionary:
    """All definitions of a root, in the order of their files.

    ``event_definitions``, ``instrumentations`` and ``product_groups`` are None when the root does not have them:
    then nothing can be said about references to them. ``object_schemas`` maps each path that a definition may
    write in ``value_json_schema`` to the parsed JSON Schema.
    """

    metrics: tuple[MetricDefinition, ...]
    event_definitions: tuple[EventDefinition, ...] | None = None
    instrumentations: Mapping[str, Instrumentation] | None = None
    product_groups: Mapping[str, ProductGroup] | None = None
    object_schemas: Mapping[str, object] = field(default_factory=dict)

    def instrumentation_of(self, metric: MetricDefinition) -> Instrumentation | None:
        """Return the entry of ``instrumentations/`` that a metric names, or None."""
        name = metric.instrumentation_name
        return None if name is None else (self.instrumentations or {}).get(name)

    @cached_property
    def expanded(self) -> dict[str, MetricDefinition]:
        """Key path -> definition, one for each time frame, sorted by key path.

        Where several definitions claim a key path the first file wins; validation reports the others.
        """
        found: dict[str, MetricDefinition] = {}
        for metric in self.metrics:
            for expanded in metric.expand():
                found.setdefault(expanded.key_path, expanded)
        return {key_path: found[key_path] for key_path in sorted(found) if key_path}

    @cached_property
    def events_by_action(self) -> dict[str, tuple[EventDefinition, ...]]:
        """Action -> the events that have it, sorted: the internal event first, then by category and file.

        Where several definitions have one identity the first file wins; validation reports the others.
        """
        first = {event.identity: event for event in reversed(self.event_definitions or ()) if event.action}
        found: defaultdict[str, list[EventDefinition]] = defaultdict(list)
        for event in sorted(first.values(), key=lambda one: (one.action, not one.is_internal, one.category)):
            found[event.action].append(event)
        return {action: _told_apart(events) for action, events in found.items()}

    @cached_property
    def events(self) -> tuple[EventDefinition, ...]:
        """All events, sorted as `events_by_action`."""
        return tuple(chain.from_iterable(self.events_by_action.values()))

    @cached_property
    def named_events(self) -> dict[str, EventDefinition]:
        """Action -> the event that selection rules and calls mean by it: the internal one, otherwise the only one."""
        return {event.action: event for event in self.events if not event.by_category}

    @cached_property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What `expanded` and `events` have no place for, in the order of the files."""
        found: list[LeftOut] = []
        for metric in self.metrics:
            expanded = metric.expand()
            if not expanded:
                found.append(LeftOut(metric.file_path, f"the metric `{metric.key_path}` has no time frame"))
            taken: defaultdict[str, list[str]] = defaultdict(list)
            for one in expanded:
                kept = self.expanded.get(one.key_path)
                if kept is None:
                    found.append(LeftOut(one.file_path, "the metric has no `key_path`"))
                elif kept.file_path != one.file_path:
                    taken[kept.file_path].append(f"`{one.key_path}`")
            for keeper, key_paths in taken.items():
                are = "are key paths" if len(key_paths) > 1 else "is the key path"
                found.append(LeftOut(metric.file_path, f"{listed(key_paths)} {are} of {keeper}"))
        kept_events = {event.identity: event.file_path for event in self.events}
        for event in self.event_definitions or ():
            file_path = kept_events.get(event.identity)
            if file_path is None:
                found.append(LeftOut(event.file_path, "the event has no `action`"))
            elif file_path != event.file_path:
                found.append(LeftOut(event.file_path, f"`{event.action}` is the same event as in {file_path}"))
        return tuple(dict.fromkeys(found))

    def metrics_of(self, event: EventDefinition) -> list[MetricDefinition]:
        """Return the expanded metrics that an event feeds, sorted by key path."""
        return [] if event.by_category else self.metrics_by_event.get(event.action, [])

    @cached_property
    def metrics_by_event(self) -> dict[str, list[MetricDefinition]]:
        """Action -> the expanded metrics that it feeds, sorted by key path."""
        feeds: defaultdict[str, list[MetricDefinition]] = defaultdict(list)
        for metric in self.expanded.values():
            for name in metric.event_names:
                feeds[name].append(metric)
        return dict(feeds)


def _told_apart(events: Sequence[EventDefinition]) -> tuple[EventDefinition, ...]:
    """Return the events of one action, with those marked that the action alone does not mean."""
    if len(events) == 1:
        return tuple(events)
    return tuple(event if event.is_internal else replace(event, by_category=True) for event in events)
