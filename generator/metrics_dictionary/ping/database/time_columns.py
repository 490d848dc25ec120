"""The time windows of SQLite, which has no type for a time: a column holds strings, numbers, or several forms of both.

A statement that is shown has ActiveRecord's ``BETWEEN``, which compares strings. What runs finds the rows of the window
in each form that the column holds, through the column's index where there is one.
"""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from metrics_dictionary.ping.database.batches import each_part
from metrics_dictionary.ping.database.database import DatabaseError, StatementTimeout
from metrics_dictionary.ping.query.relation import (
    Between,
    Operation,
    RawCondition,
    RawJoin,
    Relation,
    Rows,
    WindowCondition,
)
from metrics_dictionary.ping.query.sql import column_name, select_expression, utc_text

if TYPE_CHECKING:
    from metrics_dictionary.ping.database.bounds import BoundsCache
    from metrics_dictionary.ping.database.database import Database, Number
    from metrics_dictionary.ping.query.relation import Column, Condition

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)

MICROSECONDS = "epoch_microseconds"
"""The name under which whoever opens a connection registers the function ``epoch_microseconds``."""

_UNITS = (
    (1.7e6, 3e6, 86_400_000_000, 2440587.5),
    (1e8, 1e11, 1_000_000, 0),
    (1e11, 1e14, 1_000, 0),
    (1e14, 1e17, 1, 0),
)
"""Julian days, seconds, milliseconds, microseconds: the smallest and the largest number, the microseconds of a unit,
and the number that stands for the beginning of 1970."""


_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:(?:T|\s+)(?P<hour>\d\d)(?P<rest>(?::\d\d(?::\d\d(?:[.,]\d+)?)?|\d\d(?:\d\d(?:[.,]\d+)?)?)?)"
    r"\s*(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?\s*)?",
    re.ASCII | re.IGNORECASE,
)
"""A day, or a day and a time; white space around the parts of a time leaves no doubt about the moment."""


