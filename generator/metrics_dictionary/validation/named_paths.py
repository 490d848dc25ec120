"""What a person names on the command line, and which files of which definitions root that means."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from metrics_dictionary.reading.root import find_root, is_root, misspelled_part, shown
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from metrics_dictionary.reading.root import Roots, SourceFile


def by_root(paths: Iterable[Path]) -> dict[Path | None, list[Path]]:
    """Return root -> the paths inside it, empty for the whole root; None -> the files that are in no root.

    Raises OperationalError for a path that does not exist, and for a folder that is not part of a root.
    """
    found: defaultdict[Path | None, list[Path]] = defaultdict(list)
    whole = {path for path in paths if path.is_dir() and is_root(path)}
    for path in paths:
        if path in whole:
            found[path] = []
            continue
        root = _root_of(path)
        if root not in whole:
            found[root].append(path)
    return dict(found)


def dictionaries(
    paths: Iterable[Path], beside: Sequence[Path], *, separate: bool
) -> Iterator[tuple[Roots | None, list[Path]]]:
    """Yield the roots of each dictionary that is meant, with the paths inside them, none for all that is there.

    With None come the files that are in no root. ``beside`` are the roots of one dictionary, ``separate`` is whether
    roots that are named together are dictionaries of their own.
    """
    found = by_root(paths)
    whole = tuple(root for root, only in found.items() if root is not None and not only)
    together = {os.path.realpath(root) for root in beside}
    if len(whole) > 1 and not separate:
        yield whole, []
    for root, only in found.items():
        if root is None or (only and os.path.realpath(root) not in together):
            yield root, only
        elif only:
            yield tuple(beside), only
        elif len(whole) == 1 or separate:
            yield root, only


def as_named(sources: tuple[SourceFile, ...], only: Collection[Path]) -> tuple[SourceFile, ...]:
    """Return the files, those that a person named with the name that was used."""
    named = {os.path.realpath(path): shown(path) for path in only if not path.is_dir()}
    if not named:
        return sources
    real = _RealPaths()
    return tuple(
        replace(source, file=named[path]) if (path := real.of(source)) in named else source for source in sources
    )


def left_out(sources: Collection[SourceFile], only: Collection[Path]) -> set[str]:
    """Return the names of the files that ``only`` does not mean; an empty ``only`` means all.

    Raises OperationalError for a path that means no file of the root.
    """
    if not only:
        return set()
    meant = {os.path.realpath(path): path for path in only}
    out: set[str] = set()
    used: set[str] = set()
    real = _RealPaths()
    for source in sources:
        path = real.of(source)
        by = [chosen for chosen in _with_folders_above(path) if chosen in meant]
        used.update(by)
        if not by:
            out.add(source.file)
    for path in meant.keys() - used:
        raise OperationalError(f"{shown(meant[path])}: there is no definition; definitions are .yml or .yaml files")
    return out


def _with_folders_above(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(os.sep)[0]


class _RealPaths:
    """The real paths of many files in few folders, with one look at each folder."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def of(self, source: SourceFile) -> str:
        folder, name = os.path.split(source.path)
        if os.path.islink(source.path):  # noqa: PTH114 - this runs for each of thousands of files
            return os.path.realpath(source.path)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return os.path.join(self._folders[folder], name)  # noqa: PTH118


def _root_of(path: Path) -> Path | None:
    if not path.exists():
        raise OperationalError(f"{shown(path)}: no such file or folder")
    root = find_root(path)
    if root is None and path.is_dir():
        hint = misspelled_part(path) or "a definitions root is a folder with metrics/ in it"
        raise OperationalError(f"{shown(path)}: no definitions in it; {hint}")
    return root
