"""The SQL of a database metric, in the form in which ActiveRecord writes it.

Beside it only the catalogs of the databases and SQLite's time columns write SQL.

Names are always quoted and values always written as literals, so that neither can end what it stands in. What stands
under ``sql:`` is the author's and stays as it is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from metrics_dictionary.ping.query.relation import (
    AnyOf,
    Between,
    Column,
    Comparison,
    Condition,
    Join,
    Not,
    Operand,
    Operation,
    Order,
    RawCondition,
    RawJoin,
    Relation,
    Rows,
    Scalar,
    SubSelect,
)
from metrics_dictionary.ping.query.resolution import resolve
from metrics_dictionary.ping.query.time_window import symbolic_time_window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.dictionary.dictionary import Instrumentation
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.ping.query.time_window import TimeWindow


def statement(instrumentation: Instrumentation, metric: MetricDefinition, window: TimeWindow | None) -> str:
    """Return the statement that computes a metric, a definition of one time frame, within its window.

    Raises InstrumentationError for an instrumentation that has another source, lacks an option or does not follow
    its schema.
    """
    relation = resolve(instrumentation, metric).within(window)
    return select(relation)


def undated_statement(instrumentation: Instrumentation, metric: MetricDefinition) -> str:
    """Return the statement with a time window in words, such as ``30 days ago``: it is the same every day.

    Raises InstrumentationError as ``statement`` does.
    """
    return statement(instrumentation, metric, symbolic_time_window(next(iter(metric.time_frames), None)))


def select(relation: Relation) -> str:
    """Return the statement of a relation whose time window is settled."""
    clauses = [_calculation(relation), *_from(relation.rows)]
    if relation.order:
        clauses.append("ORDER BY " + ", ".join(map(_order, relation.order)))
    return " ".join(clauses)


def total(statements: Iterable[str]) -> str:
    """Return the statement that adds up what these give."""
    return "SELECT " + " + ".join(f"({statement})" for statement in statements)


def select_bounds(column: Column) -> str:
    """Return the statement for the smallest and the largest value of a column; apart, an index answers both."""
    name, table = column_name(column), quoted_table(column.table)
    return f"SELECT (SELECT MIN({name}) FROM {table}), (SELECT MAX({name}) FROM {table})"  # noqa: S608 - names are quoted


def select_any_value(column: Column) -> str:
    """Return the statement for a value of a column, whichever is found first."""
    return f"SELECT {column_name(column)} {_from_value(column, None)} LIMIT 1"


def select_value_at(column: Column, start: int | None, rows: int) -> str:
    """Return the statement for the value that so many rows lie before, counted from the value ``start`` on.

    None counts from the smallest value. Rows without a value do not count.
    """
    name = column_name(column)
    return f"SELECT {name} {_from_value(column, start)} ORDER BY {name} LIMIT 1 OFFSET {rows}"


def select_next_value(column: Column, value: int) -> str:
    """Return the statement for the smallest value that is greater."""
    name = column_name(column)
    return f"SELECT MIN({name}) FROM {quoted_table(column.table)} WHERE {name} > {value}"  # noqa: S608 - names are quoted


def select_number_of_rows(column: Column, start: int | None, most: int) -> str:
    """Return the statement for how many rows have ``start`` or a greater value; it counts no more than ``most``."""
    return f'SELECT COUNT(*) FROM (SELECT 1 {_from_value(column, start)} LIMIT {most}) AS "rows"'  # noqa: S608


def _from_value(column: Column, start: int | None) -> str:
    limit = "IS NOT NULL" if start is None else f">= {start}"
    return f"FROM {quoted_table(column.table)} WHERE {column_name(column)} {limit}"


def select_sum_and_count(relation: Relation) -> str:
    """Return the statement for the two numbers that an average is made of."""
    name = column_name(relation.column)
    return " ".join((f"SELECT SUM({name}), COUNT({name})", *_from(relation.rows)))


def select_exact_sum(relation: Relation) -> str:
    """Return SQLite's statement for a sum of more than 64 bits: the upper and the lower half of integers, and the rest.

    Each half is a signed number of 32 bits; what is not an integer adds up apart.
    """
    name = column_name(relation.column)
    integer = f"CASE typeof({name}) WHEN 'integer' THEN"
    sums = (f"{integer} {name} >> 32 END", f"{integer} {name} & {2**32 - 1} END", f"{integer} NULL ELSE {name} END")
    return select_expression(", ".join(f"SUM({each})" for each in sums), relation.rows)


def select_values(relation: Relation) -> str:
    """Return SQLite's statement for the different values of the relation's column.

    Strings that the column's collation holds for equal become one: its comparison says whether small letters and blanks
    at the end make a difference.
    """
    name = column_name(relation.column)
    trimmed = f"CASE WHEN {name} = rtrim({name}) THEN rtrim({name}) ELSE {name} END"
    same = f"CASE WHEN {name} = lower({name}) THEN lower({trimmed}) ELSE {trimmed} END"
    return select_expression(f"DISTINCT CASE WHEN typeof({name}) = 'text' THEN {same} ELSE {name} END", relation.rows)


def select_buckets(relation: Relation, bucket_bits: int, *, by_text: bool = False) -> str:
    """Return PostgreSQL's statement for the buckets of a sketch: number, smallest rest of a hash of 64 bits.

    A record is hashed as its columns compare, so that 1, 1.0 and 1.00 are one number; PostgreSQL can do so from version
    14 on, and for types with a hash. ``by_text`` hashes what a value looks like.
    """
    name = column_name(relation.column)
    hashed = f"hashtextextended(CAST({name} AS text), 0)" if by_text else f"hash_record_extended(ROW({name}), 0)"
    hashes = f'SELECT CASE WHEN {name} IS NOT NULL THEN {hashed} END AS "hash"'
    bucket, rest = f'"hash" & {2**bucket_bits - 1}', f'("hash" >> {bucket_bits}) & {2 ** (64 - bucket_bits) - 1}'
    values = " ".join((hashes, *_from(relation.rows)))
    calculation = f"SELECT {bucket}, MIN({rest})"
    return f'{calculation} FROM ({values}) AS "hashes" WHERE "hash" IS NOT NULL GROUP BY 1'


def select_expression(expression: str, rows: Rows) -> str:
    """Return the statement for what an expression in SQL gives for these rows."""
    return " ".join((f"SELECT {expression}", *_from(rows)))


def column_name(column: Column) -> str:
    """Return the name of a column as it stands in a statement, with its table."""
    return f"{quoted_table(column.table)}.{quoted_name(column.name)}"


def quoted_table(table: str) -> str:
    """Return the name of a table as it stands in a statement, with the schema that it begins with, if any."""
    return ".".join(map(quoted_name, table.split(".")))


def quoted_name(name: str) -> str:
    """Return the name of a table or column as it stands in a statement."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """Return a string as it stands in a statement."""
    return "'" + text.replace("'", "''") + "'"


def utc_text(moment: datetime) -> str:
    """Return a time in UTC with microseconds, in ActiveRecord's form."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


