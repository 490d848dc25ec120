"""The difference of two editions as readers want it: by product group, with what breaks and who is affected."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from metrics_dictionary.changes.compare.comparison import compare
from metrics_dictionary.changes.compare.rules import breaches
from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.dictionary.dictionary import ProductGroup
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.tools.garbage import without_garbage_collection
from metrics_dictionary.tools.text import abridged, counted, listed
from metrics_dictionary.validation.rules.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from metrics_dictionary.changes.compare.comparison import ChangedDefinition, Comparison, UnmatchedDefinition
    from metrics_dictionary.changes.compare.computation import ComputationChange
    from metrics_dictionary.changes.compare.edition import Edition
    from metrics_dictionary.changes.field_change import FieldChange
    from metrics_dictionary.dictionary.definition import Definition
    from metrics_dictionary.dictionary.event import EventDefinition

    AnyChange = ChangedDefinition[MetricDefinition] | ChangedDefinition[EventDefinition]
    AnyUnmatched = UnmatchedDefinition[MetricDefinition] | UnmatchedDefinition[EventDefinition]


class Outcome(StrEnum):
    """What became of a definition. One whose status turned to ``removed`` is removed, one that is gone is deleted."""

    ADDED = "added"
    REMOVED = "removed"
    DELETED = "deleted"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Violation:
    """A lifecycle rule that the definition breaks, and what it says. The message holds words of the definition."""

    rule: str
    severity: Severity
    message: str


MAX_GROUPS = 12
"""How many product groups a sentence names."""


@dataclass(frozen=True, slots=True)
class Item:
    """A definition that is not the same in both editions.

    ``definition`` is the newer one where there is one. ``names`` are the key paths concerned, or the action; ``lost``
    and ``gained`` the key paths that only one edition has. ``moved_from`` is the former owner. ``affected`` are the
    metrics that count a changed event.
    """

    outcome: Outcome
    definition: Definition
    names: tuple[str, ...]
    lost: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    computations: tuple[ComputationChange, ...] = ()
    violations: tuple[Violation, ...] = ()
    moved_from: str | None = None
    affected: tuple[MetricDefinition, ...] = ()

    @property
    def kind(self) -> str:
        """``metric`` or ``event``."""
        return "metric" if isinstance(self.definition, MetricDefinition) else "event"

    @property
    def breaking(self) -> bool:
        """Whether numbers before and after can no longer be compared."""
        return any(violation.severity is Severity.ERROR for violation in self.violations)

    @property
    def indicators(self) -> tuple[str, ...]:
        """The performance indicators that are computed from it."""
        metric = self.definition
        return metric.performance_indicator_types if isinstance(metric, MetricDefinition) else ()

    def name_lists(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield ``gone`` and ``new`` with the key paths that only one edition has, where there are any."""
        for label, names in (("gone", self.lost), ("new", self.gained)):
            if names:
                yield label, names


@dataclass(frozen=True, slots=True)
class GroupSection:
    """The definitions that one product group owns. ``identifier`` is empty for those without an owner.

    ``group`` is None when neither edition knows the group.
    """

    identifier: str
    group: ProductGroup | None
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Difference:
    """``remarks`` say what the comparison could not see."""

    comparison: Comparison
    items: tuple[Item, ...]
    sections: tuple[GroupSection, ...]
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

    @property
    def moved(self) -> int:
        """How many definitions have another owner."""
        return sum(item.moved_from is not None for item in self.items)

    def with_outcome(self, outcome: Outcome) -> tuple[Item, ...]:
        """Return the items with one outcome."""
        return tuple(item for item in self.items if item.outcome is outcome)

    def groups_affected(self, item: Item) -> tuple[ProductGroup, ...]:
        """Return the groups that have to know of an item besides its owner."""
        others = dict.fromkeys([item.moved_from, *(metric.product_group for metric in item.affected)])
        return tuple(
            self.comparison.group(group) or ProductGroup(group, group)
            for group in others
            if group and group != item.definition.product_group
        )

    def totals_in_words(self) -> str:
        """Return how many definitions have which outcome: ``2 added and 1 changed``."""
        totals = {outcome.value: len(self.with_outcome(outcome)) for outcome in Outcome}
        totals["with another owner"] = self.moved
        parts = [f"{number:,} {what}" for what, number in totals.items() if number]
        if renamed := self.comparison.renamed_groups:
            parts.append(f"{counted(len(renamed), 'product group')} renamed")
        if undeclared := self.comparison.undeclared_groups:
            parts.append(f"{counted(len(undeclared), 'product group')} no longer declared")
        return listed(parts) or ("no difference in what can be read" if self.unread else "no difference")

    def renamed_groups(self, quoted: Callable[[str], str]) -> Iterator[str]:
        """Yield a sentence about each renamed product group, its identifiers as ``quoted`` writes them."""
        for group in self.comparison.renamed_groups:
            number = counted(len(group.definitions), "definition")
            yield f"product group {quoted(group.before)} is {quoted(group.after)} now, in {number}"

    def undeclared_groups(self, quoted: Callable[[str], str]) -> Iterator[str]:
        """Yield a sentence about the product groups that are no longer declared, where there are any."""
        if groups := self.comparison.undeclared_groups:
            names = abridged(map(quoted, groups), MAX_GROUPS)
            whose = "their" if len(groups) > 1 else "its"
            yield f"product_groups.yml no longer declares {names}: nothing says {whose} name and contact"

    def breaking_in_words(self) -> str:
        """Return how many definitions break a promise, as a sentence."""
        number = len(self.breaking)
        unread = self.unread_in_words
        if number:
            hidden = f", and {unread} may hide more" if unread else ""
            return f"{counted(number, 'definition')} with breaking changes{hidden}."
        return f"Whether anything breaks is not known: {unread}." if unread else "Nothing breaking."

    @property
    def unread(self) -> int:
        """How many files of both editions cannot be read; what they hold is not compared."""
        return len(self.before.unread) + len(self.after.unread)

    @property
    def unread_in_words(self) -> str:
        """How many files cannot be read, empty where all can."""
        return f"{counted(self.unread, 'file')} cannot be read" if self.unread else ""

    @property
    def failed(self) -> bool:
        """Whether something breaks a promise, or might: a part of the editions cannot be compared."""
        return bool(self.breaking) or self.unread > 0


