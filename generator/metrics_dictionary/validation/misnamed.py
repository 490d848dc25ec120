"""Files and folders of a definitions root that nothing reads, although their names resemble those that are read."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.diagnostic import Diagnostic
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.parse import max_bytes
from metrics_dictionary.reading.root import FOLDERS, OBJECT_SCHEMAS_OF_METRICS, PRODUCT_GROUPS, kind_of, shown
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.files import file_bytes
from metrics_dictionary.tools.near_misses import near_miss
from metrics_dictionary.validation.engine.message_parts import code
from metrics_dictionary.validation.rules.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

MISNAMED = "misnamed-file"

_YAML = (".yml", ".yaml")
_ENDINGS = (*_YAML, ".json")
_MARKS = {Kind.METRIC: b"key_path:", Kind.EVENT: b"action:", Kind.INSTRUMENTATIONS: b"source:"}
"""What a file of a kind contains. Where it is missing, a name close to ours means something else: ``agents/``."""


def misnamed(root: Path) -> Iterator[Diagnostic]:
    """Say of each folder or file that nothing reads which name would be read; of a folder at the first file in it."""
    for entry in sorted(root.iterdir()):
        if entry.is_symlink() or entry.name.startswith("."):
            continue
        if entry.is_file():
            if _resembles_product_groups(entry.name):
                yield _diagnostic(entry, "file", entry.name, PRODUCT_GROUPS)
        elif entry.name in FOLDERS:
            yield from _inside(root, entry.name)
        elif right := near_miss(entry.name, FOLDERS):
            yield from _folder(root, entry.name, right)


def _resembles_product_groups(name: str) -> bool:
    stem, ending = Path(name).stem, Path(name).suffix.lower()
    return name != PRODUCT_GROUPS and ending in _YAML and near_miss(stem, [Path(PRODUCT_GROUPS).stem]) is not None


def _inside(root: Path, part: str) -> Iterator[Diagnostic]:
    """Look at the files and folders below one that is read."""
    for path, folders, files in os.walk(root / part):
        folder = Path(path).relative_to(root).as_posix()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            right = None if name in OBJECT_SCHEMAS_OF_METRICS else near_miss(name, sorted(OBJECT_SCHEMAS_OF_METRICS))
            if right:
                yield from _folder(root, f"{folder}/{name}", f"{folder}/{right}")
        for name in sorted(files):
            right = None if name.startswith(".") or name.lower().endswith(_ENDINGS) else _with_right_ending(name)
            if right and _would_be_read(root, f"{folder}/{name}", f"{folder}/{right}"):
                yield _diagnostic(root / folder / name, "file", name, right)


def _with_right_ending(name: str) -> str | None:
    ending = Path(name).suffix
    # An editor's backup, such as `boards.yml~`, is meant to be left alone.
    right = near_miss(ending, _ENDINGS) if ending[1:].isalpha() else None
    return f"{Path(name).stem}{right}" if right else None


def _folder(root: Path, wrong: str, right: str) -> Iterator[Diagnostic]:
    """Find the first file below a folder that would be read under the folder's right name."""
    for path, folders, files in os.walk(root / wrong):
        folders.sort()
        below = Path(path).relative_to(root / wrong)
        for name in sorted(files):
            rest = (below / name).as_posix()
            if _would_be_read(root, f"{wrong}/{rest}", f"{right}/{rest}"):
                names = (f"{one.rpartition('/')[2]}/" for one in (wrong, right))
                yield _diagnostic(root / wrong / rest, "folder", *names)
                return


def _would_be_read(root: Path, relative: str, renamed: str) -> bool:
    """Return whether a file is read under another name only, and has in it what such files have."""
    kind, file = kind_of(renamed), root / relative
    # A pipe would never end, and a link may lead anywhere.
    if kind is None or kind_of(relative) is not None or file.is_symlink() or not file.is_file():
        return False
    with suppress(OperationalError):
        return _MARKS.get(kind, b"") in file_bytes(file, max_bytes(kind))
    return False


def _diagnostic(file: Path, what: str, name: str, right: str) -> Diagnostic:
    rule = RULES[MISNAMED]
    message = f"the {what} {code(name)} is not read, but {code(right)} would be"
    return Diagnostic(MISNAMED, rule.severity, message, shown(file), 1, 1, help=rule.help, suggestion=right)