_CALCULATIONS = {
    Operation.COUNT: "COUNT({})",
    Operation.DISTINCT_COUNT: "COUNT(DISTINCT {})",
    Operation.ESTIMATE_DISTINCT_COUNT: "COUNT(DISTINCT {})",
    Operation.SUM: "SUM({})",
    Operation.AVERAGE: "AVG({})",
}


def _calculation(relation: Relation) -> str:
    calculation = _CALCULATIONS[relation.operation].format(column_name(relation.column))
    return f"SELECT DISTINCT {calculation}" if relation.distinct else f"SELECT {calculation}"


def _from(rows: Rows) -> Iterable[str]:
    yield f"FROM {quoted_table(rows.table)}"
    yield from map(_join, rows.joins)
    if rows.conditions:
        yield f"WHERE {_all(rows.conditions)}"


def _join(join: Join | RawJoin) -> str:
    if isinstance(join, RawJoin):
        return join.sql
    kind = "LEFT OUTER JOIN" if join.left_outer else "INNER JOIN"
    return f"{kind} {quoted_table(join.table)} ON {_all(join.on)}"


def _all(conditions: Iterable[Condition]) -> str:
    return " AND ".join(map(_condition, conditions))


def _condition(condition: Condition) -> str:
    match condition:
        case Comparison():
            return f"{column_name(condition.column)} {condition.operator} {_operand(condition.operand)}"
        case Between():
            return f"{column_name(condition.column)} BETWEEN {_bound(condition.start)} AND {_bound(condition.end)}"
        case AnyOf():
            return f"({' OR '.join(map(_all, condition.members))})"
        case Not():
            return f"NOT ({_all(condition.conditions)})"
        case RawCondition():
            return f"({condition.sql})"
        case _:
            raise ValueError("the relation's time window is not settled: call within() first")


def _operand(operand: Operand) -> str:
    match operand:
        case Column():
            return column_name(operand)
        case SubSelect():
            return f"(SELECT {column_name(operand.column)} {' '.join(_from(operand.rows))})"
        case tuple():
            return f"({', '.join(map(_literal, operand))})"
        case _:
            return _literal(operand)


def _order(order: Order) -> str:
    return f"{column_name(order.column)} {'DESC' if order.descending else 'ASC'}"


def _literal(value: Scalar) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case str():
            return quoted_text(value)
        case _:
            return repr(value)


def _bound(bound: datetime | str) -> str:
    """Return a bound of a time window: a time in UTC with microseconds, or the words that stand for one."""
    if isinstance(bound, str):
        return quoted_text(bound)
    return quoted_text(utc_text(bound))
