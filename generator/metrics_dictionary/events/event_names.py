"""The names that events have, and what is said about one that they do not have."""

from __future__ import annotations

import heapq
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.fields import text
from metrics_dictionary.events.faults import meant, quoted
from metrics_dictionary.tools.near_misses import near_misses

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.dictionary.dictionary import Dictionary

_COMPARED = 8
"""How many names are compared letter by letter; the others share fewer pairs of letters."""

_LONGEST = 200
_REMEMBERED = 1_000
_BITS = 1_009


class EventNames:
    """The events that can be recorded, those that no longer are, and near misses among thousands."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.active = frozenset(name for name, event in dictionary.events.items() if not event.removed)
        self._removed = {
            name: text(event.fields.get("milestone_removed"))
            for name, event in dictionary.events.items()
            if event.removed
        }
        self._near = _NearNames(self.active)

    def is_removed(self, event: str) -> bool:
        """Whether the event has a definition that says that it is no longer recorded."""
        return event in self._removed

    def why_not(self, event: str) -> str:
        """Say why an event that is not active cannot be recorded, and which one was probably meant."""
        if event in self._removed:
            milestone = self._removed[event]
            since = f" in {milestone}" if milestone else ""
            return f"{quoted(event)} was removed{since} and is no longer recorded"
        return f"{quoted(event)} has no definition{meant(self._near.near(event))}"


class _NearNames:
    """Near misses by pairs of letters first. A name that a client keeps sending is looked up once."""

    def __init__(self, names: Iterable[str]) -> None:
        self._pairs = [(_pairs(name), name) for name in sorted(names)]
        self.find = lru_cache(maxsize=_REMEMBERED)(self._find)

    def near(self, word: str) -> tuple[str, ...]:
        """Return the close names, the closest first. Words that no name comes near are not remembered either."""
        return self.find(word) if len(word) <= _LONGEST else ()

    def _find(self, word: str) -> tuple[str, ...]:
        pairs = _pairs(word)
        different = [((pairs ^ others).bit_count(), name) for others, name in self._pairs]
        return tuple(near_misses(word, [name for _, name in heapq.nsmallest(_COMPARED, different)]))


def _pairs(word: str) -> int:
    """Return one bit for each pair of neighbouring letters; 5,000 of these are compared in a millisecond."""
    padded = f"^{word.lower()}$"
    bits = 0
    for left, right in pairwise(padded):
        bits |= 1 << (ord(left) * 31 + ord(right)) % _BITS
    return bits
