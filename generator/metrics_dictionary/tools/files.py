"""Files: read no further than wanted, replaced whole, and those that the package carries beside its code."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parent.parent


def resource(name: str) -> Path:
    """Return the path of ``templates``, ``site_src``, ``mkdocs.yml`` or ``definitions``.

    A wheel carries them in ``metrics_dictionary/bundled``; in a checkout they stand at the top level.
    Raises OperationalError when the installation lacks them.
    """
    for folder in (PACKAGE / "bundled", PACKAGE.parent.parent):
        path = folder / name
        if path.exists():
            return path
    raise OperationalError(f"{PACKAGE}: this installation lacks {name!r}; install metrics-dictionary again")


def file_bytes(path: Path, limit: int) -> bytes:
    """Return the first ``limit + 1`` bytes, so that the caller can tell that a file is longer.

    Raises OperationalError when the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise OperationalError(f"{path}: cannot read the file: {error.strerror or error}") from error


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text so that a reader sees the old file or the new one, never a part of it.

    A path that names no regular file, such as a pipe or ``/dev/stdout``, is written to directly. Raises
    OperationalError where the machine refuses.
    """
    data = text.encode()
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            replace_file(Path(os.path.realpath(path)), data)
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "choose a file in a folder that exists, is writable and has room"
        raise OperationalError(f"cannot write {path}: {reason}; {hint}") from error


def replace_file(path: Path, data: bytes) -> None:
    """Put a whole file in the place of another, whose mode it takes over; raises OSError, and then leaves the old."""
    staged = staged_file(path, data)
    try:
        staged.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            staged.unlink()
        raise


@contextlib.contextmanager
def open_staged(path: Path) -> Iterator[Path]:
    """Give an empty file beside ``path`` that only its owner can read; it takes the place of ``path`` at the end.

    By then it is on the disk. Where the block fails, the old file stays, and nothing whose name begins like that of the
    empty one. A link stays one. Raises OperationalError where the machine refuses, and for a pipe or a device.
    """
    if path.exists() and not path.is_file():
        raise OperationalError(f"cannot write {path}: this is not a regular file; name another one")
    file = Path(os.path.realpath(path))
    staged = file.with_name(f".{secrets.token_hex(8)}.part")
    try:
        os.close(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield staged
        for written in (staged, file.parent):
            descriptor = os.open(written, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if written is staged:
                staged.replace(file)
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "choose a file in a folder that exists, is writable and has room"
        raise OperationalError(f"cannot write {path}: {reason}; {hint}") from error
    finally:
        for left in (staged, *(staged.with_name(f"{staged.name}{end}") for end in ("-journal", "-wal", "-shm"))):
            with contextlib.suppress(OSError):
                left.unlink()


def staged_file(path: Path, data: bytes) -> Path:
    """Write a whole file beside ``path``, ready to be put in its place, and return where; raises OSError."""
    staged = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with staged.open("xb") as file:
            file.write(data)
        if path.exists():
            shutil.copymode(path, staged)
    except OSError:
        with contextlib.suppress(OSError):
            staged.unlink()
        raise
    return staged