def epoch_microseconds(text: str) -> int | None:
    """Return the microseconds since 1970 of an ISO 8601 time, None for other text.

    It alone decides which text is a time. A time without a zone is in UTC, 24:00 is the end of its day, and a fraction
    is cut off after microseconds.
    """
    parts = _TIME.fullmatch(text)
    if parts is None:
        return None
    hour, rest = parts["hour"] or "00", parts["rest"] or ""
    is_end_of_day = hour == "24" and not rest.strip("0:.,")
    try:
        moment = datetime.fromisoformat(
            f"{parts['day']}T{'00' if is_end_of_day else hour}{rest}{(parts['zone'] or 'Z').upper()}"
        )
    except ValueError:
        return None
    since = moment - EPOCH
    return ((since.days + is_end_of_day) * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class _Contents(NamedTuple):
    """What a column holds besides NULL: the ends of its numbers, and whether there are strings, blobs, odd strings."""

    least: Number | None
    most: Number | None
    strings: int | None
    blobs: int | None
    odd: int | None


class TimeColumns:
    """What the time columns of a SQLite file hold, looked up once for each column and collection."""

    def __init__(self, database: Database, bounds: BoundsCache) -> None:
        self._database = database
        self._bounds = bounds
        self._end: datetime | None = None
        self._contents: dict[tuple[Rows, Column], _Contents] = {}
        self._conditions: dict[tuple[Rows, Between], Condition] = {}
        self._lock = threading.Lock()

    def settled(self, relation: Relation) -> Relation:
        """Return the relation with windows that compare times; windows in words stay as they are.

        Raises DatabaseError for a column that holds something else than times.
        """
        conditions = tuple(self._settled(relation.rows, condition) for condition in relation.rows.conditions)
        return replace(relation, rows=replace(relation.rows, conditions=conditions))

    def forget(self) -> None:
        """Look up again what the columns hold."""
        with self._lock:
            self._contents.clear()
            self._conditions.clear()

    def _settled(self, rows: Rows, condition: Condition) -> Condition:
        if not isinstance(condition, Between) or isinstance(condition.start, str) or isinstance(condition.end, str):
            return condition
        tables = {rows.table, *(join.table for join in rows.joins if not isinstance(join, RawJoin))}
        # Only the join that the author wrote as SQL knows what another name stands for.
        is_table = condition.column.table in tables
        source = Rows(condition.column.table, (), ()) if is_table else replace(rows, conditions=())
        with self._lock:
            if self._end != condition.end:  # all windows of a collection end at the same moment
                self._end = condition.end
                self._contents.clear()
                self._conditions.clear()
            if (source, condition) not in self._conditions:
                found = self._condition(source, condition.column, condition.start, condition.end)
                self._conditions[source, condition] = found
            return self._conditions[source, condition]

    def _condition(self, source: Rows, column: Column, start: datetime, end: datetime) -> Condition:
        """Return the condition for the forms that are there; each one is a range that an index can find."""
        if (source, column) not in self._contents:
            self._contents[source, column] = self._look_up(source, column)
        contents = self._contents[source, column]
        forms = self._forms(source, column, start, end) if contents.strings else set[str]()
        ranges = _string_ranges(column_name(column), forms or {"blank"}, start, end)
        if contents.least is not None and contents.most is not None:
            ranges.append(_number_range(column, contents.least, contents.most, start, end))
        return WindowCondition(" OR ".join(ranges))

    def _look_up(self, source: Rows, column: Column) -> _Contents:
        contents = None
        if self._bounds.is_indexed(column):
            try:
                contents = _Contents(*self._database.rows(_probes(source, column_name(column)))[0])
            except StatementTimeout:  # the index does not help, such as one with another collation
                contents = None
        if contents is None:
            contents = self._scanned(source, column)
        if contents.blobs:
            raise _unfit(column, "holds blobs, which are not times")
        if contents.odd:
            raise _unfit(column, "holds text that is not an ISO 8601 time")
        return contents

    def _scanned(self, source: Rows, column: Column) -> _Contents:
        parts = [_Contents(*row) for (row,) in self._parts(source, column, _contents_of_rows(column_name(column)))]
        least = min((part.least for part in parts if part.least is not None), default=None)
        most = max((part.most for part in parts if part.most is not None), default=None)
        strings, blobs, odd = (max(map(bool, flags)) for flags in list(zip(*parts, strict=True))[2:])
        return _Contents(least, most, strings, blobs, odd)

    def _forms(self, source: Rows, column: Column, start: datetime, end: datetime) -> set[str]:
        """Return the forms of the strings around the window: ``blank``, ``date``, ``other``."""
        name = column_name(column)
        nearby = RawCondition(f"{name} >= '{_day(start, -1)}' AND {name} < '{_day(end, 2)}'")
        parts = self._parts(replace(source, conditions=(nearby,)), column, _form(name))
        forms = {str(form) for part in parts for (form,) in part}
        if "odd" in forms:
            raise _unfit(column, "holds text that is not an ISO 8601 time")
        return forms

    def _parts(self, source: Rows, column: Column, expression: str) -> list[list[tuple[Any, ...]]]:
        """Return what the expression gives over all rows: with one statement, otherwise in batches."""
        relation = Relation(Operation.COUNT, column, distinct=False, rows=source, order=())
        return list(
            each_part(
                self._database,
                relation,
                self._bounds,
                lambda part: self._database.rows(select_expression(expression, part.rows)),
            )
        )


def _unfit(column: Column, problem: str) -> DatabaseError:
    name = f"{column.table}.{column.name}"
    return DatabaseError(f"{name} {problem}; convert it, or name another column in `timestamp_column`")


def _probes(source: Rows, name: str) -> str:
    """Return the statement for the contents of a column with an index, in which it takes a few steps.

    SQLite sorts numbers before strings and strings before blobs. Strings are visited day by day, by their first ten
    characters, until one is not a day.
    """
    numbers, strings = f"{name} < ''", f"{name} >= '' AND {name} < x''"

    def found(expression: str, condition: str) -> str:
        return f"({select_expression(expression, replace(source, conditions=(RawCondition(condition),)))})"

    first = found(f"substr(MIN({name}), 1, 10)", strings)
    after = "substr(day, 1, 9) || char(unicode(substr(day, 10)) + 1)"
    following = found(f"substr(MIN({name}), 1, 10)", f"{name} >= {after} AND {name} < x''")
    days = f"days (day) AS (SELECT {first} UNION ALL SELECT {following} FROM days WHERE NOT {_odd('day')})"  # noqa: S608
    return (
        f"WITH RECURSIVE {days} SELECT {found(f'MIN({name})', numbers)}, {found(f'MAX({name})', numbers)}, "  # noqa: S608
        f"EXISTS {found('1', strings)}, EXISTS {found('1', f'{name} >= x{chr(39) * 2}')}, "
        f"EXISTS (SELECT 1 FROM days WHERE day IS NOT NULL AND {_odd('day')})"
    )


def _odd(day: str) -> str:
    """Return the condition that ten characters are not a day from 1900 to 2199; it also holds for NULL."""
    # A modifier makes SQLite look at the calendar: date('2024-02-30') is what it is given.
    return f"(date({day}, '+0 days') IS NOT {day} OR {day} IS NULL OR {day} < '1900-' OR {day} >= '2200-')"


def _contents_of_rows(name: str) -> str:
    """Return the columns of the statement that reads each row, where there is no index."""
    number, is_text = f"CASE WHEN typeof({name}) IN ('integer', 'real') THEN {name} END", f"typeof({name}) = 'text'"
    odd = f"{is_text} AND {_odd(f'substr({name}, 1, 10)')}"
    return f"MIN({number}), MAX({number}), MAX({is_text}), MAX(typeof({name}) = 'blob'), MAX({odd})"


def _form(name: str) -> str:
    """Return the columns of the statement for the forms of strings that begin with a day.

    ``blank`` is the form of ActiveRecord, which sorts as it should: a blank before the time, at most microseconds, and
    no zone. SQLite itself knows the ``plain`` times, which ``epoch_microseconds`` takes too; it is asked about others.
    """
    plain = (
        f"{name} GLOB '??????????[ T][0-2][0-9]:*' AND substr({name}, 12, 2) <> '24' AND julianday({name}) IS NOT NULL"
    )
    blank = (
        f"substr({name}, 11, 1) = ' ' AND length({name}) BETWEEN 19 AND 26 AND substr({name}, 17) NOT GLOB '*[^0-9:.]*'"
    )
    # SQLite's own functions read a string up to a NUL, and Python's get no bytes that are not UTF-8.
    return (
        f"DISTINCT CASE WHEN instr({name}, char(0)) THEN 'odd' WHEN length({name}) = 10 THEN 'date' "
        f"WHEN {plain} THEN CASE WHEN {blank} THEN 'blank' ELSE 'other' END "
        f"WHEN {name} GLOB '*[^' || char(9) || '-~]*' THEN 'odd' "
        f"WHEN {MICROSECONDS}({name}) IS NOT NULL THEN 'other' ELSE 'odd' END"
    )


def _string_ranges(name: str, forms: set[str], start: datetime, end: datetime) -> list[str]:
    """Return the conditions for the strings of these forms that lie in the window."""
    ranges = []
    if "date" in forms:  # PostgreSQL compares a date with the days of the window's ends
        ranges.append(f"({name} BETWEEN '{_day(start)}' AND '{_day(end)}' AND length({name}) = 10)")
    if "other" in forms:
        ranges += _exact_ranges(name, start, end)
    elif "blank" in forms:
        # The shorter of two equal times sorts first: 12:00:00 before 12:00:00.000000.
        first = utc_text(start).rstrip("0").rstrip(".")
        ranges.append(f"{name} BETWEEN '{first}' AND '{utc_text(end)}'")
    return ranges


def _exact_ranges(name: str, start: datetime, end: datetime) -> list[str]:
    """Return the conditions for strings of any form.

    A zone moves a time by less than a day, so only the days around the ends of the window need a closer look.
    """
    time, first, last = f"{MICROSECONDS}({name})", _microseconds(start), _microseconds(end)
    if end - start < 5 * DAY:
        around = f"{name} >= '{_day(start, -1)}' AND {name} < '{_day(end, 2)}'"
        return [f"({around} AND {time} BETWEEN {first} AND {last})"]
    return [
        f"({name} >= '{_day(start, -1)}' AND {name} < '{_day(start, 2)}' AND {time} >= {first})",
        f"({name} >= '{_day(start, 2)}' AND {name} < '{_day(end, -1)}')",
        f"({name} >= '{_day(end, -1)}' AND {name} < '{_day(end, 2)}' AND {time} <= {last})",
    ]


def _number_range(column: Column, least: Number, most: Number, start: datetime, end: datetime) -> str:
    """Return the condition for the numbers in the window. Raises DatabaseError where they are not times in one unit."""
    for smallest, largest, microseconds, epoch in _UNITS:
        if smallest <= least <= most <= largest:
            first, last = (_in_unit(_microseconds(moment), microseconds, epoch) for moment in (start, end))
            return f"{column_name(column)} BETWEEN {first} AND {last}"
    raise _unfit(
        column,
        f"holds numbers from {least:g} to {most:g}, which are not times in one unit (seconds, milliseconds or "
        "microseconds since 1970, or Julian days)",
    )


def _in_unit(microseconds: int, unit: int, epoch: float) -> str:
    whole, rest = divmod(microseconds, unit)
    return repr(whole + rest / unit + epoch if rest or epoch else whole)


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _day(moment: datetime, days: int = 0) -> str:
    return (moment.astimezone(UTC) + days * DAY).strftime("%Y-%m-%d")
