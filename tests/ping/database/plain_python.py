"""What an instrumentation means, in plain Python over rows in dictionaries: the oracle of the property tests.

It reads entries as their authors write them and shares no code with the program. Truth has three values, as in SQL:
None is "unknown", and a row counts only where its conditions are true.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]
Tables = dict[str, list[Row]]
Truth = bool | None

DAYS_AGO = {"7d": (9, 2), "28d": (30, 2)}


def value_of(entry: Row, options: Row, tables: Tables, time_frame: str, now: datetime) -> int | float | None:
    """The value of a database instrumentation; times are in UTC without a zone, as ``now`` is."""
    rows = matching(entry, options, tables)
    if time_frame in DAYS_AGO:
        moment = qualified(entry.get("timestamp_column", "created_at"), entry["table"])
        start, end = (now - timedelta(days=days) for days in DAYS_AGO[time_frame])
        rows = [row for row in rows if row[moment] is not None and start <= row[moment] <= end]
    column = qualified(given(entry.get("column", "id"), options), entry["table"])
    values = [row[column] for row in rows if row[column] is not None]
    match entry["operation"]:
        case "count":
            return len(values)
        case "sum":
            return float(sum(values))
        case "average":
            return float(sum(values)) / len(values) if values else None
        case _:
            return len(set(values))


def matching(entry: Row, options: Row, tables: Tables) -> list[Row]:
    """The rows of the table with those joined to them, as far as all conditions are true."""
    rows = [named(row, entry["table"]) for row in tables[entry["table"]]]
    for join in entry.get("joins", []):
        rows = [pair for row in rows for pair in joined(row, join, options, tables)]
    conditions = [item for item in entry.get("conditions", []) if item != "time_window"]
    return [row for row in rows if all(holds(item, row, entry["table"], options, tables) for item in conditions)]


def joined(row: Row, join: Row, options: Row, tables: Tables) -> list[Row]:
    pairs = [row | named(other, join["table"]) for other in tables[join["table"]]]
    found = [
        pair
        for pair in pairs
        if all(tied(pair, f"{join['table']}.{mine}", other, options) for mine, other in join["on"].items())
    ]
    if found or join.get("type") != "left_outer":
        return found
    return [row | {f"{join['table']}.{column}": None for column in COLUMNS[join["table"]]}]


def tied(pair: Row, column: str, operand: Any, options: Row) -> Truth:
    mine = pair[column]
    if isinstance(operand, str):
        return equal(mine, pair[operand])
    return meets(mine, given(operand.get("value", operand), options))


def holds(condition: Row, row: Row, table: str, options: Row, tables: Tables) -> Truth:
    """Whether a condition is true, false or unknown for a row."""
    if "any" in condition:
        return negated(both(negated(holds(item, row, table, options, tables)) for item in condition["any"]))
    if "not" in condition:
        return negated(holds(condition["not"], row, table, options, tables))
    if "operator" in condition:
        mine = row[qualified(given(condition["column"], options), table)]
        return compared(mine, condition["operator"], operand(condition["value"], options, tables))
    return both(
        meets(row[qualified(column, table)], operand(wanted, options, tables)) for column, wanted in condition.items()
    )


def operand(value: Any, options: Row, tables: Tables) -> Any:
    """A value, a list of values, or the set of values that a sub-select gives, nothing that is missing among them."""
    if isinstance(value, dict) and "select" in value:
        select = value["select"]
        column = qualified(select.get("column", "id"), select["table"])
        return {row[column] for row in matching(select, options, tables)} - {None}
    return given(value, options)


def given(value: Any, options: Row) -> Any:
    if isinstance(value, list):
        return [given(item, options) for item in value]
    if isinstance(value, dict):
        return options[value["option"]] if value["option"] in options else value["default"]
    return value


def compared(mine: Any, operator: str, wanted: Any) -> Truth:
    match operator:
        case "=" | "IN":
            return meets(mine, wanted)
        case "!=" | "NOT IN":
            return negated(meets(mine, wanted))
        case "IS NOT":
            return mine is not wanted
        case _ if mine is None:
            return None
        case "LIKE":
            return like(mine, wanted)
        case "<":
            return bool(mine < wanted)
        case "<=":
            return bool(mine <= wanted)
        case ">":
            return bool(mine > wanted)
        case _:
            return bool(mine >= wanted)


def meets(mine: Any, wanted: Any) -> Truth:
    if wanted is None:
        return mine is None
    if isinstance(wanted, list) and None in wanted:
        return mine in wanted
    if isinstance(wanted, set) and not wanted:
        return False
    if isinstance(wanted, list | set):
        return None if mine is None else mine in wanted
    return equal(mine, wanted)


def equal(one: Any, other: Any) -> Truth:
    return None if one is None or other is None else one == other


def both(truths: Any) -> Truth:
    """Whether all of them are true: false where one is false, unknown where none is false and one unknown."""
    known = list(truths)
    return False if False in known else None if None in known else True


def negated(truth: Truth) -> Truth:
    return None if truth is None else not truth


def like(text: str, pattern: str) -> bool:
    """Whether a text fits a pattern with ``%`` for anything and ``_`` for one character."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(like(text[start:], pattern[1:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("_", text[0]) and like(text[1:], pattern[1:])


def qualified(column: str, table: str) -> str:
    return column if "." in column else f"{table}.{column}"


def named(row: Row, table: str) -> Row:
    return {f"{table}.{column}": value for column, value in row.items()}


COLUMNS = {
    "orders": {
        "id": "INTEGER PRIMARY KEY",
        "customer_id": "INTEGER",
        "kind": "INTEGER",
        "price": "DOUBLE PRECISION",
        "note": "TEXT",
        "paid": "BOOLEAN",
        "created_at": "TIMESTAMP",
    },
    "customers": {
        "id": "INTEGER PRIMARY KEY",
        "referrer_id": "INTEGER",
        "level": "INTEGER",
        "name": "TEXT",
        "active": "BOOLEAN",
        "created_at": "TIMESTAMP",
        "seen_at": "TIMESTAMP",
    },
}
"""The tables of the property tests: column -> its type on both databases."""
