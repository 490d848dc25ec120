"""The pieces that sentences about definitions are made of: code between backticks, and lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def listed(parts: Iterable[str], conjunction: str) -> str:
    """Return ``a, b and c``; nothing for no parts."""
    *others, last = list(parts) or [""]
    return f"{', '.join(others)} {conjunction} {last}" if others else last