def difference(before: Edition, after: Edition) -> Difference:
    """Compare two editions."""
    with without_garbage_collection():
        comparison = compare(before, after)
        items = tuple(sorted(_items(comparison), key=lambda item: (item.kind != "metric", item.names)))
    return Difference(comparison, items, tuple(_sections(comparison, items)), tuple(_remarks(comparison)))


def _items(comparison: Comparison) -> Iterator[Item]:
    violations = _violations(comparison)
    for metric_change in comparison.metrics.changed:
        yield _changed_item(metric_change, violations, ())
    for event_change in comparison.events.changed:
        yield _changed_item(event_change, violations, _affected(comparison, event_change))
    for compared in (comparison.metrics, comparison.events):
        for unmatched in compared.added:
            yield _unmatched_item(Outcome.ADDED, unmatched, violations)
        for unmatched in compared.deleted:
            yield _unmatched_item(Outcome.DELETED, unmatched, violations)


def _violations(comparison: Comparison) -> dict[int, tuple[Violation, ...]]:
    """Return the id of a definition's object -> the lifecycle rules that it breaks."""
    found: defaultdict[int, list[Violation]] = defaultdict(list)
    for rule, breach in breaches(comparison):
        if rule != "renamed-group":  # it is about the group, not about the definition at which it is shown
            found[id(breach.definition)].append(Violation(rule, RULES[rule].severity, breach.message))
    return {definition: tuple(violations) for definition, violations in found.items()}


def _changed_item(
    change: AnyChange, violations: Mapping[int, tuple[Violation, ...]], affected: Iterable[MetricDefinition]
) -> Item:
    removed = change.after.removed and not change.before.removed
    return Item(
        outcome=Outcome.REMOVED if removed else Outcome.CHANGED,
        definition=change.after,
        names=change.names or change.gained or change.lost,
        lost=change.lost,
        gained=change.gained,
        fields=change.fields,
        computations=change.computations,
        violations=violations.get(id(change.after), ()),
        moved_from=change.before.product_group if change.field("product_group") else None,
        affected=tuple(affected),
    )


def _unmatched_item(outcome: Outcome, unmatched: AnyUnmatched, violations: Mapping[int, tuple[Violation, ...]]) -> Item:
    definition = unmatched.definition
    return Item(outcome, definition, unmatched.names, violations=violations.get(id(definition), ()))


def _affected(comparison: Comparison, change: ChangedDefinition[EventDefinition]) -> list[MetricDefinition]:
    """Return the live metrics that count a changed event, by its old name or its new one."""
    found: dict[str, MetricDefinition] = {}
    for edition, event in ((comparison.before, change.before), (comparison.after, change.after)):
        for metric in edition.dictionary.metrics_of(event):
            if not metric.removed:
                found[metric.key_path] = metric
    return [found[key_path] for key_path in sorted(found)]


def _sections(comparison: Comparison, items: Iterable[Item]) -> Iterator[GroupSection]:
    by_group: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        by_group[item.definition.product_group or ""].append(item)
    for identifier in sorted(by_group):
        yield GroupSection(identifier, comparison.group(identifier), tuple(by_group[identifier]))


def _remarks(comparison: Comparison) -> Iterator[str]:
    editions = (comparison.before, comparison.after)
    for edition in editions:
        yield from edition.remarks
        yield from (gap.message for gap in edition.gaps())
    for edition in editions:
        if not edition.tells_of_events:
            yield f"events are not compared: {edition.name} is a file of metrics only"
        if not edition.tells_of_metrics:
            yield f"metrics are not compared: {edition.name} is a file of events only"
