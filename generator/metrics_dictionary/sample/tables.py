"""Which tables and columns the database metrics of a dictionary read, and the values that they look for."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from metrics_dictionary.ping.query.entry import InstrumentationError
from metrics_dictionary.ping.query.relation import (
    AnyOf,
    Between,
    Column,
    Comparison,
    Condition,
    InTimeWindow,
    Join,
    Not,
    RawCondition,
    RawJoin,
    Rows,
    Scalar,
    SubSelect,
)
from metrics_dictionary.ping.query.resolution import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.ping.query.relation import Relation

TIMESTAMP = re.compile(r"(_at|_on|_date|_time)$")


@dataclass
class Tables:
    """What the metrics read.

    ``columns``: table -> column -> the values that some condition looks for. ``references``: (table, column) -> the
    table whose ``id`` it holds. ``timestamps``: the columns that time windows limit.
    """

    columns: defaultdict[str, defaultdict[str, set[Scalar]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )
    references: dict[tuple[str, str], str] = field(default_factory=dict)
    timestamps: set[tuple[str, str]] = field(default_factory=set)


def tables_of(dictionary: Dictionary) -> Tables:
    """Return what the database metrics of a dictionary read; one that cannot be resolved reads nothing."""
    tables = Tables()
    for metric in dictionary.expanded.values():
        instrumentation = dictionary.instrumentation_of(metric)
        if instrumentation is None or instrumentation.source != "database":
            continue
        try:
            relation = resolve(instrumentation, metric)
        except InstrumentationError:
            continue
        _add_relation(tables, relation)
    return tables


def _add_relation(tables: Tables, relation: Relation) -> None:
    _add_column(tables, relation.column)
    _add_rows(tables, relation.rows)
    for order in relation.order:
        _add_column(tables, order.column)


def _add_column(tables: Tables, column: Column, values: Iterable[Scalar] = ()) -> None:
    tables.columns[column.table][column.name].update(values)


def _add_rows(tables: Tables, rows: Rows) -> None:
    _ = tables.columns[rows.table]["id"]
    for join in rows.joins:
        _add_join(tables, join, rows.table)
    for condition in rows.conditions:
        _add_condition(tables, condition, rows.table)


def _add_join(tables: Tables, join: Join | RawJoin, table: str) -> None:
    if isinstance(join, RawJoin):
        _add_raw(tables, join.sql, table)
        return
    for condition in join.on:
        _add_condition(tables, condition, table)
        if isinstance(condition, Comparison) and isinstance(condition.operand, Column):
            _add_reference(tables, condition.column, condition.operand)


def _add_reference(tables: Tables, one: Column, other: Column) -> None:
    if other.name == "id":
        tables.references[one.table, one.name] = other.table
    elif one.name == "id":
        tables.references[other.table, other.name] = one.table


def _add_condition(tables: Tables, condition: Condition, table: str) -> None:
    match condition:
        case Comparison():
            _add_comparison(tables, condition)
        case InTimeWindow() | Between():
            _add_column(tables, condition.column)
            tables.timestamps.add((condition.column.table, condition.column.name))
        case AnyOf():
            for member in condition.members:
                for inner in member:
                    _add_condition(tables, inner, table)
        case Not():
            for inner in condition.conditions:
                _add_condition(tables, inner, table)
        case RawCondition():
            _add_raw(tables, condition.sql, table)


def _add_comparison(tables: Tables, comparison: Comparison) -> None:
    operand = comparison.operand
    if isinstance(operand, Column):
        _add_column(tables, comparison.column)
        _add_column(tables, operand)
    elif isinstance(operand, SubSelect):
        _add_column(tables, comparison.column)
        _add_column(tables, operand.column)
        _add_rows(tables, operand.rows)
        _add_reference(tables, comparison.column, operand.column)
    else:
        _add_column(tables, comparison.column, operand if isinstance(operand, tuple) else (operand,))


_KEYWORDS = """
all and as asc between by case coalesce count cross current_date current_timestamp desc distinct else end escape exists
false from full glob group having in inner integer interval is isnull join left length like limit lower max min not
notnull now null on or order outer right select sum text then true union upper using when where with
"""
_WORDS_OF_SQL = frozenset(_KEYWORDS.split())


def _add_raw(tables: Tables, sql: str, table: str) -> None:
    """Find names in an author's SQL: ``table.column``, tables behind FROM and JOIN, and bare columns of this table."""
    plain = re.sub(r"'(?:[^']|'')*'", "''", sql).replace('"', "")
    known = re.findall(r"(?i)\b(?:from|join)\s+(\w+)", plain)
    for name in known:
        _ = tables.columns[name]["id"]
    for name, column in re.findall(r"\b([a-z_]\w*)\.([a-z_]\w*)", plain):
        _ = tables.columns[name][column]
    bare = re.sub(r"\b\w+\.\w+", " ", plain)
    for word in re.findall(r"(?i)\b([a-z_]\w*)\b(?!\s*\()", bare):
        if word.lower() not in _WORDS_OF_SQL and word not in known:
            for owner in [table, *known] if known else [table]:
                _ = tables.columns[owner][word]
