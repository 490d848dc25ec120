"""Conditions without negations, for words.

SQL has three truth values: ``NOT ("kind" = 1)`` holds for no row without a kind, while "not (the kind is 1)" sounds as
if it did. De Morgan's laws hold for all three, so a negation moves inward until it only turns operators around.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from metrics_dictionary.ping.query.relation import AnyOf, Comparison, Condition, Not

if TYPE_CHECKING:
    from collections.abc import Iterable

_OPPOSITES = {"=": "!=", "<": ">=", ">": "<=", "IN": "NOT IN", "IS": "IS NOT", "LIKE": "NOT LIKE"}
_OPPOSITES |= {opposite: operator for operator, opposite in _OPPOSITES.items()}


def affirmed(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Return conditions that together hold for the same rows; negated is at most SQL that the author wrote."""
    return tuple(item for condition in conditions for item in _affirmed(condition))


def _affirmed(condition: Condition) -> tuple[Condition, ...]:
    match condition:
        case Not(conditions):
            return _denied(conditions)
        case AnyOf(members=(only,)):
            return affirmed(only)
        case AnyOf(members):
            return (AnyOf(tuple(map(affirmed, members))),)
        case _:
            return (condition,)


def _denied(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """Return conditions that together hold where these do not: where at least one of them is false."""
    opposites = tuple(map(_opposite, conditions))
    return opposites[0] if len(opposites) == 1 else (AnyOf(opposites),)


def _opposite(condition: Condition) -> tuple[Condition, ...]:
    match condition:
        case Comparison(operator=operator):
            return (replace(condition, operator=_OPPOSITES[operator]),)
        case Not(conditions):
            return affirmed(conditions)
        case AnyOf(members):
            return _without_repetition([item for member in members for item in _denied(member)])
        case _:
            return (Not((condition,)),)


def _without_repetition(conditions: list[Condition]) -> tuple[Condition, ...]:
    """Leave out that a column has a value where another comparison says so."""
    compared = [item for item in conditions if isinstance(item, Comparison)]
    known = {item.column for item in compared if item.operator not in ("IS", "IS NOT")}
    return tuple(
        item
        for item in conditions
        if not (isinstance(item, Comparison) and item.operator == "IS NOT" and item.operand is None)
        or item.column not in known
    )
