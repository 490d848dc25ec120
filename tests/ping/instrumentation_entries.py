"""Hypothesis strategies for entries of the database source, and a SQLite database with the tables that they name."""

from __future__ import annotations

import copy
import itertools
import sqlite3
from typing import Any

from hypothesis import strategies as st

TABLES = ["builds", "we\"ird 'table", "SELECT", "größe", "x;y", "--"]
COLUMNS = ["id", "created_at", "type", 'na"me', "group", "a b", "any", "ñ", "'"]


def _database() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    columns = ", ".join(_quoted(name) for name in COLUMNS)
    for table in TABLES:
        database.execute(f"CREATE TABLE {_quoted(table)} ({columns})")
    return database


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


DATABASE = _database()

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8) | st.sampled_from(
    ["'", "''", "\\", "%"]
)
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(-1e18, 1e18)
literals = texts | numbers | st.booleans() | st.none()
options = st.fixed_dictionaries({}, optional={"single": literals, "several": st.lists(literals, min_size=1)})

plain_columns = st.sampled_from(COLUMNS)
keys = plain_columns.filter(lambda name: name != "any")


def columns(tables: list[str]) -> st.SearchStrategy[str]:
    """A column of the first table by its name, or of any table as ``table.column``."""
    qualified = st.tuples(st.sampled_from(tables), plain_columns).map(".".join)
    return (plain_columns | qualified) if tables else plain_columns


def parameters(default: st.SearchStrategy[Any], *names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"option": st.sampled_from(["never given", *names]), "default": default})


items = literals | parameters(literals, "single")
lists = st.lists(items, min_size=1, max_size=4)
values = literals | lists | parameters(literals | st.lists(literals, min_size=1, max_size=3), "single", "several")


@st.composite
def comparisons(draw: st.DrawFn, tables: list[str], depth: int) -> dict[str, Any]:
    column = draw(columns(tables) | parameters(columns(tables)))
    by_operator: dict[str, st.SearchStrategy[Any]] = {
        **dict.fromkeys(("=", "!="), values | sub_selects(depth)),
        **dict.fromkeys(("<", "<=", ">", ">="), texts | numbers | parameters(texts | numbers)),
        **dict.fromkeys(("IN", "NOT IN"), lists | sub_selects(depth)),
        "IS NOT": st.booleans() | st.none(),
        "LIKE": texts,
    }
    operator = draw(st.sampled_from(list(by_operator)))
    return {"column": column, "operator": operator, "value": draw(by_operator[operator])}


def sub_selects(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    if depth == 0:
        return st.nothing()
    return st.deferred(lambda: st.fixed_dictionaries({"select": _sub_select(depth - 1)}))


@st.composite
def _sub_select(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    rows = draw(_rows(depth))
    tables = _tables(rows)
    rows["column"] = draw(columns(tables))
    return rows


@st.composite
def conditions(draw: st.DrawFn, tables: list[str], depth: int) -> dict[str, Any]:
    kinds = ["equalities", "comparison"] + (["any", "not"] if depth else [])
    kind = draw(st.sampled_from(kinds))
    if kind == "any":
        return {"any": draw(st.lists(conditions(tables, depth - 1), min_size=1, max_size=3))}
    if kind == "not":
        return {"not": draw(conditions(tables, depth - 1))}
    if kind == "comparison":
        return draw(comparisons(tables, depth))
    names = keys | st.tuples(st.sampled_from(tables), plain_columns).map(".".join)
    return draw(st.dictionaries(names, values | sub_selects(depth), min_size=1, max_size=3))


@st.composite
def _joins(draw: st.DrawFn, tables: list[str]) -> list[dict[str, Any]]:
    joins = []
    for before, table in enumerate(tables[1:], start=1):
        partner = st.tuples(st.sampled_from(tables[:before]), plain_columns).map(".".join)
        operand = partner | st.fixed_dictionaries({"value": values}) | parameters(literals)
        join: dict[str, Any] = {
            "table": table,
            "on": draw(st.dictionaries(plain_columns, operand, min_size=1, max_size=2)),
        }
        if draw(st.booleans()):
            join["type"] = draw(st.sampled_from(["inner", "left_outer"]))
        joins.append(join)
    return joins


@st.composite
def _rows(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    tables = draw(st.lists(st.sampled_from(TABLES), min_size=1, max_size=3, unique=True))
    rows: dict[str, Any] = {"table": tables[0]}
    if len(tables) > 1:
        rows["joins"] = draw(_joins(tables))
    if draw(st.booleans()):
        rows["conditions"] = draw(st.lists(conditions(tables, depth), max_size=3))
    return rows


def _tables(rows: dict[str, Any]) -> list[str]:
    return [rows["table"], *(join["table"] for join in rows.get("joins", []))]


_whole_numbers = st.integers(-(2**63), 2**63 - 1)
_batching = st.fixed_dictionaries(
    {}, optional={"start": _whole_numbers, "finish": _whole_numbers, "batch_size": st.integers(1, 2**63 - 1)}
)


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """Entries of the format, without SQL of their own, whose names all exist in ``DATABASE``."""
    rows = draw(_rows(2))
    tables = _tables(rows)
    operation = draw(st.sampled_from(["count", "distinct_count", "sum", "average", "estimate_batch_distinct_count"]))
    entry: dict[str, Any] = {"source": "database", "operation": operation, **rows}
    if operation != "count" or draw(st.booleans()):
        entry["column"] = draw(columns(tables))
    if draw(st.booleans()):
        entry["timestamp_column"] = draw(columns(tables))
    if draw(st.booleans()):
        entry["distinct"] = draw(st.booleans())
    if draw(st.booleans()):
        entry["order"] = draw(
            st.dictionaries(columns(tables), st.sampled_from(["asc", "desc"]), min_size=1, max_size=2)
        )
    entry.update(draw(_batching))
    if entry.get("conditions") and draw(st.booleans()):
        entry["conditions"].insert(draw(st.integers(0, len(entry["conditions"]))), "time_window")
    return entry


_junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["time_window", "a.b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["sql", "any", "not", "option", "select", "table", "column", "x.y", ""]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@st.composite
def damaged_entries(draw: st.DrawFn) -> dict[str, Any]:
    """Entries of the format in which one value, anywhere, has been replaced or taken away."""
    entry = copy.deepcopy(draw(entries()))
    containers = list(_containers(entry))
    container = draw(st.sampled_from(containers))
    places: list[Any] = list(container) if isinstance(container, dict) else list(range(len(container)))
    place = draw(st.sampled_from(places))
    if draw(st.booleans()):
        container[place] = draw(_junk)
    else:
        del container[place]
    return entry


def _containers(value: Any) -> itertools.chain[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    here = [value] if isinstance(value, dict | list) and value else []
    return itertools.chain(here, *(_containers(item) for item in inner))
