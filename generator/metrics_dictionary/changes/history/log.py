"""What ``git log`` printed, taken apart: commits, and which blobs of which files each of them put in place of which."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from metrics_dictionary.changes.history.change import Commit
from metrics_dictionary.tools.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

LOG_FORMAT = "%H%x00%P%x00%ct%x00%s%x00"
"""What `commits_of` reads, for the option ``--format=tformat:`` of a log with ``-z --raw``."""

MAX_SUBJECT_LENGTH = 160
"""Characters of a message's first line that are kept."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)
_OBJECT = re.compile(rb"[0-9a-f]{40,64}")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class FileChange:
    """``path`` is the repository's. ``befores`` has a blob for each parent, None where the parent lacks the file."""

    path: str
    befores: tuple[str | None, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class LoggedCommit:
    """A commit without a parent, the repository's first or where a shallow one is cut off, is a horizon."""

    commit: Commit
    files: tuple[FileChange, ...]


def commits_of(output: bytes) -> Iterator[LoggedCommit]:
    """Yield the commits in the order of the log, the newest first.

    A part between two NULs is what its place says that it is: no message and no path can pass for something else.
    """
    parts = iter(output.split(b"\0"))
    part = next(parts, None)
    while part is not None:
        identity = _OBJECT.fullmatch(part.strip(b"\n"))
        if identity is None:
            part = next(parts, None)
            continue
        parents, seconds, subject = next(parts, b""), next(parts, b""), next(parts, b"")
        files: list[FileChange] = []
        part = next(parts, None)
        while part is not None and not _OBJECT.fullmatch(part.strip(b"\n")):
            if part.lstrip(b"\n").startswith(b":"):
                files.append(_file_change(part.lstrip(b"\n"), next(parts, b"")))
            part = next(parts, None)
        commit = Commit(identity[0].decode(), when_committed(seconds), _subject(subject), horizon=not parents)
        yield LoggedCommit(commit, tuple(files))


def _file_change(raw: bytes, path: bytes) -> FileChange:
    """Read ``:mode mode blob blob status``; a merge has one colon, mode and blob more for each further parent."""
    words = raw.decode("ascii", "replace").split(" ")
    sides = len(words) // 2
    *befores, after = [None if set(blob) == {"0"} else blob for blob in words[sides : 2 * sides]]
    return FileChange(os.fsdecode(path), tuple(befores), after)


def when_committed(seconds: bytes) -> datetime:
    """Read what git prints for ``%ct``; a time that no calendar has becomes the nearest that one has."""
    try:
        return min(_EPOCH + timedelta(seconds=max(int(seconds), 0)), _LATEST)
    except (ValueError, OverflowError):
        return _EPOCH


def _subject(subject: bytes) -> str:
    text = _UNSEEN.sub(" ", subject.decode("utf-8", "replace")).strip()
    return shortened(text, MAX_SUBJECT_LENGTH)
