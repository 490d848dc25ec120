"""Writing an export to a file."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path

from metrics_dictionary.tools.errors import OperationalError


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
            _replace(Path(os.path.realpath(path)), data)
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "choose a file in a folder that exists, is writable and has room"
        raise OperationalError(f"cannot write {path}: {reason}; {hint}") from error


def _replace(path: Path, data: bytes) -> None:
    staged = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with staged.open("xb") as file:
            file.write(data)
        if path.exists():
            shutil.copymode(path, staged)
        staged.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            staged.unlink()
        raise
