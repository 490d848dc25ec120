"""What changed in the selection rules of a metric: which events it counts, and what of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.dictionary.selection_rule import SelectionRule


class Aspect(StrEnum):
    """The part of a selection rule that changed; ``events`` is the rule as a whole."""

    EVENTS = "events"
    UNIQUE = "unique"
    FILTER = "filter"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class SelectionChange:
    """``position`` is the rule's index in the newer metric; None for a rule that is gone. ``event`` is its name."""

    aspect: Aspect
    event: str
    position: int | None
    before: object = None
    after: object = None


def selection_changes(
    before: MetricDefinition, after: MetricDefinition, renamed: Mapping[str, str]
) -> Iterator[SelectionChange]:
    """Yield what changed between the rules of two metrics; their order has no meaning.

    ``renamed`` maps the former action of an event to its present one: following a new name changes no rule.
    """
    old = _by_event(before.selection_rules, renamed)
    new = _by_event(after.selection_rules, {})
    for event in dict.fromkeys((*old, *new)):
        yield from _changes(event, old.get(event, []), new.get(event, []))


def _by_event(rules: Iterable[SelectionRule], renamed: Mapping[str, str]) -> dict[str, list[SelectionRule]]:
    found: defaultdict[str, list[SelectionRule]] = defaultdict(list)
    for rule in rules:
        if rule.name:
            found[renamed.get(rule.name, rule.name)].append(rule)
    return found


def _changes(event: str, old: list[SelectionRule], new: list[SelectionRule]) -> Iterator[SelectionChange]:
    """Compare the rules about one event: those that are the same on both sides first, the others in order."""
    fresh = list(new)
    gone = []
    for rule in old:
        same = next((other for other in fresh if _what(other) == _what(rule)), None)
        if same is None:
            gone.append(rule)
        else:
            fresh.remove(same)
    for rule, other in zip(gone, fresh, strict=False):
        for aspect, one, another in zip(_ASPECTS, _what(rule), _what(other), strict=True):
            if one != another:
                yield SelectionChange(aspect, event, other.position, one, another)
    for rule in gone[len(fresh) :]:
        yield SelectionChange(Aspect.EVENTS, event, None, before=rule.name)
    for rule in fresh[len(gone) :]:
        yield SelectionChange(Aspect.EVENTS, event, rule.position, after=rule.name)


_ASPECTS = (Aspect.UNIQUE, Aspect.FILTER, Aspect.OPERATOR)


def _what(rule: SelectionRule) -> tuple[str | None, dict[str, object], str | None]:
    return rule.unique, dict(rule.filter), rule.operator
