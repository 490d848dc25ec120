"""The history of a definitions root: every change to every definition, the newest first."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from metrics_dictionary.changes.history.change import Change, ChangeType
from metrics_dictionary.changes.history.log import LOG_FORMAT, commits_of
from metrics_dictionary.changes.history.tracing import Repository, changes_of, definition_commit
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.parse import max_bytes
from metrics_dictionary.tools.git import GitRefusedError, GitUnavailableError, RunningGit, blobs, git
from metrics_dictionary.tools.json_values import equal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from metrics_dictionary.changes.history.log import LoggedCommit

FOLDERS = {"metrics": Kind.METRIC, "events": Kind.EVENT}

_LOG = (
    *("log", "-z", "--raw", "-c", "--no-abbrev", "--no-renames", "--no-relative", "--no-ext-diff", "--no-textconv"),
    *("--date-order", "--no-notes", "--no-color", "--encoding=UTF-8", f"--format=tformat:{LOG_FORMAT}"),
    *("HEAD", "--", *FOLDERS),
)


@dataclass(frozen=True)
class History:
    """``changes`` are those of definitions that exist and of deleted ones.

    ``prefix`` is the path, in the repository, of the folder that holds the root; with a slash at the end or empty.
    When the history is not ``complete``, what came before its oldest commits is unknown.
    """

    changes: tuple[Change, ...]
    prefix: str = ""
    complete: bool = True

    @cached_property
    def by_file(self) -> Mapping[str, list[Change]]:
        """``file_path`` of a definition -> its changes, the newest first."""
        found: defaultdict[str, list[Change]] = defaultdict(list)
        for change in self.changes:
            found[change.file_path].append(change)
        return dict(found)

    @cached_property
    def latest(self) -> datetime | None:
        """When the last change was made: the day from which durations are counted, since a build has no date."""
        return max((change.commit.when for change in self.changes), default=None)

    def since(self, file_path: str, field: str, value: object) -> Change | None:
        """Return the change that gave a field the value that it still has; None when that is not known."""
        for change in self.by_file.get(file_path, ()):
            if change.type is ChangeType.ADDED:
                return change
            if changed := next((one for one in change.fields if one.field == field), None):
                return change if equal(changed.after, value) else None
        return None


class HistoryReading:
    """A reading that has begun; git works while its caller does something else.

    Whatever keeps git from answering (none installed, no repository, one that belongs to somebody else) means that
    there is no history, and is not an error.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._log = RunningGit(self._root, *_LOG)

    def __enter__(self) -> HistoryReading:
        return self

    def __exit__(self, *_: object) -> None:
        self._log.close()

    def finish(self) -> History | None:
        """Return the history; None where there is no git, no repository, or no commit of the root's files."""
        output = self._log.finish()
        if not output:
            return None
        try:
            return _history(_repository(self._root), list(commits_of(output)))
        except (GitRefusedError, GitUnavailableError):
            return None


def _repository(root: Path) -> Repository:
    answer = git(root, "rev-parse", "--is-shallow-repository", "--show-prefix", offline=True)
    shallow, _, prefix = answer.partition(b"\n")
    return Repository(root, os.fsdecode(prefix.removesuffix(b"\n")), shallow == b"true")


def _history(repository: Repository, commits: Iterable[LoggedCommit]) -> History:
    touching = [definition_commit(commit, repository, FOLDERS) for commit in commits]
    needed = dict.fromkeys(blob for commit in touching for blob in commit.blobs)
    contents = blobs(repository.root, needed, max_bytes(Kind.METRIC), offline=True)
    changes = changes_of(touching, contents)
    folder = "".join(repository.prefix.removesuffix("/").rpartition("/")[:2])
    return History(changes, folder, complete=not repository.shallow and len(contents) == len(needed))
