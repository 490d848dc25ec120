"""Columns for JavaScript: a value for each definition, in few bytes because each different value is stored once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Value = TypeVar("Value")


def column(values: Iterable[str | None], first: Iterable[str | None] = ()) -> dict[str, object]:
    """Return ``values``, each different one once, and ``rows``: for each definition the position of its value.

    What is in ``first`` comes before all others, used or not.
    """
    different, rows = _numbered(values, first)
    return {"values": different, "rows": rows}


def set_column(
    values: Iterable[tuple[str, ...]],
    labels: Mapping[str, str] | None = None,
    order: Callable[[str], object] | None = None,
) -> dict[str, object]:
    """Return a column of definitions that have several values each, or none.

    ``rows`` are positions in ``sets``, and these are lists of positions in ``values``, which are sorted by ``order``
    and then as text. ``labels`` say some values in words.
    """
    combinations, rows = _numbered(values)
    different = {value for combination in combinations for value in combination}
    ordered = sorted(different) if order is None else sorted(different, key=lambda value: (order(value), value))
    positions = {value: position for position, value in enumerate(ordered)}
    sets = [sorted({positions[value] for value in combination}) for combination in combinations]
    words = {str(positions[value]): label for value, label in (labels or {}).items() if value in positions}
    return {"values": ordered, "labels": words, "sets": sets, "rows": rows}


def sparse_column(values: Iterable[object]) -> dict[int, str]:
    """Return row -> value for a column in which few definitions have a string."""
    return {row: value for row, value in enumerate(values) if isinstance(value, str)}


def _numbered(values: Iterable[Value], first: Iterable[Value] = ()) -> tuple[list[Value], list[int]]:
    positions = {value: position for position, value in enumerate(first)}
    rows = [positions.setdefault(value, len(positions)) for value in values]
    return list(positions), rows
