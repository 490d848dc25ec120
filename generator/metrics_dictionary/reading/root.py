"""The files of a definitions root: which there are, what each holds, and how it is named.

A definitions root is a folder with ``metrics/`` and, if it has any, ``events/``, ``instrumentations/``,
``object_schemas/`` and ``product_groups.yml``; GitLab's ``config`` is one, with its object schemas inside ``metrics/``.
Several roots that are named together, such as GitLab's ``config`` and ``ee/config``, form one dictionary.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from metrics_dictionary.reading.document import Kind
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.files import file_bytes
from metrics_dictionary.tools.near_misses import near_miss

if TYPE_CHECKING:
    from collections.abc import Iterator

Roots: TypeAlias = Path | tuple[Path, ...]
"""A definitions root, or several that form one dictionary: where two define the same, the earlier one wins."""

PRODUCT_GROUPS = "product_groups.yml"

_YAML = (".yml", ".yaml")
_JSON = (".json",)
FOLDERS = {
    "metrics": (Kind.METRIC, _YAML),
    "events": (Kind.EVENT, _YAML),
    "instrumentations": (Kind.INSTRUMENTATIONS, _YAML),
    "object_schemas": (Kind.OBJECT_SCHEMA, _JSON),
}
OBJECT_SCHEMAS_OF_METRICS = {"objects_schemas", "object_schemas"}
_SCHEMAS = {"schema"}
_NOT_METRICS = "metrics/aggregates"
"""Definitions of another kind, which GitLab keeps there."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be read.

    ``path`` opens it. ``file`` is the path as the person named it, for messages; ``file_path`` is relative to the
    folder that holds the definitions root, and ``root_path`` the part of it that is the root: ``config``, or
    ``ee/config`` beside another root. ``unsaved`` stands in place of what the file holds: an editor's text.
    """

    path: Path
    file: str
    file_path: str
    kind: Kind
    unsaved: bytes | None = None
    root_path: str = ""


def folders_of(roots: Roots) -> tuple[Path, ...]:
    """Return the folders of roots, each once, in their order."""
    if isinstance(roots, Path):
        return (roots,)
    return tuple({os.path.realpath(root): root for root in reversed(roots)}.values())[::-1]


def root_paths(roots: Roots) -> dict[Path, str]:
    """Return root -> its path below the folder that all roots have in common: what ``file_path`` begins with."""
    real = {root: root.resolve() for root in folders_of(roots)}
    above = os.path.commonpath([path.parent for path in real.values()])
    return {root: path.relative_to(above).as_posix() if path.name else "" for root, path in real.items()}


def find_files(roots: Roots) -> tuple[SourceFile, ...]:
    """Return the files of definitions roots, one root after the other, sorted by path.

    Raises OperationalError when a root is not a folder, has neither ``metrics/`` nor ``events/``, when there is no
    definition, or when something in it cannot be read as what its name says: a folder named ``x.yml``, a link that
    leads nowhere or out of the root.
    """
    found: list[SourceFile] = []
    for root, root_path in root_paths(roots).items():
        try:
            _check_root(root)
        except OSError as error:
            raise OperationalError(f"{shown(root)}: cannot read the folder: {error.strerror}") from error
        files = [
            SourceFile(Path(entry.path), entry.path, f"{root_path}/{relative}", kind, root_path=root_path)
            for relative, entry, kind in _files(root)
        ]
        if not any(source.kind in (Kind.METRIC, Kind.EVENT) for source in files):
            raise OperationalError(f"{shown(root)}: no definition in it; a metric is a file metrics/FOLDER/NAME.yml")
        found += sorted(files, key=lambda source: source.file_path)
    return tuple(found)


def find_root(path: Path) -> Path | None:
    """Return the definitions root that a path belongs to: the path itself or the nearest folder above, or None.

    The result is written the way ``path`` is: relative when that is relative.
    """
    absolute = path.resolve()
    above = [folder for folder in (absolute, *absolute.parents) if _belongs(absolute, folder)]
    # A folder of metrics may be called events: what has metrics/ comes first.
    for part in ("metrics", "events"):
        for folder in above:
            if (folder / part).is_dir():
                return folder if path.is_absolute() else Path(os.path.relpath(folder))
    return None


def is_root(folder: Path) -> bool:
    """Return whether a folder has definitions where a definitions root has them."""
    return (folder / "metrics").is_dir() or (folder / "events").is_dir()


def misspelled_part(folder: Path) -> str:
    """Return a hint at a folder inside that may be meant for metrics/ or events/; empty where there is none."""
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and (right := near_miss(entry.name, ("metrics", "events"))):
            return f"is {shown(entry)}/ meant to be {right}/?"
    return ""


def with_unsaved(sources: tuple[SourceFile, ...], roots: Roots, path: Path, content: bytes) -> tuple[SourceFile, ...]:
    """Return the files of roots with ``content`` in place of what the file at ``path`` holds, if it exists at all.

    Raises OperationalError when a file of that name would be no part of a root.
    """
    absolute = path.resolve()
    for position, source in enumerate(sources):
        if source.path.name == path.name and source.path.resolve() == absolute:
            unsaved = replace(source, file=shown(path), unsaved=content)
            return (*sources[:position], unsaved, *sources[position + 1 :])
    for root, root_path in root_paths(roots).items():
        if not absolute.is_relative_to(root.resolve()):
            continue
        relative = absolute.relative_to(root.resolve()).as_posix()
        if kind := kind_of(relative):
            new = SourceFile(path, shown(path), f"{root_path}/{relative}", kind, content, root_path)
            order = list(root_paths(roots).values())
            return tuple(sorted((*sources, new), key=lambda one: (order.index(one.root_path), one.file_path)))
    raise OperationalError(f"{shown(path)}: no definition would have that name; definitions are .yml files")


def kind_of(relative: str) -> Kind | None:
    """Return what a file holds by its place in the root, or None for a file that is not read."""
    folder, *between, name = relative.split("/") if "/" in relative else ("", relative)
    if relative == PRODUCT_GROUPS:
        return Kind.PRODUCT_GROUPS
    if folder not in FOLDERS or _SCHEMAS.intersection(between) or relative.startswith(f"{_NOT_METRICS}/"):
        return None
    kind, endings = FOLDERS[folder]
    if OBJECT_SCHEMAS_OF_METRICS.intersection(between):
        kind, endings = Kind.OBJECT_SCHEMA, _JSON
    return kind if name.lower().endswith(endings) else None


def source_bytes(source: SourceFile, limit: int) -> bytes:
    """Return the first ``limit + 1`` bytes of a file of a root, or of what stands in its place.

    Raises OperationalError when the file cannot be read.
    """
    return file_bytes(source.path, limit) if source.unsaved is None else source.unsaved[: limit + 1]


def object_schema_names(source: SourceFile) -> dict[str, None]:
    """Return what a definition may write for an object schema.

    That is its path relative to the root, to the folder above it, to the folder that holds all roots, and to the top
    of the work tree of git.
    """
    root_path, file_path = source.root_path, source.file_path
    relative = file_path[len(root_path) + 1 :]
    names = [relative, f"{root_path.rpartition('/')[2]}/{relative}", file_path]
    if (top := _work_tree(os.path.dirname(os.path.realpath(source.path)))) is not None:  # noqa: PTH120
        names.append(os.path.relpath(os.path.realpath(source.path), top))
    return dict.fromkeys(names)


@cache
def _work_tree(folder: str) -> str | None:
    """Return the top of the work tree of git that a folder is in."""
    while not os.path.exists(f"{folder}/.git"):  # noqa: PTH110
        folder, name = os.path.split(folder)
        if not name:
            return None
    return folder


def shown(path: Path | str) -> str:
    """Return a path that can be printed, also when its name is not UTF-8."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def _check_root(root: Path) -> None:
    if not root.exists():
        raise OperationalError(f"{shown(root)}: no such folder; name a folder that has metrics/ in it")
    if not root.is_dir():
        raise OperationalError(f"{shown(root)}: a file, not a folder; name the folder that has metrics/ in it")
    if not is_root(root):
        hint = misspelled_part(root) or "is this a definitions root?"
        raise OperationalError(f"{shown(root)}: neither metrics/ nor events/ in it; {hint}")


