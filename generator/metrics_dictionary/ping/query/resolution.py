"""The relation of a database metric: its instrumentation with the metric's options in place, checked and typed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from metrics_dictionary.ping.query.entry import Entry
from metrics_dictionary.ping.query.relation import (
    AnyOf,
    Batching,
    Column,
    Comparison,
    Condition,
    InTimeWindow,
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

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.dictionary.dictionary import Instrumentation
    from metrics_dictionary.dictionary.metric import MetricDefinition

TIME_WINDOW = "time_window"


def resolve(instrumentation: Instrumentation, metric: MetricDefinition) -> Relation:
    """Return the relation of a database instrumentation, with the metric's options in it.

    Raises InstrumentationError for an instrumentation that has another source, lacks an option or does not follow its
    schema.
    """
    entry = Entry.of(instrumentation, metric)
    _require_database(entry)
    table = _table(entry)
    return Relation(
        operation=_operation(entry.at("operation")),
        column=_column(entry.at("column"), table, default="id"),
        distinct=entry.at("distinct").value is True,
        rows=Rows(table, _joins(entry.at("joins"), table), _limited_conditions(entry, table)),
        order=_order(entry.at("order"), table),
        batching=Batching(
            start=_whole_number(entry.at("start")),
            finish=_whole_number(entry.at("finish")),
            size=_whole_number(entry.at("batch_size"), least=1),
        ),
    )


def _require_database(entry: Entry) -> None:
    if entry.instrumentation.source != "database":
        raise entry.at("source").error("must be `database`: only the metrics of this source are computed with SQL")


def _operation(entry: Entry) -> Operation:
    value = entry.value
    if value not in tuple(Operation):
        raise entry.error(f"must be one of {', '.join(Operation)}")
    return Operation(str(value))


def _limited_conditions(entry: Entry, table: str) -> tuple[Condition, ...]:
    """Return the conditions and among them the time window: last, unless the author marks its place."""
    window = InTimeWindow(_column(entry.at("timestamp_column"), table, default="created_at"))
    conditions: list[Condition] = []
    for item in entry.at("conditions").items():
        if item.value != TIME_WINDOW:
            conditions += _conditions(item, table)
        elif window in conditions:
            raise item.error("marks the place of the time window twice; keep one `time_window`")
        else:
            conditions.append(window)
    return (*conditions, *(() if window in conditions else (window,)))


def _all_conditions(entry: Entry, table: str) -> tuple[Condition, ...]:
    return tuple(condition for item in entry.items() for condition in _conditions(item, table))


def _conditions(entry: Entry, table: str) -> tuple[Condition, ...]:
    """Return the conditions of one item of the list: one for each column that it names."""
    pairs = entry.pairs()
    if not pairs:
        raise entry.error("must be a condition, such as `column: value`")
    for kind, (keys, read) in _KINDS.items():
        if kind in entry:
            _require_only(entry, keys)
            return (read(entry, table),)
    return tuple(_comparison(value, _column_named(value, key, table), "=") for key, value in pairs)


def _require_only(entry: Entry, keys: tuple[str, ...]) -> None:
    for key, value in entry.pairs():
        if key not in keys:
            raise value.error(f"must be a separate condition: it cannot stand beside {keys[0]!r}")


def _any_of(entry: Entry, table: str) -> Condition:
    members = entry.at("any").items()
    if not members:
        raise entry.at("any").error("must list at least one condition")
    return AnyOf(tuple(_conditions(member, table) for member in members))


def _not(entry: Entry, table: str) -> Condition:
    return Not(tuple(map(_excludable, _conditions(entry.at("not"), table))))


def _raw_condition(entry: Entry, _table: str) -> Condition:
    return RawCondition(entry.at("sql").string())


def _explicit_comparison(entry: Entry, table: str) -> Condition:
    operator = entry.at("operator").value
    if not isinstance(operator, str) or operator not in _ACCEPTED:
        raise entry.at("operator").error(f"must be one of {', '.join(_ACCEPTED)}")
    if "value" not in entry:
        raise entry.at("value").error("is missing")
    return _comparison(entry.at("value"), _column(entry.at("column"), table), operator)


_COMPARISON = ("column", "operator", "value")

_KINDS: dict[str, tuple[tuple[str, ...], Callable[[Entry, str], Condition]]] = {
    "any": (("any",), _any_of),
    "not": (("not",), _not),
    "sql": (("sql",), _raw_condition),
    "column": (_COMPARISON, _explicit_comparison),
    "operator": (_COMPARISON, _explicit_comparison),
}
"""Key that marks a kind of condition -> the keys allowed beside it, and its reader. All other keys are columns."""


def _comparison(entry: Entry, column: Column, operator: str) -> Condition:
    operand = _operand(entry)
    wanted, accepts = _ACCEPTED[operator]
    if not accepts(operand):
        raise entry.error(f"must be {wanted}: the operator is `{operator}`")
    excluded = operator in ("!=", "NOT IN", "IS NOT")
    if operand is None:
        return Comparison(column, "IS NOT" if excluded else "IS", None)
    if isinstance(operand, tuple):
        return _one_of(column, operand, excluded=excluded)
    if isinstance(operand, SubSelect):
        found = Comparison(column, "NOT IN" if excluded else "IN", operand)
        return _excludable(found) if excluded else found
    return Comparison(column, operator, operand)


def _one_of(column: Column, values: tuple[Scalar, ...], *, excluded: bool) -> Condition:
    """Return the condition that ActiveRecord makes of a list, where null stands for rows without a value."""
    others = tuple(value for value in values if value is not None)
    if len(others) == len(values):
        return Comparison(column, "NOT IN" if excluded else "IN", others)
    if not others:
        return Comparison(column, "IS NOT" if excluded else "IS", None)
    among = Comparison(column, "=", others[0]) if len(others) == 1 else Comparison(column, "IN", others)
    either = AnyOf(((among,), (Comparison(column, "IS", None),)))
    return Not((either,)) if excluded else either


def _excludable(condition: Condition) -> Condition:
    """Return the condition in a form that can be negated: of its sub-selects, no value is null.

    A value is neither in such a list nor not in it, so the negation would hold for no row at all. The ``id`` of a
    table is never null.
    """
    match condition:
        case Comparison(operand=SubSelect(column, rows) as selected) if column != Column(rows.table, "id"):
            known = Comparison(column, "IS NOT", None)
            conditions = (*(item for item in rows.conditions if item != known), known)
            return replace(condition, operand=replace(selected, rows=replace(rows, conditions=conditions)))
        case AnyOf(members):
            return AnyOf(tuple(tuple(map(_excludable, member)) for member in members))
        case Not(conditions):
            return Not(tuple(map(_excludable, conditions)))
        case _:
            return condition


def _several(operand: Operand) -> bool:
    return isinstance(operand, tuple | SubSelect)


def _ordered(operand: Operand) -> bool:
    return isinstance(operand, str | int | float) and not isinstance(operand, bool)


_ANYTHING = ("a value, a list or a `select`", lambda _: True)
_ORDERED = ("a number or a string", _ordered)
_SEVERAL = ("a list or a `select`", _several)

_ACCEPTED: dict[str, tuple[str, Callable[[Operand], bool]]] = {
    "=": _ANYTHING,
    "!=": _ANYTHING,
    **dict.fromkeys(("<", "<=", ">", ">="), _ORDERED),
    "IN": _SEVERAL,
    "NOT IN": _SEVERAL,
    "IS NOT": ("null, true or false", lambda operand: operand is None or isinstance(operand, bool)),
    "LIKE": ("a string", lambda operand: isinstance(operand, str)),
}
"""Operator -> the operands that it accepts, in words and as a check."""


def _operand(entry: Entry) -> Operand:
    if "select" in entry:
        return _sub_select(entry.at("select"))
    resolved = entry.resolved()
    if not isinstance(resolved.value, list):
        return _scalar(resolved)
    if not resolved.value:
        raise resolved.error("must list at least one value")
    return tuple(_scalar(item.resolved()) for item in resolved.items())


def _scalar(entry: Entry) -> Scalar:
    value = entry.value
    if isinstance(value, str):
        return entry.storable(value)
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, int | float):
        raise entry.error("must be a string, a number, true, false or null")
    if not math.isfinite(value) or not -(2**63) <= value < 2**63:
        raise entry.error("must be a finite number of at most 64 bits")
    return value


def _sub_select(entry: Entry) -> SubSelect:
    table = _table(entry)
    rows = Rows(table, _joins(entry.at("joins"), table), _all_conditions(entry.at("conditions"), table))
    return SubSelect(_column(entry.at("column"), table, default="id"), rows)


def _joins(entry: Entry, table: str) -> tuple[Join | RawJoin, ...]:
    return tuple(_join(item, table) for item in entry.items())


def _join(entry: Entry, table: str) -> Join | RawJoin:
    if "sql" in entry:
        return RawJoin(entry.at("sql").string())
    joined = _table(entry)
    on = tuple(
        _join_condition(value, Column(joined, _part(value, key)), table) for key, value in entry.at("on").pairs()
    )
    if not on:
        raise entry.at("on").error("must say which columns belong together")
    return Join(joined, entry.at("type").value == "left_outer", on)


def _join_condition(entry: Entry, column: Column, table: str) -> Condition:
    if isinstance(entry.value, str):
        return Comparison(column, "=", _column(entry, table))
    return _comparison(entry.at("value") if "value" in entry else entry, column, "=")


def _order(entry: Entry, table: str) -> tuple[Order, ...]:
    return tuple(Order(_column_named(value, key, table), value.value == "desc") for key, value in entry.pairs())


def _whole_number(entry: Entry, least: int = -(2**63)) -> int | None:
    if not entry.given:
        return None
    value = entry.value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**63:
        raise entry.error(f"must be a whole number of at most 64 bits, at least {least}")
    return value


def _column(entry: Entry, table: str, default: str | None = None) -> Column:
    if default is not None and not entry.given:
        return Column(table, default)
    resolved = entry.resolved()
    return _column_named(resolved, resolved.string(), table)


def _column_named(entry: Entry, name: str, table: str) -> Column:
    """Return the column of a reference: ``column`` of this table, or ``table.column``."""
    parts = [_part(entry, part) for part in name.split(".", maxsplit=1)]
    return Column(_table_named(entry, parts[0], table), parts[1]) if len(parts) > 1 else Column(table, *parts)


def _table_named(entry: Entry, name: str, table: str) -> str:
    """Return the table of a reference: this one, or one that is joined around the entry, with its schema."""
    if table.rpartition(".")[2] == name:
        return table
    place = Entry.of(entry.instrumentation, entry.metric)
    for key in (*entry.path, ""):
        joined = [_table(join) for join in place.at("joins").items() if "schema" in join]
        if found := [join for join in joined if join.rpartition(".")[2] == name]:
            return found[0]
        place = place.items()[key] if isinstance(key, int) else place.at(key)
    return name


def _table(entry: Entry) -> str:
    """Return the table that an entry names in ``table``, after its ``schema`` and a dot where it names one."""
    name = _name(entry.at("table"))
    return f"{_name(entry.at('schema'))}.{name}" if "schema" in entry else name


def _name(entry: Entry) -> str:
    resolved = entry.resolved()
    return _part(resolved, resolved.string())


def _part(entry: Entry, name: str) -> str:
    if not name or "." in name:
        raise entry.error(f"must be a name without dots, or a column as `column` or `table.column`, not {name!r}")
    return entry.storable(name)
