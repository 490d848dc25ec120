"""Relations and selection rules in words, for the readers of the dictionary.

Names, values and queries stand between backticks; the rest is plain English.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.metric import TimeFrame
from metrics_dictionary.dictionary.selection_rule import IDENTIFIERS
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
    return "blank" if isinstance(value, str) and not value.strip() else code(value)


def selection_in_words(metric: MetricDefinition) -> list[str]:
    """Return one phrase for each selection rule of a metric: which events it counts, and what of them."""
    return [_selection(rule) for rule in metric.selection_rules if rule.name]


def _selection(rule: SelectionRule) -> str:
    event = code(rule.name)
    if rule.operator == "sum(value)":
        selected = f"Sum of `value` over every {event}"
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
    return f"Counts rows of {code(rows.table)} with {column} set"


def _limits(rows: Rows) -> str:
    """Return what is joined to the rows and what must hold for them."""
    conditions = [_condition(item, rows) for item in rows.conditions if not isinstance(item, InTimeWindow)]
    joins = "".join(_join(join, rows) for join in rows.joins)
    return f"{joins} where {listed(conditions, 'and')}" if conditions else joins


def _join(join: Join | RawJoin, rows: Rows) -> str:
    if isinstance(join, RawJoin):
        return f", with {code(join.sql)}"
    chosen = [_condition(item, rows) for item in join.on if not isinstance(item.operand, Column)]
    partner = f"{code(join.table)} whose {listed(chosen, 'and')}" if chosen else code(join.table)
    return f", with or without {partner}" if join.left_outer else f", joined with {partner}"


def _window(rows: Rows, time_frame: str | None) -> str:
    column = next((item.column for item in rows.conditions if isinstance(item, InTimeWindow)), None)
    if time_frame not in DAYS or column is None:
        return ""
    what = "created" if column == Column(rows.table, "created_at") else f"with {_column(column, rows)}"
    start, end = DAYS[TimeFrame(time_frame)]
    return f", {what} in the window from {start} to {end} days ago"


def _condition(condition: Condition, rows: Rows) -> str:
    match condition:
        case Comparison():
            return f"{_column(condition.column, rows)} {_compared(condition)}"
        case AnyOf(members=(only,)):
            return _together(only, rows)
        case AnyOf():
            return f"({' or '.join(_together(member, rows) for member in condition.members)})"
        case Not(conditions=(AnyOf(members=(_, _, *_)) as group,)):
            return f"not {_condition(group, rows)}"
        case Not():
            return f"not ({_together(condition.conditions, rows)})"
        case RawCondition():
            return code(condition.sql)
        case _:
            raise ValueError("the time window of a relation is put in words by its time frame")


def _together(conditions: Iterable[Condition], rows: Rows) -> str:
    return listed([_condition(condition, rows) for condition in conditions], "and")


_VERBS = {
    "=": "is",
    "!=": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is greater than",
    ">=": "is at least",
    "IN": "is",
    "NOT IN": "is not",
    "IS": "is",
    "IS NOT": "is not",
    "LIKE": "is like",
}


def _compared(comparison: Comparison) -> str:
    operator, operand = comparison.operator, comparison.operand
    if operand is None:
        return "is not set" if operator == "IS" else "is set"
    return f"{_VERBS[operator]} {_operand(operand)}"


def _operand(operand: Operand) -> str:
    """Return an operand; a null in a list is left out, as SQL never finds one there."""
    match operand:
        case Column():
            return code(f"{operand.table}.{operand.name}")
        case SubSelect():
            column = _column(operand.column, operand.rows)
            return f"the {column} of one of {code(operand.rows.table)}{_limits(operand.rows)}"
        case tuple():
            return listed([literal(value) for value in operand if value is not None] or ["`NULL`"], "or")
        case _:
            return literal(operand)


def _column(column: Column, rows: Rows) -> str:
    return code(column.name if column.table == rows.table else f"{column.table}.{column.name}")
