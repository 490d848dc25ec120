"""The history of definitions roots: every change to every definition, the newest first."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.changes.history.change import Change, ChangeType
from metrics_dictionary.changes.history.log import LOG_FORMAT, commits_of, when_committed
from metrics_dictionary.changes.history.tracing import Repository, definition_commit, traced
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.parse import max_bytes
from metrics_dictionary.reading.root import root_paths
from metrics_dictionary.tools.git import GitRefusedError, GitUnavailableError, RunningGit, blobs, git
from metrics_dictionary.tools.json_values import equal
from metrics_dictionary.tools.text import counted, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from metrics_dictionary.changes.history.change import Commit
    from metrics_dictionary.changes.history.log import LoggedCommit
    from metrics_dictionary.reading.root import Roots

FOLDERS = {"metrics": Kind.METRIC, "events": Kind.EVENT}

_LOG = (
    *("log", "-z", "--raw", "-c", "--no-abbrev", "--no-renames", "--no-relative", "--no-ext-diff", "--no-textconv"),
    *("--date-order", "--no-notes", "--no-color", "--encoding=UTF-8", f"--format=tformat:{LOG_FORMAT}"),
    *("HEAD", "--"),
)


class Since(NamedTuple):
    """The commit since which something is so, ``at_least``: when nobody knows whether it was so before.

    The commit then says nothing about a milestone.
    """

    commit: Commit
    at_least: bool


@dataclass(frozen=True)
class History:
    """``changes`` are those of definitions that exist and of deleted ones.

    ``prefix`` is the path, in the repository, of the folder that holds the roots; with a slash at the end or empty.
    When the history is not ``complete``, what came before its oldest commits is unknown. ``horizons`` maps the path of
    a definition to the oldest commit of a shallow history, where it was already. ``uncertain`` are the paths of
    definitions of which a version is missing. ``head`` is when the last commit was made, about definitions or not.
    """

    changes: tuple[Change, ...]
    prefix: str = ""
    complete: bool = True
    horizons: Mapping[str, Commit] = field(default_factory=dict)
    uncertain: frozenset[str] = frozenset()
    head: datetime | None = None

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
        return max((change.commit.when for change in self.changes), default=self.head)

    def since(self, file_path: str, name: str, value: object) -> Since | None:
        """Return since when a field has the value that it has; None when that is not known.

        A definition that came with the value may have had it before, somewhere else.
        """
        if file_path in self.uncertain:
            return None
        for change in self.by_file.get(file_path, ()):
            if change.type is ChangeType.ADDED:
                return Since(change.commit, at_least=True)
            if changed := next((one for one in change.fields if one.field == name), None):
                return Since(change.commit, at_least=False) if equal(changed.after, value) else None
        horizon = self.horizons.get(file_path)
        return Since(horizon, at_least=True) if horizon else None


class Recorded(NamedTuple):
    """What git tells of a root. ``history`` is None where it tells nothing, ``head`` when the last commit was made.

    ``loss`` is one line about history that there is but that could not be read, and what to do; empty for none.
    """

    history: History | None
    head: datetime | None = None
    loss: str = ""


class HistoryReading:
    """A reading that has begun; git works while its caller does something else.

    A root outside any repository, without a commit, or ignored by git has no history, and that is not a loss.
    """

    def __init__(self, roots: Roots) -> None:
        self._paths = {root.resolve(): root_path for root, root_path in root_paths(roots).items()}
        self._root = next(iter(self._paths))
        folders = [os.path.relpath(root / folder, self._root) for root in self._paths for folder in FOLDERS]
        self._log = RunningGit(self._root, *_LOG, *folders)

    def __enter__(self) -> HistoryReading:
        return self

    def __exit__(self, *_: object) -> None:
        self._log.close()

    def finish(self) -> Recorded:
        """Return what git tells."""
        output = self._log.finish()
        head: datetime | None = None
        try:
            head = _head(self._root)
            if output is None:
                return Recorded(None, head, "the history of the definitions cannot be read; see what `git log` says")
            if not output:
                return Recorded(None, head)
            return _recorded(_repository(self._root, list(self._paths.values())), list(commits_of(output)), head)
        except (GitRefusedError, GitUnavailableError) as error:
            return Recorded(None, head, _loss(self._root, str(error)))


def _head(root: Path) -> datetime:
    return when_committed(git(root, "log", "-1", "--format=%ct", offline=True))


def _loss(root: Path, reason: str) -> str:
    """Say that the history is there and cannot be read, and why; nothing where there is none."""
    if _UNBORN in reason or not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return ""
    foreign = _FOREIGN.search(reason)
    remedy = f"`git config --global --add safe.directory {foreign[1]}` trusts it" if foreign else _ASK_GIT
    return f"the history of the definitions is left out: {one_line(reason)}; {remedy}"


_UNBORN = "does not have any commits yet"
_FOREIGN = re.compile("dubious ownership in repository at '(.+)'")
_ASK_GIT = "`git log` has to work in this folder"


def _repository(root: Path, paths: Sequence[str]) -> Repository:
    """Return the repository that ``root`` is in. ``paths`` are the roots' paths below the folder that holds them."""
    answer = git(root, "rev-parse", "--is-shallow-repository", "--show-prefix", offline=True)
    shallow, _, output = answer.partition(b"\n")
    own = os.fsdecode(output.removesuffix(b"\n"))
    above = own.removesuffix(f"{paths[0]}/")
    # A root that is the top of the repository has its name from the folder above, of which git knows nothing.
    prefixes = {f"{above}{path}/" if own else f"{path}/".removeprefix(f"{paths[0]}/"): path for path in paths}
    return Repository(root, above, prefixes, shallow == b"true")


def _recorded(repository: Repository, commits: Iterable[LoggedCommit], head: datetime) -> Recorded:
    touching = [definition_commit(commit, repository, FOLDERS) for commit in commits]
    needed = dict.fromkeys(blob for commit in touching for blob in commit.blobs)
    contents = blobs(repository.root, needed, max_bytes(Kind.METRIC), offline=True)
    found = traced(touching, contents)
    complete = not repository.shallow and len(contents) == len(needed)
    history = History(found.changes, repository.above, complete, found.horizons, found.uncertain, head)
    lacking = _lacking(repository.root, [blob for blob in needed if blob not in contents])
    return Recorded(history, head, _cut_off(repository, lacking))


def _lacking(root: Path, left_out: Sequence[str]) -> int:
    """Return how many versions are not in this clone, as opposed to those that are too large for a definition."""
    if not left_out:
        return 0
    given = "".join(f"{blob}\n" for blob in left_out).encode()
    try:
        return git(root, "cat-file", "--batch-check", given=given, offline=True).count(b" missing\n")
    except GitRefusedError:  # what a partial clone says offline of the first object that it lacks
        return len(left_out)


def _cut_off(repository: Repository, lacking: int) -> str:
    if repository.shallow:
        return (
            "this shallow clone has only a part of the history of the definitions; `git fetch --unshallow` brings the "
            "rest, in CI `fetch-depth: 0` or `GIT_DEPTH: 0`"
        )
    if lacking:
        return (
            f"this partial clone lacks {counted(lacking, 'version')} of definitions, so a part of their history is "
            "missing; clone without `--filter`"
        )
    return ""
