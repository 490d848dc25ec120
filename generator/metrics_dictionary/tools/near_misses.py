"""What somebody who mistyped a word probably meant."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

SHOWN = 3
"""How many candidates are worth showing at once."""

MAX_WORD_LENGTH = 200
"""Characters. A longer word is near nothing."""

_SEPARATORS = str.maketrans("", "", "-_ ")

_COMPARED = 8
"""How many names are compared letter by letter."""

_REMEMBERED = 1_000
_BITS = 1_009


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to write in place of a wrong word.

    ``safe`` says that it is the only candidate that is the word but for case, ``-``, ``_`` and blanks; anything else
    is a guess.
    """

    text: str
    safe: bool = False


def suggested(word: str, candidates: Iterable[str]) -> Suggestion | None:
    """Return what to write in place of ``word``, or None when no candidate is close."""
    names = list(candidates)
    same = [name for name in names if spelling(name) == spelling(word)]
    return _suggestion(same, near_miss(word, names))


def spelling(word: str) -> str:
    """Return a name without what people write in different ways: case, ``-``, ``_`` and blanks."""
    return word.lower().translate(_SEPARATORS)


def near_miss(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that is closest to ``word``, or None when none is close.

    Close means one slip for every three characters at most: a letter too many, missing, wrong, or two swapped. Case
    and the separators ``_ - . :`` and blanks do not count as slips.
    """
    return next(iter(near_misses(word, candidates)), None)


def near_misses(word: str, candidates: Iterable[str]) -> list[str]:
    """Return the close candidates, the closest first, at most three."""
    if not word or len(word) > MAX_WORD_LENGTH:
        return []
    plain = _plain(word)
    allowed = max(1, len(plain) // 3)
    scored = [
        (distance, candidate)
        for candidate in candidates
        if (distance := _distance(plain, _plain(candidate), allowed)) <= allowed
    ]
    return [candidate for _, candidate in sorted(scored)[:SHOWN]]


class NearMisses:
    """Near misses among thousands of names: only those that share most of their pairs of letters are compared.

    A word that is wrong in a thousand files, or that a client keeps sending, is looked up once. At most
    ``most_words`` different words are looked up in all; a set of files with more of them is incomplete, not mistyped.
    """

    def __init__(self, names: Iterable[str], *, most_words: int | None = None) -> None:
        self._names = sorted(set(names))
        self._pairs = [(_pairs(name), name) for name in self._names]
        self._left = most_words
        self._find = lru_cache(maxsize=_REMEMBERED)(self._found)

    def near(self, word: str) -> tuple[str, ...]:
        """Return the close names, the closest first, at most three."""
        return self._find(word) if len(word) <= MAX_WORD_LENGTH else ()

    def nearest(self, word: str) -> str | None:
        """Return the name that ``word`` was probably meant to be, or None."""
        return next(iter(self.near(word)), None)

    def suggestion(self, word: str) -> Suggestion | None:
        """Return what to write in place of ``word``, or None when no name is close."""
        return _suggestion(self._spellings.get(spelling(word), ()), self.nearest(word))

    @cached_property
    def _spellings(self) -> dict[str, list[str]]:
        names: defaultdict[str, list[str]] = defaultdict(list)
        for name in self._names:
            names[spelling(name)].append(name)
        return names

    def _found(self, word: str) -> tuple[str, ...]:
        if self._left is not None:
            if self._left == 0:
                return ()
            self._left -= 1
        pairs = _pairs(word)
        different = [((pairs ^ others).bit_count(), name) for others, name in self._pairs]
        return tuple(near_misses(word, [name for _, name in heapq.nsmallest(_COMPARED, different)]))


def did_you_mean(candidates: Iterable[str], quote: Callable[[str], str] = "`{}`".format) -> str | None:
    """Return ``did you mean `a` or `b`?``, or None where there is no candidate."""
    named = " or ".join(map(quote, candidates))
    return f"did you mean {named}?" if named else None


def _suggestion(same: Sequence[str], nearest: str | None) -> Suggestion | None:
    if len(same) == 1:
        return Suggestion(same[0], safe=True)
    return None if nearest is None else Suggestion(nearest)


def _plain(word: str) -> str:
    return "".join(character for character in word.lower() if character not in "_-.: ")


def _distance(one: str, other: str, limit: int) -> int:
    """Return the number of slips between two words, or ``limit + 1`` when it is known to be more.

    This is the optimal string alignment distance, a whole column of its table at a time: bit n of each number stands
    for letter n of ``one`` (Hyyrö, A Bit-Vector Algorithm for Computing Levenshtein and Damerau Edit Distances, 2003).
    Letter by letter, two words of 200 letters take 12 milliseconds; this way they take 0.15.
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    if not one:
        return len(other)
    places: defaultdict[str, int] = defaultdict(int)
    for place, letter in enumerate(one):
        places[letter] |= 1 << place
    every, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    rising, falling, zero, before, distance = every, 0, 0, 0, len(one)
    for letter in other:
        equal = places.get(letter, 0)
        swapped = ((~zero & equal) << 1) & before
        zero = (((equal & rising) + rising) ^ rising) | equal | falling | swapped
        right, left = falling | (every & ~(zero | rising)), zero & rising
        distance += bool(right & last) - bool(left & last)
        right = right << 1 | 1
        rising, falling = (left << 1 | ~(zero | right)) & every, right & zero & every
        before = equal
    return min(distance, limit + 1)


def _pairs(word: str) -> int:
    """Return one bit for each pair of neighboring letters; 5,000 of these are compared in a millisecond."""
    bits = 0
    for left, right in pairwise(f"^{word.lower()}$"):
        bits |= 1 << (ord(left) * 31 + ord(right)) % _BITS
    return bits
