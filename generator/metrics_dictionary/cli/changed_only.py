"""Leaving out the findings that a change did not cause."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.validation.validate import Outcome

MAIN = ""
"""Stands for the main branch, in place of a revision."""


def taken_for_revision(revision: str | None, paths: tuple[Path, ...]) -> tuple[str | None, tuple[Path, ...]]:
    """Return the revision and the paths that were meant.

    ``--changed-only definitions`` reads as if a revision were called so. What exists as a path and is no revision is
    the path to check.
    """
    from metrics_dictionary.tools.git import commit_id

    if not revision or not Path(revision).exists():
        return revision, paths
    try:
        named = commit_id(Path.cwd(), revision)
    except OperationalError:
        named = None
    return (revision, paths) if named else (MAIN, (Path(revision), *paths))


def only_changed(outcome: Outcome, paths: Iterable[Path], revision: str) -> Outcome:
    """Return the outcome without the findings on lines that did not change, and say on standard error what is missing.

    Raises OperationalError when git cannot tell what changed.
    """
    from metrics_dictionary.reading.root import find_root
    from metrics_dictionary.reports.changed_lines import changed_lines
    from metrics_dictionary.validation.rules.against import AGAINST_RULES

    folders = {find_root(path) or path.parent for path in paths}
    changed = changed_lines(sorted(folders), revision or None)
    # What changed since an edition is about changes by itself, also where it stands on an old line or in a lost file.
    kept = tuple(one for one in outcome.diagnostics if one.rule in AGAINST_RULES or changed.concern(one))
    for limit in changed.limits:
        click.echo(f"note: {limit}", err=True)
    if left_out := len(outcome.diagnostics) - len(kept):
        click.echo(f"note: {left_out:,} more on unchanged lines", err=True)
    return replace(outcome, diagnostics=kept)
