"""Tolerant readings of a definition's fields: the value when it has the expected type, otherwise nothing."""

from __future__ import annotations

from collections.abc import Mapping

Fields = Mapping[str, object]
"""A definition's fields as the author wrote them, in the author's order."""


def text(value: object) -> str | None:
    """Return the value when it is a string, otherwise None."""
    return value if isinstance(value, str) else None


def texts(value: object) -> tuple[str, ...]:
    """Return the strings of a list; a value that is no list has none."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def mapping(value: object) -> Fields:
    """Return the value when it is a mapping, otherwise an empty one."""
    return value if isinstance(value, Mapping) else {}
