"""From blobs in place of blobs to changes of definitions, wherever their files were at the time."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.changes.history.change import Change, What
from metrics_dictionary.changes.history.version import field_changes, version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from metrics_dictionary.changes.history.change import Commit
    from metrics_dictionary.changes.history.history import Repository
    from metrics_dictionary.changes.history.log import LoggedCommit
    from metrics_dictionary.changes.history.version import Version
    from metrics_dictionary.reading.document import Kind

    Versions = Callable[[Kind, str | None], Version | None]

ENDINGS = (".yml", ".yaml")
REMOVED = "removed"


class Touched(NamedTuple):
    """A definition's file in a commit. ``path`` is relative to the folder that holds the root."""

    kind: Kind
    path: str
    befores: tuple[str, ...]
    after: str | None


class Traced(NamedTuple):
    """A commit with the definitions' files that it touched."""

    commit: Commit
    files: tuple[Touched, ...]

    @property
    def blobs(self) -> Iterator[str]:
        """The blobs that tell what it changed."""
        for file in self.files:
            yield from file.befores
            if file.after is not None:
                yield file.after


def traced(logged: LoggedCommit, repository: Repository, folders: Mapping[str, Kind]) -> Traced:
    """Return the part of a commit that is about the root's definitions.

    Where a shallow history is cut off nothing was changed: what git shows as added was there before.
    """
    if logged.first and repository.shallow:
        return Traced(logged.commit, ())
    files: list[Touched] = []
    for file in logged.files:
        below = file.path.removeprefix(repository.prefix)
        kind = folders.get(below.partition("/")[0])
        if kind is not None and below.endswith(ENDINGS):
            befores = tuple(blob for blob in file.befores if blob is not None)
            files.append(Touched(kind, f"{repository.root.name}/{below}", befores, file.after))
    return Traced(logged.commit, tuple(files))


def changes_of(commits: Iterable[Traced], contents: Mapping[str, bytes]) -> list[tuple[list[Change], list[str]]]:
    """Return, for each commit, its changes and the milestones that it names.

    The commits come newest first. A definition that a commit moves keeps its history: its later changes and its earlier
    ones have the file in common that it is in today.
    """

    @cache
    def versions(kind: Kind, blob: str | None) -> Version | None:
        content = contents.get(blob or "")
        return version_of(kind, content) if content is not None else None

    today: dict[str, str] = {}
    return [_changes_of(traced, versions, today) for traced in commits]


def _changes_of(traced: Traced, versions: Versions, today: dict[str, str]) -> tuple[list[Change], list[str]]:
    named: list[str] = []
    changes: list[Change] = []
    moves = _moves(traced.files, versions)
    gone = {move.path for move in moves.values()}
    for file in traced.files:
        if file.path in gone:
            continue
        current = today.get(file.path, file.path)
        source = moves.get(file.path)
        whole = file if source is None else file._replace(befores=source.befores)
        change = _change(traced.commit, whole, current, versions)
        if change is not None:
            changes.append(change)
            named += _milestone_named(change, versions(file.kind, file.after))
    for path, source in moves.items():
        today[source.path] = today.pop(path, path)
    return changes, named


def _change(commit: Commit, file: Touched, path: str, versions: Versions) -> Change | None:
    """Return what a commit did to a definition; None when that is nothing, or a version is missing or no definition."""
    befores = [version for version in (versions(file.kind, blob) for blob in file.befores) if version is not None]
    after = versions(file.kind, file.after)
    shown = befores[0] if file.after is None and befores else after
    if shown is None or (file.befores and not befores):
        return None
    name = shown.text("key_path" if "key_path" in shown.texts else "action")
    if not name:
        return None
    group = shown.text("product_group")
    if file.after is None or not file.befores:
        what = What.REMOVED if file.after is None else What.ADDED
        return Change(commit, file.kind, what, name, group, path)
    fields = field_changes(befores, shown)
    if not fields:
        return None
    removed = any(change.field == "status" and change.after == REMOVED for change in fields)
    return Change(commit, file.kind, What.REMOVED if removed else What.CHANGED, name, group, path, fields)


def _milestone_named(change: Change, after: Version | None) -> Iterator[str]:
    # What a commit adds may be removed already: an import brings a whole past.
    fields = {What.ADDED: ("milestone", "milestone_removed"), What.REMOVED: ("milestone_removed",)}
    for field in fields.get(change.what, ()):
        if after is not None and (milestone := after.text(field)):
            yield milestone


def _moves(files: Sequence[Touched], versions: Versions) -> dict[str, Touched]:
    """Return new path -> the file that was moved there: the same content, or else the same name of a definition.

    Git's own search for renames compares contents, and all definitions are alike; their names tell exactly.
    """
    gone = [file for file in files if file.after is None]
    if not gone:
        return {}
    new = [file for file in files if not file.befores]
    moves: dict[str, Touched] = {}
    for key in (_content, lambda file: _name(file, versions)):
        sources = {key(file): file for file in reversed(gone) if file not in moves.values()}
        for file in new:
            if file.path not in moves and (wanted := key(file)) is not None and wanted in sources:
                moves[file.path] = sources.pop(wanted)
    return moves


def _content(file: Touched) -> object:
    return (file.kind, file.after or file.befores[0])


def _name(file: Touched, versions: Versions) -> object:
    version = versions(file.kind, file.after or file.befores[0])
    if version is None:
        return None
    name = version.text("key_path" if "key_path" in version.texts else "action")
    return (file.kind, name) if name else None
