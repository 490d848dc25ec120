"""The files that a person means by naming roots, folders and files, as texts that can be written back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import mapping
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.parse import largest, parse
from metrics_dictionary.reading.read import document_sources
from metrics_dictionary.reading.root import PRODUCT_GROUPS, SourceFile, find_files, shown
from metrics_dictionary.tools.files import file_bytes
from metrics_dictionary.validation.named_paths import as_named, by_root, left_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"

DEFINITIONS = frozenset({Kind.METRIC, Kind.EVENT})


@dataclass(frozen=True, slots=True)
class Original:
    """A file as it stands. ``text`` is all of ``raw`` but the byte order mark, with the line breaks of the file.

    ``fault`` says why the file must be left alone: its text could not be read as one document, or it is a link.
    ``data`` is what the text says; it means nothing where there is a fault.
    """

    source: SourceFile
    raw: bytes
    text: str
    data: object
    fault: str | None = None


def originals(paths: Sequence[Path], kinds: frozenset[Kind] = DEFINITIONS) -> Iterator[Original]:
    """Yield the files of these kinds that the paths mean, sorted by root and path.

    Raises OperationalError when a path does not exist, is no part of a definitions root, or cannot be read.
    """
    for root, only in by_root(paths).items():
        if root is None:
            sources: tuple[SourceFile, ...] = tuple(_lone(path) for path in only)
        else:
            named = as_named(find_files(root), only)
            others = left_out(named, only)
            sources = tuple(source for source in document_sources(named) if source.file not in others)
        yield from (original(source) for source in sources if source.kind in kinds)


def original(source: SourceFile) -> Original:
    """Read a file; raises OperationalError when it cannot be opened."""
    raw = file_bytes(source.path, largest(source.kind))
    parsed = parse(source, raw)
    if source.path.is_symlink():
        return Original(source, raw, "", None, "it is a link; name the file that it leads to")
    if parsed.document is None or parsed.diagnostics:
        problem = parsed.diagnostics[0]
        return Original(source, raw, "", None, f"line {problem.line}: {problem.message}")
    return Original(source, raw, raw.decode("utf-8").removeprefix(BOM), parsed.document.data)


def said(source: SourceFile, text: str) -> object | None:
    """Return what a text says, None where it could not be read without a finding."""
    parsed = parse(source, text.encode())
    return None if parsed.diagnostics or parsed.document is None else parsed.document.data


def _lone(path: Path) -> SourceFile:
    """Name a file that is in no root; what it holds shows in the fields that only one kind has."""
    kind = Kind.PRODUCT_GROUPS if path.name == PRODUCT_GROUPS else Kind.INSTRUMENTATIONS
    source = SourceFile(path, shown(path), path.name, kind)
    parsed = parse(source, file_bytes(path, largest(kind)))
    fields = mapping(parsed.document.data if parsed.document else None)
    if kind is Kind.INSTRUMENTATIONS:
        kind = Kind.EVENT if "action" in fields else Kind.METRIC if "key_path" in fields else kind
    return SourceFile(path, shown(path), path.name, kind)
