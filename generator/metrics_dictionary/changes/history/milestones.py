"""Which milestone was being made when a commit was made, as far as definitions tell."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from metrics_dictionary.changes.history.change import Change

_MILESTONE = re.compile(r"(\d{1,6})\.(\d{1,6})")


def with_milestones(commits: Sequence[tuple[Sequence[Change], Iterable[str]]]) -> tuple[Change, ...]:
    """Return the changes of all commits, the newest first, each with its commit's milestone.

    Each commit has the milestones that it names: those in which the definitions that it adds are introduced, and those
    that it removes are removed. The highest of them is its milestone; one that names none has that of the commit
    before it. A typing error in one definition so reaches no further than the next commit that names a milestone.
    """
    current: str | None = None
    dated: list[list[Change]] = []
    for changes, named in reversed(commits):
        current = max(filter(_order, named), key=_order, default=current)
        if changes:
            # All changes of a commit share one: there are thousands in the commit that imports a tree.
            commit = replace(changes[0].commit, milestone=current)
            dated.append([replace(change, commit=commit) for change in changes])
    return tuple(change for changes in reversed(dated) for change in changes)


def _order(milestone: str) -> tuple[int, ...]:
    match = _MILESTONE.fullmatch(milestone)
    return (int(match[1]), int(match[2])) if match else ()
