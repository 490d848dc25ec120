"""Diagnostics as a person reads them: where, which rule, what, the line with a caret, what to do."""

from __future__ import annotations

import re
import textwrap
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.dictionary.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.dictionary.diagnostic import Diagnostic
    from generator.reports.summary import Summary

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def render_text(diagnostics: Sequence[Diagnostic], summary: Summary, width: int | None = None) -> str:
    """Return the whole report. ``width`` is the terminal's, in columns; None leaves every line as long as it is.

    The text carries ANSI colours; whoever prints it elsewhere than on a terminal strips them (``click.echo`` does).
    """
    read_lines = lru_cache(maxsize=16)(_read_lines)
    blocks = []
    for diagnostic in diagnostics:
        lines = read_lines(diagnostic.file)
        blocks.append("\n".join(_block(diagnostic, lines, width)))
    return "".join(f"{block}\n\n" for block in blocks) + _verdict(summary) + "\n"


def _block(diagnostic: Diagnostic, lines: Sequence[str], width: int | None) -> Iterator[str]:
    yield from _heading(diagnostic, width)
    gutter = " " * len(str(diagnostic.line))
    if 0 < diagnostic.line <= len(lines):
        yield from _excerpt(diagnostic, lines[diagnostic.line - 1], gutter, width)
    for related in diagnostic.related:
        yield from _note(gutter, "also", f"{related.file}:{related.line}:{related.column}: {related.message}", width)
    if diagnostic.suggestion is not None:
        yield from _note(gutter, "suggestion", diagnostic.suggestion, width)
    if diagnostic.help:
        yield from _note(gutter, "help", diagnostic.help, width)


def _heading(diagnostic: Diagnostic, width: int | None) -> Iterator[str]:
    place = printable(f"{diagnostic.file}:{diagnostic.line}:{diagnostic.column}")
    label = f"{diagnostic.severity}[{diagnostic.rule}]"
    message = printable(diagnostic.message)
    styled = click.style(label, fg=COLOURS[diagnostic.severity], bold=True)
    if width is None or len(place) + len(label) + len(message) + 4 <= width:
        yield f"{click.style(place, bold=True)}: {styled}: {message}"
        return
    yield f"{click.style(place, bold=True)}:"
    first, *rest = _wrapped(f"{label}: {message}", width - 2)
    yield "  " + first.replace(label, styled, 1)
    yield from (f"  {line}" for line in rest)


def _excerpt(diagnostic: Diagnostic, line: str, gutter: str, width: int | None) -> Iterator[str]:
    start = min(diagnostic.column - 1, len(line))
    before, marked = printable(line[:start]), printable(_value_at(line, start))
    shown = printable(line)
    room = None if width is None else max(width - len(gutter) - 3, 20)
    if room is not None and len(shown) > room:
        # Keep the marked value in sight: drop what stands before it, then what follows it.
        dropped = max(0, min(len(before) - 8, len(before) + len(marked) - room))
        shown, before = shown[dropped : dropped + room], before[dropped:]
        marked = marked[: max(room - len(before), 1)]
    bar = click.style("|", fg="blue")
    number = click.style(str(diagnostic.line), fg="blue")
    caret = click.style("^" * max(len(marked), 1), fg=COLOURS[diagnostic.severity], bold=True)
    yield f"{gutter} {bar}"
    yield f"{number} {bar} {shown}".rstrip()
    yield f"{gutter} {bar} {' ' * len(before)}{caret}"


def _value_at(line: str, start: int) -> str:
    """Return what the caret underlines: the scalar that starts there, without a comment behind it."""
    rest = line[start:]
    if rest[:1] in "'\"" and (closing := rest.find(rest[:1], 1)) > 0:
        return rest[: closing + 1]
    if key := re.match(r"[\w.-]+(?=:(\s|$))", rest):
        return key.group()
    return re.split(r"\s+#", rest, maxsplit=1)[0].rstrip()


def _note(gutter: str, label: str, message: str, width: int | None) -> Iterator[str]:
    head = f"{gutter} {click.style('=', fg='blue')} {click.style(label, bold=True)}: "
    indent = len(gutter) + len(label) + 5
    first, *rest = _wrapped(printable(message), None if width is None else width - indent)
    yield head + first
    yield from (" " * indent + line for line in rest)


def _wrapped(message: str, width: int | None) -> list[str]:
    if width is None:
        return [message]
    return textwrap.wrap(message, max(width, 20), break_on_hyphens=False) or [""]


def _verdict(summary: Summary) -> str:
    colour = "red" if summary.errors else "yellow" if summary.warnings else "green"
    return click.style(summary.in_words(), fg=colour, bold=True)


def _read_lines(file: str) -> Sequence[str]:
    try:
        text = Path(file).read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ()
    # Not splitlines(): YAML breaks lines at fewer characters than Python does.
    return re.split(r"\r\n|\r|\n", text)


_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Return the text with control, bidirectional and surrogate characters made visible.

    A definition must not be able to move a terminal's cursor, recolour it or reorder what it shows.
    """
    return _UNPRINTABLE.sub(_visible, text)


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    return " " if code == 9 else f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
