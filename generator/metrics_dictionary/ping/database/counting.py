"""The value of a relation: with its own statement where that is short, otherwise in batches."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from metrics_dictionary.ping.database.batches import bounds_of, columns, each_batch, split_of
from metrics_dictionary.ping.database.database import DatabaseError, StatementTimeout, SumOverflow
from metrics_dictionary.ping.database.sketch import Sketch
from metrics_dictionary.ping.query.relation import Between, Column, Operation, WindowCondition
from metrics_dictionary.ping.query.sql import select, select_exact_sum, select_sum_and_count
from metrics_dictionary.tools.json_values import finite_number

if TYPE_CHECKING:
    from metrics_dictionary.ping.database.batches import Split
    from metrics_dictionary.ping.database.bounds import BoundsCache
    from metrics_dictionary.ping.database.database import Database, Number
    from metrics_dictionary.ping.query.relation import Relation

SMALL_RANGE = 10_000_000
"""A table with a range of ids up to this is read with one statement, if that ends in time: it costs least."""


def compute(database: Database, relation: Relation, cache: BoundsCache) -> Number | None:
    """Return the value of a relation whose time window is settled. Raises DatabaseError and its kinds."""
    plain = replace(relation, distinct=False, order=())
    if _is_large(plain, cache):
        split = split_of(plain, cache)
        return _at_once(database, plain) if split is None else _in_batches(database, plain, split)
    try:
        return _at_once(database, plain)
    except StatementTimeout:
        split = split_of(plain, cache)
        if split is None:
            raise
    return _in_batches(database, plain, split)


def _is_large(relation: Relation, cache: BoundsCache) -> bool:
    """Whether its own statement is not worth a try. A time window leaves few rows, which an index may find."""
    if any(isinstance(condition, Between | WindowCondition) for condition in relation.rows.conditions):
        return False
    key = Column(relation.rows.table, "id")
    bounds = bounds_of(relation, key, cache) if key == columns(relation)[0] else cache.of(key)
    return bounds is not None and bounds.span > (relation.batching.size or SMALL_RANGE)


def _at_once(database: Database, relation: Relation) -> Number | None:
    try:
        ((value,),) = database.rows(select(relation))
    except SumOverflow:
        return _exact_sum(database, relation)
    number = _number(value)
    if relation.operation is Operation.AVERAGE:
        return None if number is None else float(number)
    return number or 0


def _exact_sum(database: Database, relation: Relation) -> Number:
    ((upper, lower, rest),) = database.rows(select_exact_sum(relation))
    return (upper or 0) * 2**32 + (lower or 0) + (_number(rest) or 0)


def _in_batches(database: Database, relation: Relation, split: Split) -> Number | None:
    match relation.operation:
        case Operation.AVERAGE:
            return _average(database, relation, split)
        case Operation.ESTIMATE_DISTINCT_COUNT:
            return _estimate(database, relation, split)
        case _:
            return sum(each_batch(database, relation, split, lambda batch: _at_once(database, batch) or 0))


def _average(database: Database, relation: Relation, split: Split) -> float | None:
    total: Number = 0
    number: Number = 0
    for part, rows in each_batch(database, relation, split, lambda batch: _sum_and_count(database, batch)):
        total += part
        number += rows
    return total / number if number else None


def _sum_and_count(database: Database, relation: Relation) -> tuple[Number, int]:
    try:
        ((part, rows),) = database.rows(select_sum_and_count(relation))
    except SumOverflow:
        rows = _at_once(database, replace(relation, operation=Operation.COUNT)) or 0
        return _exact_sum(database, relation), int(rows)
    return _number(part) or 0, rows


def _estimate(database: Database, relation: Relation, split: Split) -> int:
    whole = Sketch()
    for part in each_batch(database, relation, split, database.sketch):
        whole.merge(part)
    return whole.estimate()


def _number(value: object) -> Number | None:
    """Return what a database answered as a number. Raises DatabaseError where it is not one."""
    if value is None:
        return None
    number = finite_number(value) if isinstance(value, int | float | Decimal) else None
    if number is not None:
        return number
    raise DatabaseError(
        f"the database answered with {str(value)[:40]!r}, which is not a number; check the column's type"
    )