def _belongs(path: Path, root: Path) -> bool:
    """Return whether a path is the root or something that is read as a part of it."""
    parts = path.relative_to(root).parts
    return not parts or parts[0] in FOLDERS or parts == (PRODUCT_GROUPS,)


def _files(root: Path) -> Iterator[tuple[str, os.DirEntry[str], Kind]]:
    for entry in _entries(str(root)):
        if entry.name == PRODUCT_GROUPS:
            _check_file(entry, root)
            yield entry.name, entry, Kind.PRODUCT_GROUPS
        elif entry.name in FOLDERS and _is_folder(entry):
            kind, endings = FOLDERS[entry.name]
            yield from _files_below(root, entry, entry.name, kind, endings)


def _files_below(
    root: Path, folder: os.DirEntry[str], relative: str, kind: Kind, endings: tuple[str, ...]
) -> Iterator[tuple[str, os.DirEntry[str], Kind]]:
    for entry in _entries(folder.path):
        path = f"{relative}/{entry.name}"
        if entry.name.lower().endswith(endings):
            _check_file(entry, root)
            yield path, entry, kind
        elif _is_folder(entry):
            if entry.name in OBJECT_SCHEMAS_OF_METRICS:
                yield from _files_below(root, entry, path, Kind.OBJECT_SCHEMA, _JSON)
            elif entry.name not in _SCHEMAS and path != _NOT_METRICS:
                yield from _files_below(root, entry, path, kind, endings)


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    """Yield what is in a folder, hidden things left out."""
    try:
        with os.scandir(folder) as entries:
            yield from [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise OperationalError(f"{shown(folder)}: cannot read the folder: {error.strerror}") from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether the entry is a folder. A link to one is refused: it may lead in circles or out of the root."""
    if entry.is_symlink() and entry.is_dir():
        raise OperationalError(f"{shown(entry.path)}: a link to a folder; put the folder itself there")
    return entry.is_dir(follow_symlinks=False)


def _check_file(entry: os.DirEntry[str], root: Path) -> None:
    path = shown(entry.path)
    if path != entry.path:
        raise OperationalError(f"{path}: the file's name is not UTF-8; rename it")
    if entry.is_dir():
        raise OperationalError(f"{path}: a folder where a file is expected; rename or remove it")
    if entry.is_symlink():
        _check_link(entry, root)
    if not entry.is_file():
        raise OperationalError(f"{path}: not a regular file; put the definition itself there")


def _check_link(entry: os.DirEntry[str], root: Path) -> None:
    target = Path(entry.path).resolve()
    if not target.exists():
        raise OperationalError(f"{entry.path}: a link to a file that does not exist; repair or remove it")
    if not target.is_relative_to(root.resolve()):
        raise OperationalError(f"{entry.path}: a link out of the definitions root; put the file itself there")
