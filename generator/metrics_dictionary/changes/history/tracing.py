"""From blobs in place of blobs to changes of definitions, wherever their files were at the time.

The commits of a history come and go newest first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.changes.history.change import Change, ChangeType
from metrics_dictionary.changes.history.version import field_changes, version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from metrics_dictionary.changes.history.change import Commit
    from metrics_dictionary.changes.history.log import LoggedCommit
    from metrics_dictionary.changes.history.version import Version
    from metrics_dictionary.reading.document import Kind

    Versions = Callable[[Kind, str | None], Version | None]

ENDINGS = (".yml", ".yaml")
REMOVED = "removed"

_MILESTONE = re.compile(r"(\d{1,6})\.(\d{1,6})")


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository that roots are in; ``root`` is the first of them.

    ``above`` is the path in it of the folder that holds all roots. ``prefixes`` maps the path of each root in the
    repository to its path below that folder. The paths in the repository end with a slash or are empty. A shallow
    repository lacks what came before its oldest commits.
    """

    root: Path
    above: str
    prefixes: Mapping[str, str]
    shallow: bool


class Traced(NamedTuple):
    """``changes`` are those of all commits, the newest first.

    ``horizons`` maps the present path of a file to the cut of a shallow history that has it. ``uncertain`` are the
    present paths of files of which a version is not there, so that a change to them may be missing.
    """

    changes: tuple[Change, ...]
    horizons: Mapping[str, Commit]
    uncertain: frozenset[str]


class DefinitionFile(NamedTuple):
    """A definition's file in a commit. ``path`` is relative to the folder that holds the root."""

    kind: Kind
    path: str
    befores: tuple[str, ...]
    after: str | None

    @property
    def blobs(self) -> Iterator[str]:
        """The versions before and after the commit."""
        yield from self.befores
        if self.after is not None:
            yield self.after


class DefinitionCommit(NamedTuple):
    """A commit with the definitions' files that it touched; those of a ``cut`` were there before it, unchanged or not.

    A shallow history is cut off there.
    """

    commit: Commit
    files: tuple[DefinitionFile, ...]
    cut: bool = False

    @property
    def blobs(self) -> Iterator[str]:
        """The blobs that tell what it changed."""
        if self.cut:
            return
        for file in self.files:
            yield from file.blobs


def definition_commit(logged: LoggedCommit, repository: Repository, folders: Mapping[str, Kind]) -> DefinitionCommit:
    """Return the part of a commit that is about the root's definitions."""
    files: list[DefinitionFile] = []
    for file in logged.files:
        for prefix, root_path in repository.prefixes.items():
            below = file.path[len(prefix) :] if file.path.startswith(prefix) else ""
            kind = folders.get(below.partition("/")[0])
            if kind is not None and below.endswith(ENDINGS):
                befores = tuple(blob for blob in file.befores if blob is not None)
                files.append(DefinitionFile(kind, f"{root_path}/{below}", befores, file.after))
                break
    return DefinitionCommit(logged.commit, tuple(files), cut=logged.commit.horizon and repository.shallow)


def traced(commits: Iterable[DefinitionCommit], contents: Mapping[str, bytes]) -> Traced:
    """Return the changes of all commits, each with the milestone that was being made; ``contents`` are those of blobs.

    A definition that a commit moves keeps its history: all of its changes name the file that it is in today.
    """

    @cache
    def versions(kind: Kind, blob: str | None) -> Version | None:
        content = contents.get(blob or "")
        return version_of(kind, content) if content is not None else None

    today: dict[str, str] = {}
    told: list[tuple[list[Change], list[str]]] = []
    cuts: dict[str, dict[str | None, Commit]] = {}
    uncertain: set[str] = set()
    for commit in commits:
        lacking = (file for file in commit.files if any(blob not in contents for blob in file.blobs))
        if commit.cut:
            for file in commit.files:
                cuts.setdefault(today.get(file.path, file.path), {}).setdefault(file.after, commit.commit)
        else:
            uncertain.update(today.get(file.path, file.path) for file in lacking)
            told.append(_changes_of(commit, versions, today))
    # Cuts that have different versions of a file cannot tell which of them the oldest known change began with.
    horizons = {path: next(iter(found.values())) for path, found in cuts.items() if len(found) == 1}
    return Traced(_with_milestones(told), horizons, frozenset(uncertain))


