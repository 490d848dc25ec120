"""The dictionary: every definition of one root, and the look-ups that readers of it need."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import Fields, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
        return text(self.fields.get("source"))


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
        name = metric.instrumentation_class
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
    def events(self) -> dict[str, EventDefinition]:
        """Action -> event, sorted; the first file wins."""
        found: dict[str, EventDefinition] = {}
        for event in self.event_definitions or ():
            found.setdefault(event.action, event)
        return {action: found[action] for action in sorted(found) if action}

    @cached_property
    def metrics_by_event(self) -> dict[str, list[MetricDefinition]]:
        """Action -> the expanded metrics that it feeds, sorted by key path."""
        feeds: defaultdict[str, list[MetricDefinition]] = defaultdict(list)
        for metric in self.expanded.values():
            for name in metric.event_names:
                feeds[name].append(metric)
        return dict(feeds)
