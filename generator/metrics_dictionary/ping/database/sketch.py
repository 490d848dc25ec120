"""HyperLogLog: a sketch of a set, in which values are forgotten and their number can still be estimated.

A value is hashed to 64 bits. The low bits choose a bucket. Of the other bits only the number of leading zeros counts,
so the bucket keeps the smallest that it has seen. The estimate is that of Otmar Ertl, "New cardinality estimation
algorithms for HyperLogLog sketches" (2017), which needs no table of corrections. Its standard error is
1.04 / sqrt(buckets), here 0.8 %.
"""

from __future__ import annotations

import math
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

BUCKET_BITS = 14
BUCKETS = 1 << BUCKET_BITS
REST_BITS = 64 - BUCKET_BITS

_ALL_BITS = (1 << 64) - 1


class Sketch:
    """The zeros that each bucket has seen; an empty bucket has seen none, which is rank 0."""

    def __init__(self) -> None:
        self._ranks = bytearray(BUCKETS)

    @classmethod
    def of_values(cls, values: Iterable[object]) -> Sketch:
        """Return the sketch of these values: numbers, strings, bytes. Equal numbers are one, whatever their type."""
        sketch = cls()
        ranks = sketch._ranks
        for value in values:
            hashed = _hash(value)
            rank = REST_BITS + 1 - (hashed >> BUCKET_BITS).bit_length()
            if rank > ranks[hashed % BUCKETS]:
                ranks[hashed % BUCKETS] = rank
        return sketch

    @classmethod
    def of_buckets(cls, buckets: Iterable[tuple[int, ...]]) -> Sketch:
        """Return the sketch of what each bucket kept: its number, once, and the rest of a hash."""
        sketch = cls()
        for bucket, rest in buckets:
            sketch._ranks[bucket] = REST_BITS + 1 - rest.bit_length()
        return sketch

    def merge(self, other: Sketch) -> None:
        """Add the values of another sketch."""
        self._ranks = bytearray(map(max, self._ranks, other._ranks))

    def estimate(self) -> int:
        """Return how many different values were added."""
        counts = [self._ranks.count(rank) for rank in range(REST_BITS + 2)]
        total: float = BUCKETS * _tau(1 - counts[REST_BITS + 1] / BUCKETS)
        for rank in range(REST_BITS, 0, -1):
            total = 0.5 * (total + counts[rank])
        total += BUCKETS * _sigma(counts[0] / BUCKETS)
        return round(BUCKETS * BUCKETS / (2 * math.log(2) * total))


def _hash(value: object) -> int:
    """Return a hash of 64 bits, the same in every process. Whole numbers take the mixer of SplitMix64: it is fast."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int):
        return int.from_bytes(blake2b(repr(value).encode(), digest_size=8).digest())
    mixed = (value + 1) * 0x9E3779B97F4A7C15 & _ALL_BITS
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _ALL_BITS
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _ALL_BITS
    return mixed ^ mixed >> 31


def _sigma(x: float) -> float:
    if x == 1:
        return math.inf
    y, z = 1.0, x
    while True:
        x *= x
        before = z
        z += x * y
        y += y
        if z == before:
            return z


def _tau(x: float) -> float:
    if x in (0, 1):
        return 0.0
    y, z = 1.0, 1 - x
    while True:
        x = math.sqrt(x)
        before = z
        y *= 0.5
        z -= (1 - x) ** 2 * y
        if z == before:
            return z / 3
