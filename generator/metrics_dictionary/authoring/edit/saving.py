"""Writing several files so that either all of them are new or all of them are as they were."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from metrics_dictionary.reading.root import shown
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.files import replace_file, staged_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def save_all(texts: Mapping[Path, str]) -> None:
    """Write every text to its file, as UTF-8; a reader sees an old file or a new one, never a part of it.

    The new files are complete on the disk before the first takes its place, and a failure puts those back that did.
    Raises OperationalError for a link, and where the machine refuses.
    """
    staged: dict[Path, Path] = {}
    try:
        for path, text in texts.items():
            staged[path] = _staged(path, text)
        _put_in_place(staged)
    except OSError as error:
        reason = error.strerror or str(error)
        place = shown(str(error.filename2 or error.filename or "the definitions"))
        raise OperationalError(f"cannot write {place}: {reason}; no file was changed") from error
    finally:
        for temporary in staged.values():
            temporary.unlink(missing_ok=True)


def save_new(path: Path, root: Path, text: str) -> None:
    """Write a file that must not be there yet, and the folder for it inside the root.

    Raises OperationalError when the file is there, when something on the way to it is a link, and where the machine
    refuses.
    """
    for folder in (path, *path.parents):
        if folder == root:
            break
        if folder.is_symlink():
            raise OperationalError(
                f"{shown(folder)}: a link, which is not followed; put the folder itself in its place"
            )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = _staged(path, text)
        try:
            # Unlike replace(), link() does not write over a file that somebody made in the meantime.
            os.link(staged, path)
        finally:
            staged.unlink(missing_ok=True)
    except FileExistsError as error:
        raise OperationalError(f"{shown(path)}: the file already exists; choose another name or key path") from error
    except OSError as error:
        raise OperationalError(f"cannot write {shown(path)}: {error.strerror or error}; nothing was changed") from error


def _staged(path: Path, text: str) -> Path:
    if path.is_symlink():
        raise OperationalError(f"{shown(path)}: a link, which is not followed; put the file itself in its place")
    return staged_file(path, text.encode())


def _put_in_place(staged: Mapping[Path, Path]) -> None:
    before: dict[Path, bytes | None] = {}
    try:
        for path, temporary in staged.items():
            before[path] = path.read_bytes() if path.exists() else None
            temporary.replace(path)
    except OSError:
        for path, content in before.items():
            with contextlib.suppress(OSError):
                if content is None:
                    path.unlink(missing_ok=True)
                else:
                    replace_file(path, content)
        raise
