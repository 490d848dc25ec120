"""Relations and selection rules in words, for the readers of the dictionary.

Names, values and queries stand between backticks; the rest is plain English.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.metric import TimeFrame
from metrics_dictionary.dictionary.selection_rule import IDENTIFIERS
from metrics_dictionary.ping.query.negation import affirmed
from metrics_dictionary.ping.query.relation import (
    AnyOf,
    Column,
    Comparison,
    Condition,
    InTimeWindow,
    Join,
    Not,
    Operand,
    Operation,
    RawCondition,
    RawJoin,
    Relation,
    Rows,
    Scalar,
    SubSelect,
)
from metrics_dictionary.ping.query.time_window import DAYS
from metrics_dictionary.tools.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.dictionary.selection_rule import SelectionRule


def code(value: object) -> str:
    """Return a value between backticks, on one line.

    A backtick inside becomes an apostrophe, so that the value cannot end what it stands in.
    """
    return f"`{' '.join(str(value).replace('`', chr(39)).split())}`"


def literal(value: object) -> str:
    """Return how a sentence names a value that something is compared with."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "a blank string" if isinstance(value, str) and not value.strip() else code(value)


def selection_in_words(metric: MetricDefinition) -> list[str]:
    """Return one phrase for each selection rule of a metric: which events it counts, and what of them."""
    return [_selection(rule) for rule in metric.selection_rules if rule.name]


def _selection(rule: SelectionRule) -> str:
    event = code(rule.name)
    if rule.operator == "sum(value)":
        selected = f"Sum of `value` over every {event}"
    elif rule.is_by_value:
        selected = f"Every {event} for each value of {code(rule.unique)}"
    elif rule.unique is None:
        selected = f"Every {event}"
    elif rule.unique in _WHOSE:
        selected = _WHOSE[rule.unique].format(code(rule.unique), event)
    else:
        selected = f"Distinct values of {code(rule.unique)} over every {event}"
    filters = [f"{code(name)} is {literal(value)}" for name, value in rule.filter.items()]
    return f"{selected} where {listed(filters, 'and')}" if filters else selected


_WHOSE = dict(
    zip(
        IDENTIFIERS,
        ("Distinct users ({}) who triggered {}", "Distinct projects ({}) with {}", "Distinct namespaces ({}) with {}"),
        strict=True,
    )
)


def relation_in_words(relation: Relation, time_frame: str | None) -> str:
    """Return the sentence, without its full stop, for a relation whose time window is not settled."""
    return _calculation(relation) + _limits(relation.rows) + _window(relation.rows, time_frame)


_OPERATIONS = {
    Operation.DISTINCT_COUNT: "Counts the distinct values of {} in {}",
    Operation.ESTIMATE_DISTINCT_COUNT: "Estimates the number of distinct values of {} in {}",
    Operation.SUM: "Adds up {} over the rows of {}",
    Operation.AVERAGE: "Takes the average of {} over the rows of {}",
}


def _calculation(relation: Relation) -> str:
    rows = relation.rows
    column = _column(relation.column, rows)
    if relation.operation is not Operation.COUNT:
        return _OPERATIONS[relation.operation].format(column, code(rows.table))
    if relation.column == Column(rows.table, "id"):
        return f"Counts rows of {code(rows.table)}"
    return f"Counts rows of {code(rows.table)} whose {column} is not empty"


def _limits(rows: Rows) -> str:
    """Return what is joined to the rows and what must hold for them."""
    conditions = [item for item in rows.conditions if not isinstance(item, InTimeWindow)]
    joins = "".join(_join(join, rows) for join in rows.joins)
    return f"{joins} where {_together(conditions, rows)}" if conditions else joins


def _join(join: Join | RawJoin, rows: Rows) -> str:
    if isinstance(join, RawJoin):
        return f", with {code(join.sql)}"
    chosen = [item for item in join.on if not (isinstance(item, Comparison) and isinstance(item.operand, Column))]
    partner = f"{code(join.table)} whose {_together(chosen, rows)}" if chosen else code(join.table)
    return f", with or without {partner}" if join.left_outer else f", joined with {partner}"


def _window(rows: Rows, time_frame: str | None) -> str:
    column = next((item.column for item in rows.conditions if isinstance(item, InTimeWindow)), None)
    if time_frame not in DAYS or column is None:
        return ""
    what = "created" if column == Column(rows.table, "created_at") else f"with {_column(column, rows)}"
    start, end = DAYS[TimeFrame(time_frame)]
    return f", {what} in the window from {start} to {end} days ago"


def _together(conditions: Iterable[Condition], rows: Rows) -> str:
    return listed([_condition(condition, rows) for condition in affirmed(conditions)], "and")


def _condition(condition: Condition, rows: Rows) -> str:
    match condition:
        case Comparison():
            return f"{_column(condition.column, rows)} {_compared(condition)}"
        case AnyOf():
            return _either(condition, rows)
        case RawCondition():
            return code(condition.sql)
        case Not(conditions=(RawCondition(sql=sql),)):
            return f"not {code(sql)}"
        case _:
            raise ValueError("the time window of a relation is put in words by its time frame")


def _either(group: AnyOf, rows: Rows) -> str:
    """Return the words for at least two alternatives, short where all are values of one column."""
    alternatives = [_values_of_one_column(member) for member in group.members]
    columns = {column for column, _ in alternatives}
    column = columns.pop() if len(columns) == 1 else None
    if column is None:
        return f"({' or '.join(_alternative(member, rows) for member in group.members)})"
    return f"{_column(column, rows)} is {listed([value for _, values in alternatives for value in values], 'or')}"


def _alternative(conditions: tuple[Condition, ...], rows: Rows) -> str:
    words = _together(conditions, rows)
    return f"({words})" if len(affirmed(conditions)) > 1 else words


def _values_of_one_column(conditions: tuple[Condition, ...]) -> tuple[Column | None, list[str]]:
    """Return a column and the values that it may have; no column where the conditions ask for something else."""
    match conditions:
        case (Comparison(column, "=" | "IN" | "IS", operand),) if not isinstance(operand, Column | SubSelect):
            return column, _values(operand)
        case _:
            return None, []


_VERBS = {
    "=": "is",
    "!=": "has a value other than",
    "<": "is less than",
    "<=": "is at most",
    ">": "is greater than",
    ">=": "is at least",
    "IN": "is",
    "NOT IN": "has a value other than",
    "IS": "is",
    "IS NOT": "is not",
    "LIKE": "is like",
    "NOT LIKE": "has a value that is not like",
}
"""A comparison never holds for a row without a value, a negated one neither, so the words must not say "is not"."""


def _compared(comparison: Comparison) -> str:
    operator, operand = comparison.operator, comparison.operand
    if operator == "NOT IN" and isinstance(operand, SubSelect):
        return f"has a value that is not {_operand(operand)}"
    return f"{_VERBS[operator]} {_operand(operand)}"


def _operand(operand: Operand) -> str:
    match operand:
        case Column():
            return code(f"{operand.table}.{operand.name}")
        case SubSelect():
            column = _column(operand.column, operand.rows)
            return f"the {column} of one of {code(operand.rows.table)}{_limits(operand.rows)}"
        case _:
            return listed(_values(operand), "or")


def _values(operand: tuple[Scalar, ...] | Scalar) -> list[str]:
    several = operand if isinstance(operand, tuple) else (operand,)
    return ["empty" if value is None else literal(value) for value in several]


def _column(column: Column, rows: Rows) -> str:
    return code(column.name if column.table == rows.table else f"{column.table}.{column.name}")
