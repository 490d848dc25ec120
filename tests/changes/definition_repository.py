"""Repositories of definitions, made with git for one test each."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import yaml

from metrics_dictionary.changes.history.history import read_history

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.changes.history.history import History

ENVIRONMENT = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.com",
}


def metric(**fields: object) -> dict[str, object]:
    return {
        "key_path": "counts.boards",
        "description": "Boards in all projects and groups.",
        "product_group": "planning",
        "status": "active",
        "milestone": "16.1",
    } | fields


class DefinitionRepository:
    """A repository with a definitions root; each commit is made a day after the one before it."""

    def __init__(self, folder: Path, root: str = "definitions") -> None:
        self.folder = folder
        self.root = folder / root
        self._day = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, **environment: str) -> str:
        command = ["git", "-C", str(self.folder), *arguments]
        done = subprocess.run(command, env=ENVIRONMENT | environment, capture_output=True, check=True)
        return done.stdout.decode()

    def write(self, path: str, content: object) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
        file.write_text(text, encoding="utf-8")

    def commit(self, message: str = "Say it better") -> None:
        """Commit everything. The first day is 1 January 2025."""
        when = f"{1_735_732_800 + 86_400 * self._day} +0000"
        self._day += 1
        self.git("add", "--all")
        self.git(
            *("commit", "--quiet", "--allow-empty", "--message", message),
            GIT_AUTHOR_DATE=when,
            GIT_COMMITTER_DATE=when,
        )

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
