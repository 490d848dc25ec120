"""What commands other than ``validate`` say of findings: a line each, on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.tools.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.dictionary.diagnostic import Diagnostic

SHOWN = 20


def report_unread(diagnostics: Iterable[Diagnostic]) -> bool:
    """Name the errors on standard error, the first ones of many; return whether there were any."""
    errors = [diagnostic for diagnostic in diagnostics if diagnostic.severity is Severity.ERROR]
    for error in errors[:SHOWN]:
        place = printable(f"{error.file}:{error.line}:{error.column}")
        click.echo(f"{place}: {error.rule}: {printable(error.message)}", err=True)
    if len(errors) > SHOWN:
        click.echo(f"and {len(errors) - SHOWN:,} more; `metrics-dictionary validate` shows them all", err=True)
    return bool(errors)
