"""How many columns of a terminal a text takes, and how it is folded and cut to fit into some."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_STYLE = re.compile("\x1b\\[[0-9;]*m")
_TOKEN = re.compile("\x1b\\[[0-9;]*m|.", re.DOTALL)


def columns(text: str) -> int:
    """Return the width of a text: wide characters take two columns, combining ones none, colours none."""
    plain = _STYLE.sub("", text)
    return len(plain) if plain.isascii() else sum(_column(character) for character in plain)


def wrapped(text: str, width: int) -> list[str]:
    """Break a text between words into lines of at most ``width`` columns; a word that is wider is broken inside."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and columns(longer) <= width:
            lines[-1] = longer
        else:
            lines += folded(word, width)
    return lines or [""]


def folded(line: str, width: int) -> list[str]:
    """Break a line, which may carry colours, wherever ``width`` columns are full."""
    if columns(line) <= width:
        return [line]
    lines, taken = [""], 0
    for token in _TOKEN.findall(line):
        more = 0 if _STYLE.fullmatch(token) else _column(token)
        if taken + more > width and taken:
            lines.append("")
            taken = 0
        lines[-1] += token
        taken += more
    return lines


def cut(text: str, start: int, width: int) -> str:
    """Return the characters that stand in the columns from ``start`` on, ``width`` of them at most."""
    return "".join(
        character for position, character in _placed(text) if start <= position <= start + width - _column(character)
    )


def _placed(text: str) -> Iterator[tuple[int, str]]:
    position = 0
    for character in text:
        yield position, character
        position += _column(character)


def _column(character: str) -> int:
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return 0 if unicodedata.category(character) in ("Mn", "Me", "Cf") else 1
