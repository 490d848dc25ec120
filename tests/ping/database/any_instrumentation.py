"""Hypothesis strategies: rows of the tables of ``plain_python``, and instrumentations that suit the columns' types."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.ping.database.plain_python import COLUMNS, Row, Tables

NOW = datetime(2024, 3, 31, 12, tzinfo=UTC)

WHOLE = [1, 2, 3, 0, -1, 7]
BROKEN = [0.5, 1.0, 2.5, -1.5]
TEXTS = ["", "a", "ab", "b", "a'b", "100%", "é"]
PATTERNS = ["%", "a%", "%b", "_", "a_b", "%'%", "", "1"]
TIMES = [
    NOW - timedelta(days=days) + timedelta(microseconds=shift)
    for days in (0, 2, 9, 30)
    for shift in (0, -1, 1, -1_000_000, 1_000_000, -40_000_000_000)
]
"""Both ends of both windows, and what lies a little beside them."""

_BY_TYPE: dict[str, list[Any]] = {
    "INTEGER PRIMARY KEY": WHOLE,
    "INTEGER": WHOLE,
    "DOUBLE PRECISION": BROKEN + WHOLE,
    "TEXT": TEXTS,
    "BOOLEAN": [True, False],
    "TIMESTAMP": [time.replace(tzinfo=None) for time in TIMES],
}
TYPES = {f"{table}.{column}": kind for table, columns in COLUMNS.items() for column, kind in columns.items()}
NUMBERS = ("INTEGER PRIMARY KEY", "INTEGER", "DOUBLE PRECISION")
ORDERED = (*NUMBERS, "TEXT")


def _rows(table: str, least: int, most: int) -> st.SearchStrategy[list[Row]]:
    columns = {
        column: st.sampled_from([None, *_BY_TYPE[kind]]) for column, kind in COLUMNS[table].items() if column != "id"
    }
    rows = st.lists(st.fixed_dictionaries(columns), min_size=least, max_size=most)
    ids = st.sampled_from([(1, 2, 3, 4, 5, 6, 7, 8), (2, 3, 7, 11, 12, 13, 19, 20), (-3, -1, 0, 1, 2, 3, 5, 9)])
    return st.tuples(ids, rows).map(lambda drawn: [{"id": key} | row for key, row in zip(*drawn, strict=False)])


PRECISIONS = {"strings": 1, "microseconds": 1, "milliseconds": 1_000, "seconds": 1_000_000}
"""What the time columns of SQLite hold, besides strings in every case -> how many microseconds it can tell apart."""


def _as_precise(tables: Tables, form: str) -> tuple[Tables, str]:
    """The tables with times that the form can hold."""
    for row in (row for rows in tables.values() for row in rows):
        for column, value in row.items():
            if isinstance(value, datetime):
                row[column] = value - timedelta(microseconds=value.microsecond % PRECISIONS[form])
    return tables, form


tables: st.SearchStrategy[tuple[Tables, str]] = st.tuples(
    st.fixed_dictionaries({"orders": _rows("orders", 3, 8), "customers": _rows("customers", 0, 5)}),
    st.sampled_from(list(PRECISIONS)),
).map(lambda drawn: _as_precise(*drawn))
"""The rows of each table, and what SQLite holds their times in."""

options: st.SearchStrategy[Row] = st.fixed_dictionaries(
    {},
    optional={
        kind: st.sampled_from([None, *values]) | st.lists(st.sampled_from([None, *values]), min_size=1, max_size=3)
        for kind, values in _BY_TYPE.items()
    },
)
"""The options of a metric, each named after the type of the columns that it suits."""


def _columns(names: list[str], *kinds: str) -> st.SearchStrategy[str]:
    """Columns of these types, or of any but times; those of the first table by their name alone, or not."""
    fitting = [
        (table, column)
        for table in names
        for column, kind in COLUMNS[table].items()
        if (kind in kinds if kinds else kind != "TIMESTAMP")
    ]
    short = [column for table, column in fitting if table == names[0]]
    return st.sampled_from(short + [".".join(pair) for pair in fitting])


def _kind(column: str, names: list[str]) -> str:
    return TYPES[column if "." in column else f"{names[0]}.{column}"]


@st.composite
def _values(draw: st.DrawFn, kind: str) -> Any:
    """What ``=`` accepts: a value, null, a list of both, or an option that may be any of these."""
    literals = st.sampled_from([None, *_BY_TYPE[kind]])
    lists = st.lists(literals, min_size=1, max_size=3)
    form = draw(st.sampled_from(["literal", "list", "list", "option"]))
    if form == "literal":
        return draw(literals)
    if form == "list":
        return draw(lists)
    return {"option": kind, "default": draw(literals | lists)}


@st.composite
def _sub_select(draw: st.DrawFn, kind: str, depth: int) -> Row:
    table = draw(st.sampled_from(list(COLUMNS)))
    select: Row = {"table": table, "column": draw(_columns([table], *(NUMBERS if kind in NUMBERS else (kind,))))}
    if depth and draw(st.booleans()):
        select["conditions"] = draw(st.lists(_condition([table], 0), min_size=1, max_size=2))
    return {"select": select}


@st.composite
def _condition(draw: st.DrawFn, names: list[str], depth: int) -> Row:
    form = draw(st.sampled_from(["equal", "compare", "any", "not", "select"][: 5 if depth else 2]))
    if form == "any":
        return {"any": draw(st.lists(_condition(names, depth - 1), min_size=1, max_size=3))}
    if form == "not":
        return {"not": draw(_condition(names, depth - 1))}
    if form == "select":
        column = draw(_columns(names))
        operator = draw(st.sampled_from(["IN", "NOT IN", "=", "!="]))
        return {"column": column, "operator": operator, "value": draw(_sub_select(_kind(column, names), depth - 1))}
    if form == "equal":
        columns = draw(st.lists(_columns(names), min_size=1, max_size=2, unique=True))
        return {column: draw(_values(_kind(column, names))) for column in columns}
    return draw(_comparison(names))


@st.composite
def _comparison(draw: st.DrawFn, names: list[str]) -> Row:
    operator = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "IN", "NOT IN", "IS NOT", "LIKE"]))
    suitable = {"LIKE": ("TEXT",), "<": ORDERED, "<=": ORDERED, ">": ORDERED, ">=": ORDERED}
    column = draw(_columns(names, *suitable.get(operator, ())))
    kind = _kind(column, names)
    literals = _BY_TYPE[kind]
    value: Any
    match operator:
        case "=" | "!=":
            value = draw(_values(kind))
        case "IN" | "NOT IN":
            value = draw(st.lists(st.sampled_from([None, *literals]), min_size=1, max_size=3))
        case "IS NOT":
            value = draw(st.sampled_from([None, True, False] if kind == "BOOLEAN" else [None]))
        case "LIKE":
            value = draw(st.sampled_from(PATTERNS))
        case _:
            value = draw(st.sampled_from(literals))
    return {"column": column, "operator": operator, "value": value}


@st.composite
def _join(draw: st.DrawFn, base: str, joined: str) -> Row:
    whole = ("INTEGER PRIMARY KEY", "INTEGER")
    mine, theirs = draw(_columns([joined], *whole)), draw(_columns([base], *whole))
    ties: Row = {mine.rpartition(".")[2]: f"{base}.{theirs.rpartition('.')[2]}"}
    for column in draw(st.lists(st.sampled_from(["level", "name", "kind", "paid"]), max_size=1)):
        if column in COLUMNS[joined] and column not in ties:
            value = draw(_values(COLUMNS[joined][column]))
            ties[column] = value if isinstance(value, dict) else {"value": value}
    return {
        "table": joined,
        "on": ties,
        **draw(st.fixed_dictionaries({}, optional={"type": st.sampled_from(["inner", "left_outer"])})),
    }


_batching = st.fixed_dictionaries(
    {}, optional={"start": st.integers(-5, 20), "finish": st.integers(-5, 20), "batch_size": st.integers(2, 9)}
)


@st.composite
def entries(draw: st.DrawFn) -> Row:
    names = draw(st.permutations(list(COLUMNS)))[: draw(st.integers(1, 2))]
    operation = draw(st.sampled_from(["count", "distinct_count", "estimate_batch_distinct_count", "sum", "average"]))
    entry: Row = {"source": "database", "operation": operation, "table": names[0]}
    if operation != "count" or draw(st.booleans()):
        entry["column"] = draw(_columns(names, *(NUMBERS if operation in ("sum", "average") else ())))
    if len(names) > 1:
        entry["joins"] = [draw(_join(*names))]
    entry["conditions"] = draw(st.lists(_condition(names, 2), max_size=2))
    if draw(st.booleans()):
        entry["timestamp_column"] = draw(_columns(names, "TIMESTAMP"))
    if draw(st.booleans()):
        entry["distinct"] = True
    if draw(st.booleans()):
        entry |= draw(_batching)
    return entry


time_frames = st.sampled_from(["all", "7d", "28d"])
