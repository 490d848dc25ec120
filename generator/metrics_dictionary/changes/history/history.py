"""The history of a definitions root: every change to every definition, the newest first."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from metrics_dictionary.changes.history.change import Change, What
from metrics_dictionary.changes.history.git import RunningLog, blobs, find_repository
from metrics_dictionary.changes.history.log import commits_of
from metrics_dictionary.changes.history.milestones import with_milestones
from metrics_dictionary.changes.history.tracing import changes_of, traced
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.parse import largest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from metrics_dictionary.changes.history.git import Repository
    from metrics_dictionary.changes.history.log import LoggedCommit

FOLDERS = {"metrics": Kind.METRIC, "events": Kind.EVENT}


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
            if change.what is What.ADDED:
                return change
            if changed := next((one for one in change.fields if one.field == field), None):
                return change if changed.after == value else None
        return None


class HistoryReading:
    """A reading that has begun; git works while its caller does something else."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._log = RunningLog(self._root, FOLDERS)

    def __enter__(self) -> HistoryReading:
        return self

    def __exit__(self, *_: object) -> None:
        self._log.close()

    def finish(self) -> History | None:
        """Return the history; None where there is no git, no repository, or no commit of the root's files."""
        output = self._log.finish()
        repository = find_repository(self._root) if output else None
        if not output or repository is None:
            return None
        return _history(repository, list(commits_of(output)))


def read_history(root: Path) -> History | None:
    """Read the history of a root; see ``HistoryReading.finish``."""
    with HistoryReading(root) as reading:
        return reading.finish()


def _history(repository: Repository, commits: Iterable[LoggedCommit]) -> History:
    touching = [traced(commit, repository, FOLDERS) for commit in commits]
    needed = dict.fromkeys(blob for commit in touching for blob in commit.blobs)
    contents = blobs(repository.root, needed, largest(Kind.METRIC))
    changes = with_milestones(changes_of(touching, contents))
    folder = "".join(repository.prefix.removesuffix("/").rpartition("/")[:2])
    return History(changes, folder, complete=not repository.shallow and len(contents) == len(needed))
