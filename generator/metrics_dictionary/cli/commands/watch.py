"""``metrics-dictionary watch``: the check that runs at every save."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.console import progress, terminal_width
from metrics_dictionary.cli.options import definitions_roots, product_groups_option, settings_file_option
from metrics_dictionary.reports.report import Summary
from metrics_dictionary.reports.text_report import render_findings
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.text import abridged, listed, printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.validation.validate import Validation
    from metrics_dictionary.validation.watch import Update, Watch

MIN_PAUSE = 0.06
"""Seconds between two looks at the files, at least."""

PAUSE_FACTOR = 4
"""A look that takes a second is followed by a pause of so many: one fifth of a processor at most."""

MAX_NAMES = 3
"""Saved files that are named; the others are counted."""


@click.command("watch")
@click.argument("roots", nargs=-1, type=click.Path(path_type=Path), metavar="[ROOT]...")
@settings_file_option
@product_groups_option
def command(roots: tuple[Path, ...], settings_file: Path | None, product_groups: Path | None) -> None:
    """Check the definitions of the roots, and again whenever one of them is saved, until interrupted.

    After each save, it prints the findings in the files that were saved, those that the save caused elsewhere, and
    those that it settled. In a pipe, every finding is one line.

    \b
    Example:
      metrics-dictionary watch definitions
    """
    from metrics_dictionary.validation.watch import Watch

    roots = roots or definitions_roots(settings_file)
    watch = Watch(roots, product_groups)
    with progress("Checking definitions:") as draw:
        first = watch.update(draw)
    try:
        if first is not None:
            _show(first.validation.diagnostics, (), first.validation)
            click.echo(f"Watching {listed([printable(str(root)) for root in roots])}; press Ctrl-C to stop.")
            _follow(watch, first.validation)
    except KeyboardInterrupt:
        click.echo()


def _follow(watch: Watch, last: Validation) -> None:
    for update in _updates(watch):
        click.echo(f"{time.strftime('%H:%M:%S')} {abridged(map(printable, update.changed), MAX_NAMES)}")
        before = {_identity(diagnostic) for diagnostic in last.diagnostics}
        now = {_identity(diagnostic) for diagnostic in update.validation.diagnostics}
        shown = [
            diagnostic
            for diagnostic in update.validation.diagnostics
            if diagnostic.file in update.changed or _identity(diagnostic) not in before
        ]
        settled = [diagnostic for diagnostic in last.diagnostics if _identity(diagnostic) not in now]
        _show(shown, settled, update.validation)
        last = update.validation


def _updates(watch: Watch) -> Iterator[Update]:
    """Yield an update for every change.

    An error is reported when it is still there at the second look: an editor may just be putting a file back.
    """
    last_error = reported = ""
    while True:
        started = time.monotonic()
        try:
            update = watch.update()
            last_error = reported = ""
        except OperationalError as error:
            update = None
            if str(error) == last_error != reported:
                click.echo(f"error: {last_error}", err=True)
                reported = last_error
            last_error = str(error)
        if update is not None:
            yield update
        else:
            time.sleep(max(MIN_PAUSE, PAUSE_FACTOR * (time.monotonic() - started)))


def _show(shown: Sequence[Diagnostic], settled: Collection[Diagnostic], validation: Validation) -> None:
    if sys.stdout.isatty():
        for block in render_findings(shown, terminal_width()):
            click.echo(f"{block}\n")
    else:
        for diagnostic in shown:
            click.echo(_line(diagnostic))
    for diagnostic in settled:
        click.echo(f"settled: {_line(diagnostic)}")
    click.echo(Summary.of(validation.diagnostics, validation.files_checked).in_words())


def _line(diagnostic: Diagnostic) -> str:
    return printable(f"{diagnostic.location}: {diagnostic.severity.value}[{diagnostic.rule}]: {diagnostic.message}")


def _identity(diagnostic: Diagnostic) -> tuple[str, str, str, str]:
    """Return what makes a finding the same after the lines of its file have moved."""
    return diagnostic.file, diagnostic.rule, diagnostic.path, diagnostic.message
