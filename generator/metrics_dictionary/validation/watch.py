"""Validation again and again: only files that changed are read and checked anew, the whole dictionary every time.

Changes are found by asking for the state of every file, which works on every file system and needs nothing installed;
for 5,000 files that takes some ten milliseconds.
"""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.reading.read import read_sources
from metrics_dictionary.reading.root import find_files, folders_of
from metrics_dictionary.validation.engine.run_rules import check_document
from metrics_dictionary.validation.validate import validate_reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from metrics_dictionary.reading.parse import ParsedFile
    from metrics_dictionary.reading.read import Progress
    from metrics_dictionary.reading.root import Roots, SourceFile
    from metrics_dictionary.validation.validate import Validation

    State = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Update:
    """What was found, and which files it is about that were not, or not so, there before; deleted ones included."""

    validation: Validation
    changed: tuple[str, ...]


class Watch:
    """Definitions roots under watch. ``product_groups`` takes the place of their own files."""

    def __init__(self, roots: Roots, product_groups: Path | None = None) -> None:
        self._roots = roots
        self._product_groups = product_groups
        self._sources: tuple[SourceFile, ...] = ()
        self._known: Mapping[str, ParsedFile] = {}
        self._folders: dict[str, State] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._files: dict[str, State] = {}

    def update(self, progress: Progress | None = None) -> Update | None:
        """Return what is found now, or None when nothing has changed since the last time.

        Raises OperationalError when the root or a file cannot be read; the next call tries again.
        """
        first = not self._folders
        folders = _states(self._folders)
        if first or self._listed_otherwise(folders):
            folders = _states([folder for root in folders_of(self._roots) for folder in _folders(root)])
            names = {folder: _names(folder) for folder in folders}
            self._sources = find_files(self._roots)
            self._names = names
        files = _states(self._watched())
        if not first and files == self._files:
            self._folders = folders
            return None
        update = self._validated(files, progress)
        # Only now: after an error everything that had changed has still changed.
        self._folders, self._files = folders, files
        if first:
            # What was read stays until it is replaced; the collector need not look at it ever again.
            gc.collect()
            gc.freeze()
        return update

    def _validated(self, files: Mapping[str, State], progress: Progress | None) -> Update:
        changed = {file for file in {**self._files, **files} if self._files.get(file) != files.get(file)}
        reading = read_sources(
            self._roots,
            self._sources,
            product_groups=self._product_groups,
            check=check_document,
            known={file: parsed for file, parsed in self._known.items() if file not in changed},
            progress=progress,
        )
        validation = validate_reading(reading)
        self._known = reading.files
        return Update(validation, tuple(sorted(changed)))

    def _listed_otherwise(self, folders: Mapping[str, State]) -> bool:
        """Return whether a folder holds other names than before; most editors put a new file in the old one's place."""
        return any(
            state != self._folders[folder] and _names(folder) != self._names[folder]
            for folder, state in folders.items()
        )

    def _watched(self) -> list[str]:
        given = [] if self._product_groups is None else [str(self._product_groups)]
        return [*(source.file for source in self._sources), *given]


def _folders(root: Path) -> list[str]:
    return [folder for folder, _, _ in os.walk(root)]


def _names(folder: str) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))  # noqa: PTH208
    except OSError:
        return frozenset()


def _states(paths: Iterable[str]) -> dict[str, State]:
    """Return path -> its state; None for one that is gone."""
    return {path: _state(path) for path in paths}


def _state(path: str) -> State:
    try:
        found = os.stat(path)  # noqa: PTH116 - this runs for each of thousands of files, many times
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
