"""What an occurrence of an event changes: an index that is built once, and the counting."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.selection_rule import IDENTIFIERS
from metrics_dictionary.stores.keys import COMPLETE_WEEKS, rule_key, selections, usage_event, usage_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.selection_rule import SelectionRule
    from metrics_dictionary.events.occurrence import Occurrence
    from metrics_dictionary.stores.store import ChangesBuilder


MAX_WEEKS = 10
"""Weeks whose changes are remembered: events may be reported weeks after they happened."""


@dataclass(slots=True)
class _Selection:
    """A selection rule, and over which periods some metric reads it."""

    rule: SelectionRule
    ever: bool = False
    weekly: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What an occurrence does in one week if its properties have the values of ``filter``.

    ``unique`` names what is added to a set or, with ``by_value``, whose value the occurrence is counted under; ``sums``
    says that `value` is added; otherwise the occurrence is counted.
    ``weekly_key`` is the one of ``keys`` that expires.
    """

    filter: tuple[tuple[str, object], ...]
    unique: str | None
    by_value: bool
    sums: bool
    keys: tuple[str, ...]
    weekly_key: str | None


class CounterIndex:
    """Event -> the changes that some metric needs. Metrics that are removed need none."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._selections: dict[str, list[_Selection]] = _selections(dictionary)
        self._usage_keys: dict[str, set[str]] = _usage_keys(dictionary)
        self._weeks: dict[str, dict[str, tuple[Change, ...]]] = {}

    def __contains__(self, event: str) -> bool:
        """Whether some metric names the event, or a `redis` metric's `PREFIX_EVENT`."""
        return event in self._selections or event in self._usage_keys

    def changes(self, event: str, week: str) -> tuple[Change, ...]:
        """Return what an occurrence in this ISO week may change."""
        in_week = self._weeks.get(week)
        if in_week is None:
            if len(self._weeks) >= MAX_WEEKS:
                self._weeks = {}
            in_week = self._weeks.setdefault(week, {})
        found = in_week.get(event)
        if found is None:
            found = tuple(_change(selection, week) for selection in self._selections.get(event, ()))
            if found:
                in_week[event] = found
        return found

    def usage_keys(self, event: str) -> Iterable[str]:
        """Return the counters that `redis` metrics read of an event."""
        return self._usage_keys.get(event, ())


def count(occurrence: Occurrence, changes: Iterable[Change], changed: ChangesBuilder) -> None:
    """Add what an occurrence changes; to a counter about an identifier or `value` that it lacks it adds nothing."""
    properties = occurrence.properties
    for change in changes:
        for name, value in change.filter:
            if properties.get(name) != value:
                break
        else:
            if _applied(change, occurrence, changed) and change.weekly_key is not None:
                changed.expiring.add(change.weekly_key)


def _applied(change: Change, occurrence: Occurrence, changed: ChangesBuilder) -> bool:
    """Make one change; return False when the occurrence lacks what would be added."""
    if change.unique is not None:
        distinct = _unique_value(occurrence, change.unique)
        if distinct is None:
            return False
        for key in change.keys:
            if change.by_value:
                changed.add_to_value(key, distinct)
            else:
                changed.uniques[key].add(distinct)
    elif change.sums:
        number = occurrence.properties.get("value")
        if number is None or isinstance(number, str):
            return False
        for key in change.keys:
            changed.sums[key] += number
    else:
        for key in change.keys:
            changed.increments[key] += 1
    return True


def _unique_value(occurrence: Occurrence, unique: str) -> str | None:
    """Return the identifier or property as the string that is counted once: 3 and 3.0 are the same."""
    identifier = IDENTIFIERS.get(unique)
    value = occurrence.properties.get(unique) if identifier is None else getattr(occurrence, identifier)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None else str(value)


def _selections(dictionary: Dictionary) -> dict[str, list[_Selection]]:
    """Return the selections of each event, every one once however many metrics read it."""
    found: defaultdict[str, dict[tuple[str, str], _Selection]] = defaultdict(dict)
    for metric in dictionary.expanded.values():
        if metric.removed:
            continue
        weekly = any(time_frame in COMPLETE_WEEKS for time_frame in metric.time_frames)
        for rule in selections(metric):
            # The key alone is not enough: the number 1 and the string "1" share it, and match different occurrences.
            identity = (rule_key(rule, None), repr(sorted(rule.filter.items())))
            selection = found[rule.name or ""].setdefault(identity, _Selection(rule))
            selection.weekly |= weekly
            selection.ever |= not weekly
    return {event: list(by_identity.values()) for event, by_identity in found.items()}


def _usage_keys(dictionary: Dictionary) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for metric in dictionary.expanded.values():
        event, key = usage_event(metric), usage_key(metric)
        if event is not None and key is not None and not metric.removed:
            found[event].add(key)
    return dict(found)


def _change(selection: _Selection, week: str) -> Change:
    rule = selection.rule
    weekly_key = rule_key(rule, week) if selection.weekly else None
    keys = (*([rule_key(rule, None)] if selection.ever else []), *([] if weekly_key is None else [weekly_key]))
    return Change(
        filter=tuple(rule.filter.items()),
        unique=rule.unique,
        by_value=rule.is_by_value,
        sums=rule.unique is None and rule.operator is not None,
        keys=keys,
        weekly_key=weekly_key,
    )
