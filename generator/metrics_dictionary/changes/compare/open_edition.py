"""What a person means by an edition: a URL, a combined file, a definitions root, or a git revision."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.changes.compare.edition import Edition, inside_root, nameless, unread_schemas
from metrics_dictionary.changes.compare.revision import data_of, read_revision
from metrics_dictionary.dictionary.definition import string
from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.parse import parse
from metrics_dictionary.reading.read import read_dictionary
from metrics_dictionary.reading.root import SourceFile, folders_of, is_root, shown
from metrics_dictionary.tools.addresses import is_address, refuse_secret, shown_address
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.files import file_bytes
from metrics_dictionary.tools.garbage import without_garbage_collection
from metrics_dictionary.tools.in_parts import MIN_ITEMS, in_parts
from metrics_dictionary.tools.web_document import fetch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from metrics_dictionary.changes.compare.revision import KnownData
    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.reading.document import Document
    from metrics_dictionary.reading.read import Reading
    from metrics_dictionary.reading.root import Roots


MAX_COMBINED_SIZE = 64 * 1024 * 1024
"""Bytes of a combined file. 100,000 definitions have about 75 MB, 5,000 have 4."""


def open_edition(
    meant: str,
    roots: Roots,
    *,
    known: KnownData | None = None,
    documents: Sequence[Document] = (),
    merge_base: bool = False,
) -> Edition:
    """Read the edition that ``meant`` names; a revision is one of the repository in which the roots lie.

    ``known`` and ``documents`` (those of the working tree) spare a revision what is in it unchanged. Raises
    OperationalError when it is none of these, or cannot be read.
    """
    with without_garbage_collection():
        if is_address(meant):
            return combined_edition(shown_address(meant), fetch(meant, MAX_COMBINED_SIZE))
        refuse_secret(meant, "a URL, a file, a definitions root or a git revision")
        path = Path(meant)
        try:
            if path.is_dir() and is_root(path):
                return _edition_of(read_dictionary(path))
            if path.is_file():
                return _read_file(path)
        except (OSError, ValueError) as error:
            raise OperationalError(f"{shown(meant)}: cannot be read: {error}") from error
        known = {} if known is None else known
        if documents:
            known.update(data_of(documents, folders_of(roots)[0]))
        return read_revision(meant, roots, known, merge_base=merge_base)


def open_both(old: str, new: str | None, roots: Roots) -> tuple[Edition, Edition]:
    """Read two editions; without a second one it is the roots as they are now.

    Raises OperationalError when one of them does not exist, or cannot be read.
    """
    with without_garbage_collection():
        if new is None:
            reading = read_dictionary(roots)
            return open_edition(old, roots, documents=reading.documents), _edition_of(reading)
        if Path(old).is_file() and Path(new).is_file():
            before, after = in_parts(_read_files, [Path(old), Path(new)], weight=MIN_ITEMS)
            return before, after
        known: KnownData = {}
        return open_edition(old, roots, known=known), open_edition(new, roots, known=known)


def _read_files(paths: Iterable[Path]) -> list[Edition]:
    return [_read_file(path) for path in paths]


def _read_file(path: Path) -> Edition:
    return combined_edition(shown(path), file_bytes(path, MAX_COMBINED_SIZE))


def _edition_of(reading: Reading) -> Edition:
    lacking = nameless(reading.documents)
    schemas = unread_schemas(reading.sources, reading.dictionary.object_schemas)
    unread = frozenset({*lacking, *schemas, *(inside_root(source.file_path) for source in reading.unread_sources)})
    name = " ".join(map(shown, reading.roots))
    return Edition(name, reading.dictionary, (*reading.diagnostics, *lacking.values()), unread)


def combined_edition(name: str, raw: bytes) -> Edition:
    """Read the bytes of a combined file: what `metrics-dictionary export` or `GET metric_definitions` gave.

    It is YAML or JSON and has metrics, events or both. Raises OperationalError when it is not a list of definitions.
    """
    data, diagnostics = _data(name, raw)
    if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
        raise OperationalError(f"{name}: not a list of definitions; `metrics-dictionary export` writes one")
    events = [entry for entry in data if "action" in entry and "key_path" not in entry]
    metrics = [entry for entry in data if "action" not in entry or "key_path" in entry]
    if not all(string(entry.get("key_path")) for entry in metrics) or not all(
        string(entry["action"]) for entry in events
    ):
        raise OperationalError(f"{name}: an entry has neither a key_path nor an action; is it a combined file?")
    dictionary = Dictionary(
        metrics=tuple(MetricDefinition(_fields(entry), _file_path(entry)) for entry in metrics),
        event_definitions=tuple(EventDefinition(_fields(entry), _file_path(entry)) for entry in events) or None,
    )
    return Edition(name, dictionary, diagnostics, whole=False)


def _data(name: str, raw: bytes) -> tuple[object, tuple[Diagnostic, ...]]:
    if raw.lstrip()[:1] == b"[":
        # A YAML list may start with a bracket, too.
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(raw.decode("utf-8-sig")), ()
    parsed = parse(SourceFile(Path(), name, name, Kind.METRIC), raw, limit=MAX_COMBINED_SIZE)
    if parsed.document is None:
        problem = parsed.diagnostics[0]
        raise OperationalError(f"{problem.location}: {problem.message}")
    return parsed.document.data, parsed.diagnostics


def _fields(entry: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in entry.items() if name != "file_path"}


def _file_path(entry: dict[str, object]) -> str:
    return string(entry.get("file_path")) or ""
