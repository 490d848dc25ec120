"""The value of a relation: with its own statement where that is short, otherwise in batches of a column's range.

A batch is a range of ids, or, for distinct values, of these values: equal ones never fall into two batches. The first
and the last batch have no outer end, so that a value is right even where bounds are old or only a hint.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from metrics_dictionary.ping.database.bounds import Bounds
from metrics_dictionary.ping.database.database import DatabaseError, StatementTimeout
from metrics_dictionary.ping.database.sketch import Sketch
from metrics_dictionary.ping.query.relation import Between, Column, Comparison, Operation
from metrics_dictionary.ping.query.sql import select, select_sum_and_count
from metrics_dictionary.tools.json_values import finite_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from metrics_dictionary.ping.database.bounds import BoundsCache
    from metrics_dictionary.ping.database.database import Database, Number
    from metrics_dictionary.ping.query.relation import Relation

Part = TypeVar("Part")

SMALL_RANGE = 10_000_000
"""A table with a range of ids up to this is read with one statement, if that ends in time: it costs least."""

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

GROW_BELOW = 1 / 8
"""A batch that took less than this share of the time limit is followed by one of twice the size."""


def compute(database: Database, relation: Relation, cache: BoundsCache) -> Number | None:
    """Return the value of a relation whose time window is settled. Raises DatabaseError and its kinds."""
    plain = replace(relation, distinct=False, order=())
    if _is_large(plain, cache):
        split = _split(plain, cache)
        return _at_once(database, plain) if split is None else _in_batches(database, plain, split)
    try:
        return _at_once(database, plain)
    except StatementTimeout:
        split = _split(plain, cache)
        if split is None:
            raise
    return _in_batches(database, plain, split)


class _Split(NamedTuple):
    """How a relation is read: by which column, from where to where, and how much of its range at first and at most."""

    column: Column
    bounds: Bounds
    size: int
    largest: int
    smallest: int


def _is_large(relation: Relation, cache: BoundsCache) -> bool:
    """Whether its own statement is not worth a try. A time window leaves few rows, which an index may find."""
    if any(isinstance(condition, Between) for condition in relation.rows.conditions):
        return False
    key = Column(relation.rows.table, "id")
    bounds = _bounds(relation, key, cache) if key == _columns(relation)[0] else cache.of(key)
    return bounds is not None and bounds.span > (relation.batching.size or SMALL_RANGE)


def _columns(relation: Relation) -> tuple[Column, ...]:
    """Return the columns that the relation can be split by, the best first."""
    if relation.operation is Operation.DISTINCT_COUNT:
        return (relation.column,)
    return (Column(relation.rows.table, "id"), relation.column)


def _bounds(relation: Relation, column: Column, cache: BoundsCache) -> Bounds | None:
    """Return the bounds that the instrumentation gives, as far as it does, and otherwise those of the column."""
    start, finish = relation.batching.start, relation.batching.finish
    if start is None or finish is None:
        found = cache.of(column)
        if found is None:
            return None
        start = found.start if start is None else start
        finish = found.finish if finish is None else finish
    return Bounds(start, max(start, finish))


def _split(relation: Relation, cache: BoundsCache) -> _Split | None:
    """Return how to split the relation, into two at least; None where its columns hold no whole numbers."""
    for column in _columns(relation):
        bounds = _bounds(relation, column, cache)
        if bounds is None:
            continue
        ids = cache.of(Column(relation.rows.table, "id"))
        given = relation.batching.size
        rows = max(bounds.span, ids.span if ids else 0)
        parts = max(2, math.ceil(rows / BATCH_SIZES[relation.operation]))
        size = given or math.ceil(bounds.span / parts)
        # One value may stand in many rows, one id stands in one.
        smallest = 1 if relation.operation is Operation.DISTINCT_COUNT else MIN_BATCH_SIZE
        return _Split(column, bounds, size, given or 2**63, min(size, smallest))
    return None


def _at_once(database: Database, relation: Relation) -> Number | None:
    ((value,),) = database.rows(select(relation))
    number = _number(value)
    if relation.operation is Operation.AVERAGE:
        return None if number is None else float(number)
    return number or 0


def _in_batches(database: Database, relation: Relation, split: _Split) -> Number | None:
    match relation.operation:
        case Operation.AVERAGE:
            return _average(database, relation, split)
        case Operation.ESTIMATE_DISTINCT_COUNT:
            return _estimate(database, relation, split)
        case _:
            return sum(_each(database, relation, split, lambda batch: _at_once(database, batch) or 0))


def _average(database: Database, relation: Relation, split: _Split) -> float | None:
    total: Number = 0
    number: Number = 0
    for ((part, rows),) in _each(database, relation, split, lambda batch: database.rows(select_sum_and_count(batch))):
        total += _number(part) or 0
        number += rows
    return total / number if number else None


def _estimate(database: Database, relation: Relation, split: _Split) -> int:
    whole = Sketch()
    for part in _each(database, relation, split, database.sketch):
        whole.merge(part)
    return whole.estimate()


def _each(database: Database, relation: Relation, split: _Split, read: Callable[[Relation], Part]) -> Iterator[Part]:
    """Yield what is read of each batch; together they have every row whose value counts, and none twice."""
    if split.column != relation.column:
        yield read(_limited(relation, Comparison(split.column, "IS", None)))
    position, size, first = split.bounds.start, split.size, True
    for _ in range(MAX_STATEMENTS):
        left = split.bounds.finish - position + 1
        size = min(size, left)
        ends = () if size == left else (Comparison(split.column, "<", position + size),)
        begins = () if first else (Comparison(split.column, ">=", position),)
        limits = (*begins, *ends) or (Comparison(split.column, "IS NOT", None),)
        started = time.monotonic()
        try:
            part = read(_limited(relation, *limits))
        except StatementTimeout:
            if size <= split.smallest:
                raise
            size = max(size // 2, split.smallest)
            continue
        yield part
        if size == left:
            return
        position, first = position + size, False
        if time.monotonic() - started < database.statement_timeout * GROW_BELOW:
            size = min(size * 2, split.largest)
    raise StatementTimeout(f"counting in batches would take more than {MAX_STATEMENTS:,} statements")


def _limited(relation: Relation, *conditions: Comparison) -> Relation:
    return replace(relation, rows=replace(relation.rows, conditions=(*relation.rows.conditions, *conditions)))


def _number(value: object) -> Number | None:
    """Return what a database answered as a number. Raises DatabaseError where it is not one."""
    if value is None:
        return None
    number = finite_number(value) if isinstance(value, int | float | Decimal) else None
    if number is not None:
        return number
    raise DatabaseError(f"the database answered with {str(value)[:40]!r}, which is no number; check the column's type")
