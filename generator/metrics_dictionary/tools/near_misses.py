"""What somebody who mistyped a word probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN = 3
"""How many candidates are worth showing at once."""

_LONGEST = 200


def near_miss(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that is closest to ``word``, or None when none is close.

    Close means one slip for every three characters at most: a letter too many, missing, wrong, or two swapped. Case
    and the separators ``_ - . :`` and blanks do not count as slips.
    """
    return next(iter(near_misses(word, candidates)), None)


def near_misses(word: str, candidates: Iterable[str]) -> list[str]:
    """Return the close candidates, the closest first, at most three."""
    if not word or len(word) > _LONGEST:
        return []
    plain = _plain(word)
    allowed = max(1, len(plain) // 3)
    scored = [
        (distance, candidate)
        for candidate in candidates
        if (distance := _distance(plain, _plain(candidate), allowed)) <= allowed
    ]
    return [candidate for _, candidate in sorted(scored)[:SHOWN]]


def _plain(word: str) -> str:
    return "".join(character for character in word.lower() if character not in "_-.: ")


def _distance(one: str, other: str, limit: int) -> int:
    """Return the number of slips between two words, or ``limit + 1`` as soon as it is known to be more.

    This is the optimal string alignment distance.
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, left in enumerate(one, start=1):
        current = [row]
        for column, right in enumerate(other, start=1):
            best = min(above[column] + 1, current[-1] + 1, above[column - 1] + (left != right))
            if row > 1 and column > 1 and left == other[column - 2] and one[row - 2] == right:
                best = min(best, before[column - 2] + 1)
            current.append(best)
        if min(current) > limit:
            return limit + 1
        before, above = above, current
    return above[-1]
