"""What a lifecycle rule says, the rules about events, and those that hold for metrics and events alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.changes.compare.comparison import Comparison
from metrics_dictionary.dictionary.selection_rule import IDENTIFIERS
from metrics_dictionary.reading.positions import JsonPath  # noqa: TC001 - beside Check, which needs its names at run time
from metrics_dictionary.tools.text import abridged, counted
from metrics_dictionary.validation.engine import message_parts

if TYPE_CHECKING:
    from metrics_dictionary.changes.compare.comparison import ChangedDefinition
    from metrics_dictionary.dictionary.definition import Definition
    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.dictionary.selection_rule import SelectionRule

    AnyChange = ChangedDefinition[MetricDefinition] | ChangedDefinition[EventDefinition]

MAX_NAMES = 5
"""How many metrics a message names."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A finding about a definition of the newer edition, or of the older one where it is ``gone`` from the newer.

    ``path`` leads to the value concerned. ``help`` replaces the rule's own.
    """

    definition: Definition
    path: JsonPath
    message: str
    help: str | None = None
    gone: bool = False


Check = Callable[[Comparison], Iterator[Breach]]
"""The lifecycle check: the newer edition's definitions, judged by what the older one promised."""


def deleted_event(comparison: Comparison) -> Iterator[Breach]:
    """Find events that are gone."""
    for event, _ in comparison.events.deleted:
        yield Breach(event, (), f"the event {message_parts.code(event.name)} is gone", gone=True)


def revived_definition(comparison: Comparison) -> Iterator[Breach]:
    """Find metrics and events that were removed and are not any more."""
    for change in _changed(comparison):
        if change.before.removed and not change.after.removed:
            yield Breach(change.after, ("status",), f"{_who(change.before)} was removed and is in use again")


def changed_milestone(comparison: Comparison) -> Iterator[Breach]:
    """Find another milestone."""
    for change in _changed(comparison):
        other = change.field("milestone")
        if other and not _quoted(other.before, other.after):
            before, after = message_parts.value(other.before), message_parts.value(other.after)
            yield Breach(
                change.after, ("milestone",), f"the milestone of {_who(change.before)} was {before} and is {after}"
            )


def _quoted(before: object, after: object) -> bool:
    """Return whether a version that was read as a number is a text now: 16.1 may have been written ``16.10``."""
    if isinstance(before, bool) or not isinstance(before, int | float) or not isinstance(after, str):
        return False
    try:
        return float(after) == before
    except ValueError:
        return False


def changed_owner(comparison: Comparison) -> Iterator[Breach]:
    """Find another owner."""
    for change in _changed(comparison):
        if change.field("product_group"):
            groups = (change.before.product_group, change.after.product_group)
            owners = [contact(comparison, group) if group else "nobody" for group in groups]
            if owners[0] == owners[1]:
                owners = [message_parts.code(group or "") for group in groups]
            message = f"{_who(change.before)} went from {owners[0]} to {owners[1]}"
            yield Breach(change.after, ("product_group",), message)


def renamed_group(comparison: Comparison) -> Iterator[Breach]:
    """Find product groups that have another identifier; it is said once, at the first definition that follows."""
    for group in comparison.renamed_groups:
        number = counted(len(group.definitions), "definition")
        message = f"{message_parts.code(group.before)} is {message_parts.code(group.after)} now, in {number}"
        yield Breach(group.definitions[0], ("product_group",), f"the product group {message}")


def contact(comparison: Comparison, identifier: str) -> str:
    """Return a group's name and contact for a message: ``Code Review (`#g_code_review`)`` in backticks."""
    group = comparison.group(identifier)
    return group.with_contact(message_parts.code) if group else message_parts.code(identifier)


def renamed_event(comparison: Comparison) -> Iterator[Breach]:
    """Find events with another action that a metric counted, and that still goes on."""
    for change in comparison.events.changed:
        if change.field("action"):
            users = [metric.key_path for metric in _users(comparison, change.before)]
            if users:
                message = (
                    f"the event {_who(change.before)} is {_who(change.after)} now, and {_several(users)} counted it"
                )
                yield Breach(change.after, ("action",), message)


def dropped_event_property(comparison: Comparison) -> Iterator[Breach]:
    """Find properties and identifiers that an event lost while a metric depends on them."""
    for change in comparison.events.changed:
        for name in sorted(_carried(change.before) - _carried(change.after)):
            users = [
                metric.key_path
                for metric in _users(comparison, change.before)
                if any(name in _needed(rule) for rule in metric.selection_rules if rule.name == change.before.action)
            ]
            if users:
                field = "identifiers" if name in IDENTIFIERS.values() else "additional_properties"
                message = (
                    f"{_who(change.before)} no longer carries {message_parts.code(name)}, needed by {_several(users)}"
                )
                yield Breach(change.after, (field,), message)


def _changed(
    comparison: Comparison,
) -> Iterator[AnyChange]:
    yield from comparison.metrics.changed
    yield from comparison.events.changed


def _users(comparison: Comparison, event: EventDefinition) -> Iterator[MetricDefinition]:
    """Yield the older definitions of the metrics that count an event, and that are not removed by now."""
    new = comparison.after.dictionary.expanded
    old = comparison.before.dictionary
    for metric in old.metrics_of(event):
        now = new.get(metric.key_path)
        if not metric.removed and not (now is not None and now.removed):
            yield metric


def _carried(event: EventDefinition) -> set[str]:
    return {*event.additional_properties, *event.identifiers}.difference(event.protected_properties)


def _needed(rule: SelectionRule) -> set[str]:
    """Return what the event of a selection rule has to carry."""
    needed = {str(name) for name in rule.filter}
    if rule.unique:
        needed.add(IDENTIFIERS.get(rule.unique, rule.unique))
    if rule.operator == "sum(value)":
        needed.add("value")
    return needed


def _who(definition: MetricDefinition | EventDefinition) -> str:
    return message_parts.code(definition.name)


def _several(names: list[str]) -> str:
    return abridged(map(message_parts.code, names), MAX_NAMES)
