"""Putting values into HTML, always escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Iterable


def fill(html: str, *values: object) -> Markup:
    """Put values in place of each ``%s`` of a piece of our own HTML; those that are no Markup are escaped.

    Does what ``Markup.format`` does, in a tenth of the time: pages are made of dozens of such pieces.
    """
    return Markup(html % tuple(map(escape, values)))  # noqa: S704 - all values are escaped


def joined(pieces: Iterable[Markup], separator: str = "") -> Markup:
    """Join pieces of HTML; unlike ``Markup.join`` it takes it from their type that they are escaped."""
    return Markup(separator.join(pieces))  # noqa: S704 - every piece is Markup
