"""What commands show: tables on standard output; progress, notes and errors on standard error."""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.tools.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.reading.read import Reading

MAX_ERRORS = 20
"""Errors that `error_lines` names; the others are counted."""

PROGRESS_DELAY = 1.0
"""Seconds; work that ends sooner shows no progress."""

PROGRESS_INTERVAL = 0.1
"""Seconds between two updates of the progress line."""


def terminal_width() -> int | None:
    """Return the terminal's width in columns, or None for a pipe or a file, where nothing is folded."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def color_allowed() -> bool:
    """Return whether a terminal may be given colors: ``NO_COLOR`` is empty, and the terminal is not a dumb one."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def render_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned columns with two blanks between them: for a terminal, and for ``awk`` as well."""
    lines = [list(head), *([printable(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )


def note(message: str) -> None:
    """Say something on standard error that is not a finding."""
    click.echo(f"note: {printable(message)}", err=True)


def report_error(diagnostic: Diagnostic) -> None:
    """Name one error on standard error, on one line: place, rule, message."""
    click.echo(_error_line(diagnostic), err=True)


def report_left_out(reading: Reading) -> bool:
    """Name on standard error the definitions that have no place in the dictionary; return whether there are any."""
    from metrics_dictionary.reading.read import left_out

    lost = left_out(reading)
    for file_path, reason in lost:
        click.echo(printable(f"left out: {file_path}: {reason}"), err=True)
    return bool(lost)


def report_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Name the errors among the findings, the first ones of many; return whether there are any.

    For commands other than ``validate``, which only have to say what their result lacks.
    """
    lines = error_lines(diagnostics)
    for line in lines:
        click.echo(line, err=True)
    return bool(lines)


def error_lines(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """Return a line for each error among the findings; of many, for the first ones, and one that counts the rest."""
    errors = [diagnostic for diagnostic in diagnostics if diagnostic.severity is Severity.ERROR]
    lines = [_error_line(error) for error in errors[:MAX_ERRORS]]
    if len(errors) > MAX_ERRORS:
        lines.append(f"and {len(errors) - MAX_ERRORS:,} more; `metrics-dictionary validate` shows them all")
    return lines


def _error_line(diagnostic: Diagnostic) -> str:
    return f"{printable(diagnostic.location)}: {diagnostic.rule}: {printable(diagnostic.message)}"


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """Give a function ``(done, total)`` that draws a progress line on stderr, or None where that is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    line = _ProgressLine(label)
    try:
        yield line.draw
    finally:
        line.clear()


class _ProgressLine:
    def __init__(self, label: str) -> None:
        self._label = label
        self._next = time.monotonic() + PROGRESS_DELAY
        self._drawn = False

    def draw(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next, self._drawn = now + PROGRESS_INTERVAL, True
        sys.stderr.write(f"\r\x1b[K{self._label} {done:,} of {total:,}")
        sys.stderr.flush()

    def clear(self) -> None:
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
