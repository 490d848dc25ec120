"""The bytes of a file, no more of them than somebody wants to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.reading.root import SourceFile


def source_bytes(source: SourceFile, limit: int) -> bytes:
    """Return the first ``limit + 1`` bytes of a file of a root, or of what stands in its place.

    Raises OperationalError when the file cannot be read.
    """
    return file_bytes(source.path, limit) if source.unsaved is None else source.unsaved[: limit + 1]


def file_bytes(path: Path, limit: int) -> bytes:
    """Return the first ``limit + 1`` bytes, so that the caller can tell that a file is longer.

    Raises OperationalError when the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise OperationalError(f"{path}: cannot read the file: {error.strerror or error}") from error
