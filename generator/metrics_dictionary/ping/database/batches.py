"""Reading a large table in batches.

A batch is a range of ids, or, for distinct values, of these values: equal ones never fall into two batches. The first
and the last batch have no outer end, so that a value is right even where bounds are old or only a hint.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from metrics_dictionary.ping.database.bounds import Bounds
from metrics_dictionary.ping.database.database import StatementTimeout
from metrics_dictionary.ping.query.relation import Column, Comparison, Operation
from metrics_dictionary.ping.query.sql import select_next_value, select_number_of_rows, select_value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from metrics_dictionary.ping.database.bounds import BoundsCache
    from metrics_dictionary.ping.database.database import Database
    from metrics_dictionary.ping.query.relation import Relation

Part = TypeVar("Part")

BATCH_SIZES = {
    Operation.COUNT: 1_000_000,
    Operation.DISTINCT_COUNT: 500_000,
    Operation.ESTIMATE_DISTINCT_COUNT: 500_000,
    Operation.SUM: 1_000_000,
    Operation.AVERAGE: 1_000_000,
}
"""How many ids the first batch covers. Later ones grow for as long as they take a fraction of the time limit."""

MIN_BATCH_SIZE = 1_000
"""Rows that take too long in such a batch take too long in any: the metric is given up."""

MAX_STATEMENTS = 10_000
"""Ranges that would take more statements are not begun: batches are then so many rows, or hints are not followed."""

GROW_BELOW = 1 / 8
"""A batch that took less than this share of the time limit is followed by one of twice the size."""


class Split(NamedTuple):
    """How a relation is read: by which column, how much of it at first, at most and at least.

    A size is a number of rows where ``by_rows`` is true, otherwise of whole numbers between the bounds.
    """

    column: Column
    bounds: Bounds
    size: int
    largest: int
    smallest: int
    by_rows: bool


def columns(relation: Relation) -> tuple[Column, ...]:
    """Return the columns that the relation can be split by, the best first."""
    if relation.operation is Operation.DISTINCT_COUNT:
        return (relation.column,)
    return (Column(relation.rows.table, "id"), relation.column)


def bounds_of(relation: Relation, column: Column, cache: BoundsCache) -> Bounds | None:
    """Return the bounds that the instrumentation gives, as far as it does, and otherwise those of the column."""
    start, finish = relation.batching.start, relation.batching.finish
    if start is None or finish is None:
        found = cache.of(column)
        if found is None:
            return None
        start = found.start if start is None else start
        finish = found.finish if finish is None else finish
    elif not cache.is_whole(column):  # a hint may name numbers where there are none
        return None
    return Bounds(start, max(start, finish))


def split_of(relation: Relation, cache: BoundsCache) -> Split | None:
    """Return how to split the relation, into two at least; None where its columns hold no whole numbers.

    Raises DatabaseUnavailableError.
    """
    for column in columns(relation):
        bounds = bounds_of(relation, column, cache)
        if bounds is None:
            continue
        ids = cache.of(Column(relation.rows.table, "id"))
        given, usual = relation.batching.size, BATCH_SIZES[relation.operation]
        rows = max(bounds.span, ids.span if ids else 0)
        size = given or math.ceil(bounds.span / max(2, math.ceil(rows / usual)))
        by_rows = False
        if bounds.span > size * MAX_STATEMENTS:  # the values lie far apart
            by_rows = cache.is_indexed(column)
            size = given or usual
            if not by_rows:  # each batch reads the whole table, so let them grow quickly, whatever the hint
                given, size = None, math.ceil(bounds.span / MAX_STATEMENTS)
        # One value may stand in many rows, one id stands in one.
        smallest = 1 if relation.operation is Operation.DISTINCT_COUNT else MIN_BATCH_SIZE
        return Split(column, bounds, size, given or 2**63, min(size, smallest), by_rows)
    return None


def each_part(
    database: Database, relation: Relation, cache: BoundsCache, read: Callable[[Relation], Part]
) -> Iterator[Part]:
    """Yield what is read of the whole relation or, where that takes too long, of each batch.

    Raises DatabaseError and its kinds.
    """
    try:
        yield read(relation)
    except StatementTimeout:
        split = split_of(relation, cache)
        if split is None:
            raise
        yield from each_batch(database, relation, split, read)


def each_batch(
    database: Database, relation: Relation, split: Split, read: Callable[[Relation], Part]
) -> Iterator[Part]:
    """Yield what is read of each batch; together they have every row whose value counts, and none twice.

    Raises DatabaseError and its kinds.
    """
    if split.column != relation.column:
        yield read(_limited(relation, Comparison(split.column, "IS", None)))
    start: int | None = None
    size, largest = split.size, split.largest
    for number in count(1):
        began = time.monotonic()
        end: int | None = None
        try:
            end = _end(database, split, start, size)
            part = read(_limited(relation, *_limits(split.column, start, end)))
        except StatementTimeout:
            covered = size if end is not None else _rest(database, split, start, size)
            if covered <= split.smallest or (not split.by_rows and _range(split, start) > covered * MAX_STATEMENTS):
                raise
            size = max(covered // 2, split.smallest)
            continue
        yield part
        if end is None:
            return
        start = end
        if number % max(1, MAX_STATEMENTS // 10) == 0:  # a hint does not cost an endless number of statements
            largest *= 2
        if time.monotonic() - began < database.statement_timeout * GROW_BELOW:
            size = min(size * 2, largest)


def _end(database: Database, split: Split, start: int | None, size: int) -> int | None:
    """Return the first value behind a batch; None for the last batch."""
    if not split.by_rows:
        return None if _range(split, start) <= size else (split.bounds.start if start is None else start) + size
    end = _single(database, select_value_at(split.column, start, size))
    if end is not None and end == start:  # more rows than that have this value
        end = _single(database, select_next_value(split.column, start))
    return end


def _range(split: Split, start: int | None) -> int:
    """Return how many whole numbers are left between the bounds."""
    return split.bounds.finish - (split.bounds.start if start is None else start) + 1


def _rest(database: Database, split: Split, start: int | None, size: int) -> int:
    """Return how much of ``size`` the last batch has."""
    if not split.by_rows:
        return min(size, _range(split, start))
    try:
        return _single(database, select_number_of_rows(split.column, start, size)) or 0
    except StatementTimeout:
        return size


def _single(database: Database, statement: str) -> int | None:
    """Return the whole number that a statement gives; None for anything else, such as no row."""
    value = next(iter(database.rows(statement)), (None,))[0]
    return value if isinstance(value, int) else None


def _limits(column: Column, start: int | None, end: int | None) -> tuple[Comparison, ...]:
    begins = () if start is None else (Comparison(column, ">=", start),)
    ends = () if end is None else (Comparison(column, "<", end),)
    return (*begins, *ends) or (Comparison(column, "IS NOT", None),)


def _limited(relation: Relation, *conditions: Comparison) -> Relation:
    return replace(relation, rows=replace(relation.rows, conditions=(*relation.rows.conditions, *conditions)))
