"""Text on its way to a person: made safe for one line of a terminal, counted, listed, and fitted into columns."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from wcwidth import wcwidth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_STYLE = re.compile("\x1b\\[[0-9;]*m")
_TOKEN = re.compile("\x1b\\[[0-9;]*m|.", re.DOTALL)


_LATIN = re.compile("[A-Za-z]")
_LOOK_ALIKE_SCRIPTS = {"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"}
_WITHOUT_INK = {"Cc", "Cf", "Zs", "Zl", "Zp"}
_TYPOGRAPHY = {"Pi", "Pf", "Pd", "Ps"}


def printable(text: str) -> str:
    """Return the text with control, bidirectional and surrogate characters made visible.

    A definition must not be able to move a terminal's cursor, recolor it or reorder what it shows.
    """
    return _UNPRINTABLE.sub(_visible, text)


def escaped(text: str) -> str:
    """Return the text with an escape such as ``\\n`` or ``\\u200b`` for every character that leaves no ink."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def deceptive(text: str) -> list[str]:
    """Return the characters that are not what they seem, each once and with its name: ``U+00A0 (NO-BREAK SPACE)``.

    They are blanks and marks without ink, full-width forms, quotes and dashes of typography, and letters of another
    script beside Latin ones.
    """
    if text.isascii():
        return []
    latin = _LATIN.search(text) is not None
    return [
        f"U+{ord(character):04X} ({unicodedata.name(character, 'no name')})"
        for character in dict.fromkeys(text)
        if not character.isascii() and (_is_deceptive(character) or (latin and _is_foreign(character)))
    ]


def _is_deceptive(character: str) -> bool:
    category = unicodedata.category(character)
    return category in _WITHOUT_INK or category in _TYPOGRAPHY or "\uff01" <= character <= "\uff5e"


def _is_foreign(character: str) -> bool:
    return character.isalpha() and unicodedata.name(character, "").split(" ")[0] in _LOOK_ALIKE_SCRIPTS


def shortened(text: str, longest: int) -> str:
    """Return at most ``longest`` characters, the last of them an ellipsis where something is left out."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def one_line(text: str, longest: int = 200) -> str:
    """Return what somebody else said as one line: unprintable characters and breaks become blanks, the end is cut."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())[:longest]


def counted(number: int, noun: str) -> str:
    """Say how many there are: ``1 metric``, ``2,000 metrics``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(parts: Iterable[str], conjunction: str = "and") -> str:
    """Return ``a, b and c``; nothing for no parts."""
    *others, last = list(parts) or [""]
    return f"{', '.join(others)} {conjunction} {last}" if others else last


def abridged(parts: Iterable[str], most: int) -> str:
    """Return ``a, b, c``; of more than ``most`` parts the first ones: ``a, b and 3 more``."""
    all_parts = list(parts)
    shown = ", ".join(all_parts[:most])
    return shown if len(all_parts) <= most else f"{shown} and {len(all_parts) - most:,} more"


def columns(text: str) -> int:
    """Return the width of a text: wide characters take two columns, combining ones none, colors none."""
    plain = _STYLE.sub("", text)
    return len(plain) if plain.isascii() else sum(map(_column, plain))


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
    """Break a line, which may carry colors, wherever ``width`` columns are full."""
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


def fitted(lines: Iterable[str], width: int | None) -> Iterator[str]:
    """Yield lines, which may carry colors, broken at the ``width`` of a terminal; None leaves them as they are."""
    for line in lines:
        yield from [line] if width is None else folded(line, width)


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
    # Control characters have no width of their own; `printable` has made them visible before anything is measured.
    return max(wcwidth(character), 0)


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    return " " if code == 9 else f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
