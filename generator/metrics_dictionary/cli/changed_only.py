"""Leaving out the findings that a change did not cause."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.cli.console import note
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.validation.validate import Outcome

MAIN_BRANCH = ""
"""Stands for the main branch, in place of a revision."""


def revision_and_paths(revision: str | None, paths: tuple[Path, ...]) -> tuple[str | None, tuple[Path, ...]]:
    """Return the revision and the paths that the command line means.

    In ``--changed-only definitions`` the option takes the path for its revision. What exists as a path and is not a
    revision is a path to check, and the revision was left out.
    """
    from metrics_dictionary.tools.git import commit_id

    if not revision or not Path(revision).exists():
        return revision, paths
    try:
        named = commit_id(Path.cwd(), revision)
    except OperationalError:
        named = None
    return (revision, paths) if named else (MAIN_BRANCH, (Path(revision), *paths))


def only_changed(outcome: Outcome, paths: Iterable[Path], revision: str) -> Outcome:
    """Return the outcome without the findings on lines that did not change, and say on standard error what is missing.

    Raises OperationalError when git cannot tell what changed.
    """
    from metrics_dictionary.reading.root import find_root
    from metrics_dictionary.reports.changed_lines import changed_lines
    from metrics_dictionary.validation.rules.registry import rules_of
    from metrics_dictionary.validation.rules.rule import Scope

    folders = {find_root(path) or path.parent for path in paths}
    of_changes = rules_of(Scope.COMPARISON)
    changed = changed_lines(sorted(folders), revision or None)
    # What changed since an edition is about changes by itself, also where it stands on an old line or in a lost file.
    kept = tuple(one for one in outcome.diagnostics if one.rule in of_changes or changed.concern(one))
    for limit in changed.limits:
        note(limit)
    if left_out := len(outcome.diagnostics) - len(kept):
        note(f"{left_out:,} more on unchanged lines")
    return replace(outcome, diagnostics=kept)
