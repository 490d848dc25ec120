"""How a text is written as a YAML scalar: plain where that is safe, in double quotes otherwise, folded when long."""

from __future__ import annotations

import json
import re

from metrics_dictionary.reading.scalars import UnsupportedScalarError, plain_scalar
from metrics_dictionary.tools.psych_string import string_style

WIDTH = 120
"""Columns. A line that is longer is folded where it has a blank."""

_UNSAFE = re.compile(r": |:$| #|^[-?:] |^[-?:]$|^[\s,\[\]{}#&*!|>'\"%@`]|\s$|^---|^\.\.\.")
_IN_BRACKETS = re.compile(r"[,\[\]{}]")


def is_plain(text: str) -> bool:
    """Return whether a text can do without quotes, for PyYAML as well as for Ruby's parser."""
    if not text or not text.isprintable() or _UNSAFE.search(text) or string_style(text) is not None:
        return False
    try:
        return plain_scalar(text) == text and isinstance(plain_scalar(text), str)
    except UnsupportedScalarError:
        return False


def quoted(text: str) -> str:
    """Return a text in double quotes, on one line."""
    return "".join(
        character if character.isprintable() else json.dumps(character)[1:-1]
        for character in json.dumps(text, ensure_ascii=False)
    )


def on_one_line(text: str) -> str:
    """Return a text as a scalar of one line."""
    return text if is_plain(text) else quoted(text)


def in_place_of(text: str, style: str | None, *, in_brackets: bool) -> str:
    """Return a text as a scalar of one line that keeps the quotes of the one whose place it takes."""
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    safe = is_plain(text) and not (in_brackets and _IN_BRACKETS.search(text))
    return text if style is None and safe else quoted(text)


def can_be_folded(text: str) -> bool:
    """Return whether a text can stand in a ``>-`` block: one paragraph, nothing that an editor would hide."""
    return bool(text) and text.isprintable() and text == text.strip()


def folded(text: str, indent: int) -> list[str]:
    """Return the lines of a ``>-`` block, each indented and at most WIDTH columns wide where a blank allows it."""
    lines: list[str] = []
    # Only a blank between two words is one that folding gives back.
    for word in re.split(r"(?<=\S) (?=\S)", text):
        if lines and len(lines[-1]) + 1 + len(word) <= WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(" " * indent + word)
    return lines
