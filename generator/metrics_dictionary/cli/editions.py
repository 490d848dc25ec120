"""What several commands need to compare editions of the definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from metrics_dictionary.tools.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from metrics_dictionary.changes.compare.edition import Edition
    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.validation.rules.context import RuleContext


def promises_since(against: str | None) -> Callable[[Path, RuleContext], list[Diagnostic]] | None:
    """Return what finds the broken promises since an edition; None without one."""
    if against is None:
        return None
    from metrics_dictionary.changes.compare.check import lifecycle_check

    return lifecycle_check(against, lambda edition: note(f"compared with {in_words(edition)}"))


def in_words(edition: Edition) -> str:
    """Return what an edition is: ``HEAD~1 (1a2b3c4d5): 5,000 metrics and 312 events``."""
    dictionary = edition.dictionary
    metrics = f"{len(dictionary.metrics):,} metrics"
    events = "" if dictionary.event_definitions is None else f" and {len(dictionary.event_definitions):,} events"
    return f"{edition.name}: {metrics}{events}"


def note(message: str) -> None:
    """Say something on standard error that is no finding."""
    click.echo(f"note: {printable(message)}", err=True)
