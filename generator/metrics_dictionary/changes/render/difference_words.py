"""The sentences that a difference is told in, whatever the format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.changes.render.difference import Fate

if TYPE_CHECKING:
    from metrics_dictionary.changes.render.difference import Difference


def totals(difference: Difference) -> str:
    """Return how many definitions met which fate: ``2 added and 1 changed``."""
    counts = [(len(difference.with_fate(fate)), fate.value) for fate in Fate]
    counts.append((sum(item.moved_from is not None for item in difference.items), "with another owner"))
    told = [f"{number:,} {what}" for number, what in counts if number]
    if not told:
        return "no difference"
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def verdict(difference: Difference) -> str:
    """Return how many definitions break a promise, as a sentence."""
    number = len(difference.breaking)
    if not number:
        return "Nothing breaking."
    return f"{number:,} breaking {'change' if number == 1 else 'changes'}."
