"""A relation: which rows of a database a metric looks at, and what it computes of them.

It holds names and values only; the metric's options are in place. A table in another schema than the search path is
``schema.table``: no name has a dot in it. ``sql.py`` writes it as a statement, after whoever computes the value has
added conditions, such as a range of ids.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from metrics_dictionary.ping.query.time_window import TimeWindow

Scalar = str | int | float | bool | None
"""A single value. Floats are finite, integers have 64 bits; a date is a string."""


class Operation(StrEnum):
    """What is computed of the rows."""

    COUNT = "count"
    DISTINCT_COUNT = "distinct_count"
    ESTIMATE_DISTINCT_COUNT = "estimate_batch_distinct_count"
    SUM = "sum"
    AVERAGE = "average"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table that the relation reads."""

    table: str
    name: str


@dataclass(frozen=True, slots=True)
class SubSelect:
    """The values of one column in some rows."""

    column: Column
    rows: Rows


Operand = Column | SubSelect | tuple[Scalar, ...] | Scalar


@dataclass(frozen=True, slots=True)
class Comparison:
    """``operator`` suits the operand: ``IS`` goes with null, ``IN`` with several values or a sub-select.

    None of several values is null, which ``IN`` never finds. The values of a sub-select that is excluded hold no null
    either, beside which ``NOT IN`` finds nothing.
    """

    column: Column
    operator: str
    operand: Operand


@dataclass(frozen=True, slots=True)
class Between:
    """Both bounds belong to the range."""

    column: Column
    start: datetime | str
    end: datetime | str


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one member holds; a member holds when each of its conditions does."""

    members: tuple[tuple[Condition, ...], ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The conditions do not all hold."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class RawCondition:
    """A condition that the author wrote as SQL."""

    sql: str


@dataclass(frozen=True, slots=True)
class WindowCondition(RawCondition):
    """A time window that a database wrote as SQL, because its column has no type for a time."""


@dataclass(frozen=True, slots=True)
class InTimeWindow:
    """The place of the time window among the conditions, and the column that it limits."""

    column: Column


Condition = Comparison | Between | AnyOf | Not | RawCondition | InTimeWindow


@dataclass(frozen=True, slots=True)
class Join:
    """Another table, and the conditions that tie its rows to those already there."""

    table: str
    left_outer: bool
    on: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class RawJoin:
    """A join that the author wrote as SQL."""

    sql: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a table with what is joined to them, as far as all conditions hold."""

    table: str
    joins: tuple[Join | RawJoin, ...]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by."""

    column: Column
    descending: bool


@dataclass(frozen=True, slots=True)
class Batching:
    """Hints on how to read the rows of a large table; they never change a value. None leaves it to the program.

    ``start`` and ``finish`` are the first and the last id, or the smallest and the largest of the values that are
    counted distinctly. ``size`` is how many of them one statement may cover.
    """

    start: int | None = None
    finish: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """What is computed of which rows.

    ``distinct`` asks for distinct results, which changes the statement and never the value. Among the conditions of
    ``rows`` there is exactly one ``InTimeWindow`` until ``within`` settles it.
    """

    operation: Operation
    column: Column
    distinct: bool
    rows: Rows
    order: tuple[Order, ...]
    batching: Batching = Batching()

    def within(self, window: TimeWindow | None) -> Relation:
        """Return the relation limited to the window, or without a limit in time for None."""
        return replace(self, rows=replace(self.rows, conditions=_settled(self.rows.conditions, window)))


def _settled(conditions: tuple[Condition, ...], window: TimeWindow | None) -> tuple[Condition, ...]:
    settled: list[Condition] = []
    for condition in conditions:
        if not isinstance(condition, InTimeWindow):
            settled.append(condition)
        elif window is not None:
            settled.append(Between(condition.column, window.start, window.end))
    return tuple(settled)
