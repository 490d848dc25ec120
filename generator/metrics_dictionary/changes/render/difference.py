"""The difference of two editions as readers want it: by product group, with what breaks and who is affected."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from metrics_dictionary.changes.compare.comparison import compare
from metrics_dictionary.changes.compare.owners import group_of
from metrics_dictionary.changes.compare.rules import CHECKS
from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.dictionary.dictionary import ProductGroup
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.tools.garbage import without_garbage_collection
from metrics_dictionary.validation.rules.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from metrics_dictionary.changes.compare.comparison import Change, Comparison, Definition, FieldChange, Lone
    from metrics_dictionary.changes.compare.computation import ComputationChange
    from metrics_dictionary.changes.compare.edition import Edition
    from metrics_dictionary.dictionary.event import EventDefinition

    AnyChange = Change[MetricDefinition] | Change[EventDefinition]
    AnyLone = Lone[MetricDefinition] | Lone[EventDefinition]


class Fate(StrEnum):
    """What became of a definition. One whose status turned to ``removed`` is removed, one that is gone is deleted."""

    ADDED = "added"
    REMOVED = "removed"
    DELETED = "deleted"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A lifecycle rule that the definition breaks, and what it says. The message holds words of the definition."""

    rule: str
    severity: Severity
    message: str


@dataclass(frozen=True, slots=True)
class Item:
    """A definition that is not the same in both editions.

    ``definition`` is the newer one where there is one. ``names`` are the key paths concerned, or the action; ``lost``
    and ``gained`` the key paths that only one edition has. ``moved_from`` is the former owner. ``affected`` names the
    metrics that count a changed event.
    """

    fate: Fate
    definition: Definition
    names: tuple[str, ...]
    lost: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    computations: tuple[ComputationChange, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    moved_from: str | None = None
    affected: tuple[MetricDefinition, ...] = ()

    @property
    def kind(self) -> str:
        """``metric`` or ``event``."""
        return "metric" if isinstance(self.definition, MetricDefinition) else "event"

    @property
    def breaking(self) -> bool:
        """Whether numbers before and after can no longer be compared."""
        return any(verdict.severity is Severity.ERROR for verdict in self.verdicts)

    @property
    def indicators(self) -> tuple[str, ...]:
        """The performance indicators that are computed from it."""
        metric = self.definition
        return metric.performance_indicator_types if isinstance(metric, MetricDefinition) else ()


@dataclass(frozen=True, slots=True)
class Share:
    """What concerns one product group: as the owner, or as the former one."""

    identifier: str
    group: ProductGroup | None
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Difference:
    """``remarks`` say what the comparison could not see."""

    comparison: Comparison
    items: tuple[Item, ...]
    shares: tuple[Share, ...]
    remarks: tuple[str, ...]

    @property
    def before(self) -> Edition:
        """The older edition."""
        return self.comparison.before

    @property
    def after(self) -> Edition:
        """The newer edition."""
        return self.comparison.after

    @property
    def breaking(self) -> tuple[Item, ...]:
        """The items that break a promise."""
        return tuple(item for item in self.items if item.breaking)

    def with_fate(self, fate: Fate) -> tuple[Item, ...]:
        """Return the items of one fate."""
        return tuple(item for item in self.items if item.fate is fate)

    def groups_affected(self, item: Item) -> tuple[ProductGroup, ...]:
        """Return the groups that have to know of an item besides its owner."""
        others = dict.fromkeys([item.moved_from, *(metric.product_group for metric in item.affected)])
        return tuple(
            group_of(self.comparison, group) or ProductGroup(group, group)
            for group in others
            if group and group != item.definition.product_group
        )


NOBODY = ""
"""Stands for the owner of what names none."""


def difference(before: Edition, after: Edition) -> Difference:
    """Compare two editions."""
    with without_garbage_collection():
        comparison = compare(before, after)
        items = tuple(sorted(_items(comparison), key=lambda item: (item.kind != "metric", item.names)))
    return Difference(comparison, items, tuple(_shares(comparison, items)), tuple(_remarks(comparison)))


def _items(comparison: Comparison) -> Iterator[Item]:
    verdicts = _verdicts(comparison)
    for metric_change in comparison.metrics.changed:
        yield _changed(metric_change, verdicts, ())
    for event_change in comparison.events.changed:
        yield _changed(event_change, verdicts, _affected(comparison, event_change))
    for compared in (comparison.metrics, comparison.events):
        for lone in compared.added:
            yield _lone(Fate.ADDED, lone, verdicts)
        for lone in compared.deleted:
            yield _lone(Fate.DELETED, lone, verdicts)


def _verdicts(comparison: Comparison) -> dict[int, tuple[Verdict, ...]]:
    found: defaultdict[int, list[Verdict]] = defaultdict(list)
    for rule, checks in CHECKS.items():
        for check in checks:
            for breach in check(comparison):
                found[id(breach.definition)].append(Verdict(rule, RULES[rule].severity, breach.message))
    return {definition: tuple(verdicts) for definition, verdicts in found.items()}


def _changed(change: AnyChange, verdicts: dict[int, tuple[Verdict, ...]], affected: Iterable[MetricDefinition]) -> Item:
    removed = change.after.removed and not change.before.removed
    return Item(
        fate=Fate.REMOVED if removed else Fate.CHANGED,
        definition=change.after,
        names=change.names or change.gained or change.lost,
        lost=change.lost,
        gained=change.gained,
        fields=change.fields,
        computations=change.computations,
        verdicts=verdicts.get(id(change.after), ()),
        moved_from=change.before.product_group if change.field("product_group") else None,
        affected=tuple(affected),
    )


def _lone(fate: Fate, lone: AnyLone, verdicts: dict[int, tuple[Verdict, ...]]) -> Item:
    return Item(fate, lone.definition, lone.names, verdicts=verdicts.get(id(lone.definition), ()))


def _affected(comparison: Comparison, change: Change[EventDefinition]) -> list[MetricDefinition]:
    """Return the live metrics that count a changed event, by its old name or its new one."""
    found: dict[str, MetricDefinition] = {}
    for edition, event in ((comparison.before, change.before), (comparison.after, change.after)):
        for metric in edition.dictionary.metrics_by_event.get(event.action, ()):
            if not metric.removed:
                found[metric.key_path] = metric
    return [found[key_path] for key_path in sorted(found)]


def _shares(comparison: Comparison, items: Iterable[Item]) -> Iterator[Share]:
    by_group: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        by_group[item.definition.product_group or NOBODY].append(item)
    for identifier in sorted(by_group):
        yield Share(identifier, group_of(comparison, identifier), tuple(by_group[identifier]))


def _remarks(comparison: Comparison) -> Iterator[str]:
    for edition in (comparison.before, comparison.after):
        yield from edition.remarks
        for fault in edition.faults:
            if fault.severity is Severity.ERROR:
                place = f"{fault.file}:{fault.line}:{fault.column}"
                yield f"{edition.name} cannot be read at {place}: {fault.message}"
    for edition in (comparison.before, comparison.after):
        if not edition.tells_of_events:
            yield f"events are not compared: {edition.name} is a file of metrics only"
        if not edition.tells_of_metrics:
            yield f"metrics are not compared: {edition.name} is a file of events only"
