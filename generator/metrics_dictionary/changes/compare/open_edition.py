"""What a person means by an edition: a URL, a combined file, a definitions root, or a git revision."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.changes.compare.combined_file import LARGEST, combined_edition, read_combined_file
from metrics_dictionary.changes.compare.edition import Edition
from metrics_dictionary.changes.compare.revision import data_of, read_revision
from metrics_dictionary.reading.read import read_dictionary
from metrics_dictionary.reading.root import is_root, shown
from metrics_dictionary.tools.addresses import is_web_address
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.garbage import without_garbage_collection
from metrics_dictionary.tools.in_parts import WORTHWHILE, in_parts
from metrics_dictionary.tools.web_document import fetch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from metrics_dictionary.changes.compare.revision import KnownData
    from metrics_dictionary.reading.document import Document
    from metrics_dictionary.reading.read import Reading


def open_edition(
    meant: str,
    root: Path,
    *,
    known: KnownData | None = None,
    documents: Sequence[Document] = (),
    where_it_left: bool = False,
) -> Edition:
    """Read the edition that ``meant`` names; a revision is one of the repository in which ``root`` lies.

    ``known`` and ``documents`` (those of the working tree) spare a revision what is in it unchanged. Raises
    OperationalError when it is none of these, or cannot be read.
    """
    with without_garbage_collection():
        if is_web_address(meant):
            return combined_edition(meant, fetch(meant, LARGEST))
        path = Path(meant)
        try:
            if path.is_dir() and is_root(path):
                return _edition_of(read_dictionary(path))
            if path.is_file():
                return read_combined_file(path)
        except (OSError, ValueError) as error:
            raise OperationalError(f"{shown(meant)}: cannot be read: {error}") from error
        known = {} if known is None else known
        if documents:
            known.update(data_of(documents, root))
        return read_revision(meant, root, known, where_it_left=where_it_left)


def open_both(old: str, new: str | None, root: Path) -> tuple[Edition, Edition]:
    """Read two editions; without a second one it is the root as it is now.

    Raises OperationalError when one of them is none, or cannot be read.
    """
    with without_garbage_collection():
        if new is None:
            reading = read_dictionary(root)
            return open_edition(old, root, documents=reading.documents), _edition_of(reading)
        if Path(old).is_file() and Path(new).is_file():
            before, after = in_parts(_read_files, [Path(old), Path(new)], weight=WORTHWHILE)
            return before, after
        known: KnownData = {}
        return open_edition(old, root, known=known), open_edition(new, root, known=known)


def _read_files(paths: Iterable[Path]) -> list[Edition]:
    return [read_combined_file(path) for path in paths]


def _edition_of(reading: Reading) -> Edition:
    root = reading.root
    unread = frozenset(os.path.relpath(file, root) for file in reading.unread)
    return Edition(shown(root), reading.dictionary, reading.diagnostics, unread)