def _changes_of(commit: DefinitionCommit, versions: Versions, today: dict[str, str]) -> tuple[list[Change], list[str]]:
    """Return the changes of a commit and the milestones that it names; ``today`` maps a path to the present one."""
    named: list[str] = []
    changes: list[Change] = []
    moves = _moves(commit.files, versions)
    gone = {move.path for move in moves.values()}
    for file in commit.files:
        if file.path in gone:
            continue
        current = today.get(file.path, file.path)
        source = moves.get(file.path)
        whole = file if source is None else file._replace(befores=source.befores)
        change = _change(commit.commit, whole, current, versions)
        if change is not None:
            changes.append(change)
            named += _milestone_named(change, versions(file.kind, file.after))
    for path, source in moves.items():
        today[source.path] = today.pop(path, path)
    return changes, named


def _change(commit: Commit, file: DefinitionFile, path: str, versions: Versions) -> Change | None:
    """Return what a commit did to a definition; None for nothing, or where a version is missing or not a definition."""
    befores = [version for version in (versions(file.kind, blob) for blob in file.befores) if version is not None]
    after = versions(file.kind, file.after)
    shown = befores[0] if file.after is None and befores else after
    if shown is None or (file.befores and not befores):
        return None
    if not (name := shown.name):
        return None
    group = shown.text("product_group")
    if file.after is None or not file.befores:
        change_type = ChangeType.DELETED if file.after is None else ChangeType.ADDED
        return Change(commit, file.kind, change_type, name, group, path)
    fields = field_changes(befores, shown)
    if not fields:
        return None
    removed = any(change.field == "status" and change.after == REMOVED for change in fields)
    return Change(commit, file.kind, ChangeType.REMOVED if removed else ChangeType.CHANGED, name, group, path, fields)


def _milestone_named(change: Change, after: Version | None) -> Iterator[str]:
    # What a commit adds may be removed already: an import brings a whole past.
    fields = {ChangeType.ADDED: ("milestone", "milestone_removed"), ChangeType.REMOVED: ("milestone_removed",)}
    for field in fields.get(change.type, ()):
        if after is not None and (milestone := after.text(field)):
            yield milestone


def _moves(files: Sequence[DefinitionFile], versions: Versions) -> dict[str, DefinitionFile]:
    """Return new path -> the file that was moved there: the same content, or else the same name of a definition.

    Git's own search for renames compares contents, and all definitions are alike; their names tell exactly.
    """
    gone = [file for file in files if file.after is None]
    if not gone:
        return {}
    new = [file for file in files if not file.befores]
    moves: dict[str, DefinitionFile] = {}
    for key in (_content, lambda file: _name(file, versions)):
        sources = {key(file): file for file in reversed(gone) if file not in moves.values()}
        for file in new:
            if file.path not in moves and (wanted := key(file)) is not None and wanted in sources:
                moves[file.path] = sources.pop(wanted)
    return moves


def _content(file: DefinitionFile) -> object:
    return (file.kind, file.after or file.befores[0])


def _name(file: DefinitionFile, versions: Versions) -> object:
    version = versions(file.kind, file.after or file.befores[0])
    return (file.kind, version.name) if version is not None and version.name else None


def _with_milestones(commits: Sequence[tuple[Sequence[Change], Iterable[str]]]) -> tuple[Change, ...]:
    """Return the changes of all commits, each with its commit's milestone.

    Each commit has the milestones that it names: those in which the definitions that it adds are introduced, and those
    that it removes are removed. The highest of them is its milestone; one that names none has that of the commit
    before it. A horizon has none: what it brings is of all milestones. A typing error in one definition so reaches no
    further than the next commit that names a milestone.
    """
    current: str | None = None
    dated: list[list[Change]] = []
    for changes, named in reversed(commits):
        current = max(filter(_version_numbers, named), key=_version_numbers, default=current)
        if changes:
            # All changes of a commit share one: there are thousands in the commit that imports a tree.
            commit = changes[0].commit
            if not commit.horizon:
                commit = replace(commit, milestone=current)
            dated.append([replace(change, commit=commit) for change in changes])
    return tuple(change for changes in reversed(dated) for change in changes)


def _version_numbers(milestone: str) -> tuple[int, ...]:
    match = _MILESTONE.fullmatch(milestone)
    return (int(match[1]), int(match[2])) if match else ()
