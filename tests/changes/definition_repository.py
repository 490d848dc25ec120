"""Repositories of definitions, made with git for one test each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.changes.history.history import HistoryReading
from tests.repository import commit, git
from tests.small_root import write

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.changes.history.history import History


def read_history(root: Path) -> History | None:
    with HistoryReading(root) as reading:
        return reading.finish().history


class DefinitionRepository:
    """A repository with a definitions root; each commit is made a day after the one before it."""

    def __init__(self, folder: Path, root: str = "definitions") -> None:
        self.folder = folder
        self.root = folder / root
        self._day = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, **environment: str) -> str:
        return git(self.folder, *arguments, **environment)

    def write(self, path: str, content: object) -> None:
        write(self.root / path, content)

    def commit(self, message: str = "Say it better") -> None:
        """Commit everything. The first day is 1 January 2025."""
        when = f"{1_735_732_800 + 86_400 * self._day} +0000"
        self._day += 1
        commit(self.folder, message, GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when)

    def write_and_commit(self, path: str, content: object, message: str = "Say it better") -> None:
        self.write(path, content)
        self.commit(message)

    def history(self) -> History:
        history = read_history(self.root)
        assert history is not None
        return history


def told(history: History) -> list[tuple[str, str, dict[str, tuple[object, object]]]]:
    """What became of which definition, field by field, the newest first."""
    return [
        (change.type.value, change.name, {one.field: (one.before, one.after) for one in change.fields})
        for change in history.changes
    ]
