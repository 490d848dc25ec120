"""Diagnostics as a person reads them: where, which rule, what, the line with a caret, what to do."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.tools.text import columns, cut, fitted, printable, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.reports.report import Report, Summary

_MIN_WIDTH = 20
"""Columns. Below that nothing is laid out any more, only broken."""

_MAX_EXCERPT = 400
"""Columns of a source line that are shown where no terminal sets a limit."""

_MAX_SOURCE = 2 * 1024 * 1024
"""Characters of a file that are looked at for source lines; a definition has far fewer."""

COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def render(report: Report) -> str:
    """Return the whole report with ANSI colors, which ``click.echo`` strips where there is no terminal."""
    blocks = render_findings(report.diagnostics, report.width, report.unsaved)
    totals = fitted([_totals(report.summary)], report.width)
    return "".join(f"{block}\n\n" for block in blocks) + "".join(f"{line}\n" for line in totals)


def render_findings(
    diagnostics: Sequence[Diagnostic], width: int | None = None, unsaved: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Yield each finding as a block of lines, without a newline at its end.

    ``width`` and ``unsaved`` are those of a ``Report``.
    """

    @lru_cache(maxsize=16)
    def read_lines(file: str) -> Sequence[str]:
        return _lines(unsaved[file]) if unsaved and file in unsaved else _read_lines(file)

    for diagnostic in diagnostics:
        yield "\n".join(fitted(_block(diagnostic, read_lines(diagnostic.file), width), width))


def _block(diagnostic: Diagnostic, lines: Sequence[str], width: int | None) -> Iterator[str]:
    yield from _heading(diagnostic, width)
    gutter = " " * len(str(diagnostic.line))
    if 0 < diagnostic.line <= len(lines):
        yield from _excerpt(diagnostic, lines[diagnostic.line - 1], gutter, width)
    for related in diagnostic.related:
        if related.location not in diagnostic.message:
            yield from _note(gutter, "also", f"{related.location}: {related.message}", width)
    if diagnostic.suggestion is not None:
        yield from _note(gutter, "suggestion", diagnostic.suggestion, width)
    if diagnostic.help:
        yield from _note(gutter, "help", diagnostic.help, width)


def _heading(diagnostic: Diagnostic, width: int | None) -> Iterator[str]:
    place = printable(diagnostic.location)
    label = f"{diagnostic.severity}[{diagnostic.rule}]"
    message = printable(diagnostic.message)
    styled = click.style(label, fg=COLORS[diagnostic.severity], bold=True)
    if width is None or columns(f"{place}: {label}: {message}") <= width:
        yield f"{click.style(place, bold=True)}: {styled}: {message}"
        return
    yield f"{click.style(place, bold=True)}:"
    first, *rest = wrapped(f"{label}: {message}", max(width - 2, _MIN_WIDTH))
    yield "  " + first.replace(label, styled, 1)
    yield from (f"  {line}" for line in rest)


def _excerpt(diagnostic: Diagnostic, line: str, gutter: str, width: int | None) -> Iterator[str]:
    start = min(diagnostic.column - 1, len(line))
    # No more of a very long line than could be shown: it may have megabytes.
    dropped = max(0, start - _MAX_EXCERPT)
    line, start = line[dropped : start + _MAX_EXCERPT], start - dropped
    before, marked = printable(line[:start]), printable(_value_at(line, start))
    shown = printable(line)
    indent, long = columns(before), max(columns(marked), 1)
    room = _MAX_EXCERPT if width is None else max(width - len(gutter) - 3, _MIN_WIDTH)
    if columns(shown) > room:
        # Keep the marked value in sight: drop what stands before it, then what follows it.
        dropped = max(0, min(indent - 8, indent + long - room))
        shown, indent = cut(shown, dropped, room), indent - dropped
        long = min(long, room - indent)
    bar = click.style("|", fg="blue")
    number = click.style(str(diagnostic.line), fg="blue")
    caret = click.style("^" * long, fg=COLORS[diagnostic.severity], bold=True)
    yield f"{gutter} {bar}"
    yield f"{number} {bar} {shown}".rstrip()
    yield f"{gutter} {bar} {' ' * indent}{caret}"


def _value_at(line: str, start: int) -> str:
    """Return what the caret underlines: the scalar that starts there, without a comment behind it."""
    rest = line[start:]
    if rest[:1] in "'\"" and (closing := rest.find(rest[:1], 1)) > 0:
        return rest[: closing + 1]
    if key := re.match(r"[\w.-]+(?=:(\s|$))", rest):
        return key.group()
    return _within_brackets(re.split(r"\s+#", rest, maxsplit=1)[0], line[:start]).rstrip()


def _within_brackets(rest: str, before: str) -> str:
    """Cut what follows the value in a list or mapping in brackets; these may have opened on an earlier line."""
    inside = sum(map(before.count, "[{")) > sum(map(before.count, "]}"))
    depth = 0
    for position, character in enumerate(rest):
        if character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
            if depth < 0:
                return rest[:position]
        elif character == "," and inside and depth == 0:
            return rest[:position]
    return rest


def _note(gutter: str, label: str, message: str, width: int | None) -> Iterator[str]:
    head = f"{gutter} {click.style('=', fg='blue')} {click.style(label, bold=True)}: "
    indent = len(gutter) + len(label) + 5
    if width is None:
        yield head + printable(message)
        return
    first, *rest = wrapped(printable(message), max(width - indent, _MIN_WIDTH))
    yield head + first
    yield from (" " * indent + line for line in rest)


def _totals(summary: Summary) -> str:
    color = "red" if summary.errors else "yellow" if summary.warnings else "green"
    return click.style(summary.in_words(), fg=color, bold=True)


def _read_lines(file: str) -> Sequence[str]:
    try:
        with Path(file).open(encoding="utf-8-sig", errors="replace", newline="") as opened:
            text = opened.read(_MAX_SOURCE)
    except OSError:
        return ()
    return _lines(text)


def _lines(text: str) -> Sequence[str]:
    """Return the lines as YAML breaks them, which is at fewer characters than Python's ``splitlines`` does."""
    return re.split(r"\r\n|\r|\n", text)
