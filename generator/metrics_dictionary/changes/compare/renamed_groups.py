"""Product groups that have another identifier: one statement about the group instead of one about each definition."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from metrics_dictionary.changes.compare.edition import Edition
    from metrics_dictionary.dictionary.definition import Definition
    from metrics_dictionary.dictionary.dictionary import Dictionary


@dataclass(frozen=True, slots=True)
class RenamedGroup:
    """The identifiers ``before`` and ``after``, and the newer definitions that follow, in the order of their files."""

    before: str
    after: str
    definitions: tuple[Definition, ...]


def renamed_groups(before: Dictionary, after: Dictionary) -> dict[str, RenamedGroup]:
    """Return former identifier -> group, of the groups that were renamed.

    A group is renamed when only the older edition knows the one identifier, only the newer one knows the other, and
    definitions went from the one to the other; unless they went to a second new group, too, or came from a second one
    that is gone. Editions without product groups, such as combined files, cannot tell.
    """
    gone = (before.product_groups or {}).keys() - (after.product_groups or {}).keys()
    fresh = (after.product_groups or {}).keys() - (before.product_groups or {}).keys()
    if not gone or not fresh:
        return {}
    moved: defaultdict[tuple[str, str], list[Definition]] = defaultdict(list)
    for one, other in _in_both(before, after):
        owners = one.product_group or "", other.product_group or ""
        if owners[0] in gone and owners[1] in fresh:
            moved[owners].append(other)
    return {
        old: RenamedGroup(old, new, tuple(definitions))
        for (old, new), definitions in sorted(moved.items())
        if sum(old == one or new == other for one, other in moved) == 1
    }


def undeclared_groups(before: Edition, after: Edition, renamed: Mapping[str, RenamedGroup]) -> tuple[str, ...]:
    """Return the identifiers that only the older edition declares, without those of ``renamed`` groups."""
    if not after.tells_of_groups:
        return ()
    gone = (before.dictionary.product_groups or {}).keys() - (after.dictionary.product_groups or {}).keys()
    return tuple(sorted(gone - renamed.keys()))


def _in_both(before: Dictionary, after: Dictionary) -> Iterator[tuple[Definition, Definition]]:
    """Yield the definitions that have the same name in both editions, each as written."""
    old_metrics = {metric.key_path: metric for metric in before.metrics}
    old_events = {event.identity: event for event in before.event_definitions or ()}
    yield from ((old_metrics[new.key_path], new) for new in after.metrics if new.key_path in old_metrics)
    yield from ((old_events[new.identity], new) for new in after.event_definitions or () if new.identity in old_events)
