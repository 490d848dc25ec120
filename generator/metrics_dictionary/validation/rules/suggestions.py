"""What a wrong reference was probably meant to be, found fast also among thousands of names."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from metrics_dictionary.tools.near_misses import near_miss

if TYPE_CHECKING:
    from collections.abc import Iterable

_COMPARED = 4
"""How many names are compared letter by letter: that costs a millisecond for long key paths."""

_MOST_WORDS = 200
"""How many wrong words get a suggestion. A tree with more of them is incomplete, not mistyped, and has to end soon."""


class Suggestions:
    """The near misses among one set of names. A word that is wrong in a thousand files is looked up once."""

    def __init__(self, names: Iterable[str]) -> None:
        self._pairs = {name: _pairs(name) for name in names}
        self._known: dict[str, str | None] = {}

    def for_word(self, word: str) -> str | None:
        """Return the name that ``word`` was probably meant to be, or None."""
        if word not in self._known and len(self._known) < _MOST_WORDS:
            self._known[word] = near_miss(word, self._likely(word))
        return self._known.get(word)

    def _likely(self, word: str) -> list[str]:
        """Return the names that share most of their pairs of letters with the word."""
        pairs = _pairs(word)
        return heapq.nsmallest(_COMPARED, self._pairs, key=lambda name: len(pairs ^ self._pairs[name]))


def _pairs(word: str) -> frozenset[str]:
    padded = f"^{word.lower()}$"
    return frozenset(padded[start : start + 2] for start in range(len(padded) - 1))
