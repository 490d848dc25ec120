"""The files that a person names by roots, folders and files, as text that can be edited and written back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import mapping
from metrics_dictionary.reading.comments import line_starts
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.parse import max_bytes, parse
from metrics_dictionary.reading.read import document_sources
from metrics_dictionary.reading.root import PRODUCT_GROUPS, SourceFile, find_files, shown, source_bytes
from metrics_dictionary.tools.files import file_bytes
from metrics_dictionary.validation.named_paths import as_named, by_root, left_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"

DEFINITIONS = frozenset({Kind.METRIC, Kind.EVENT})


@dataclass(frozen=True, slots=True)
class Edit:
    """``replacement`` takes the place of what stands from ``start`` to ``end``, offsets into the text."""

    start: int
    end: int
    replacement: str


@dataclass(frozen=True)
class SourceText:
    """A file as it stands. ``text`` is all of ``raw`` but the byte order mark, with the line breaks of the file.

    ``problem`` says why the file must be left alone: its text could not be read as one document, or it is a link.
    ``data`` is what the text says; it means nothing where there is a problem, unless that is ``fixable``: safe fixes
    end it, and the data is what the text says then.
    """

    source: SourceFile
    raw: bytes
    text: str
    data: object
    problem: str | None = None
    fixable: bool = False

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset of each line."""
        return line_starts(self.text)

    def edited(self, edits: Iterable[Edit]) -> str:
        """Return the whole file's text with every edit made; of two that overlap the first one wins."""
        parts = [BYTE_ORDER_MARK] if self.raw.startswith(BYTE_ORDER_MARK.encode()) else []
        position = 0
        for edit in sorted(edits, key=lambda one: (one.start, one.end)):
            if edit.start >= position:
                parts += [self.text[position : edit.start], edit.replacement]
                position = edit.end
        return "".join(parts) + self.text[position:]


def source_texts(
    paths: Sequence[Path], kinds: frozenset[Kind] = DEFINITIONS, edited: Mapping[Path, bytes] | None = None
) -> Iterator[SourceText]:
    """Yield the files of these kinds that the paths mean, sorted by root and path.

    ``edited`` stands in place of what files hold, by the paths that open them. Raises OperationalError when a path
    does not exist, is not part of a definitions root, or cannot be read.
    """
    for root, only in by_root(paths).items():
        if root is None:
            sources: tuple[SourceFile, ...] = tuple(_lone(path) for path in only)
        else:
            named = as_named(find_files(root), only)
            others = left_out(named, only)
            sources = tuple(source for source in document_sources(named) if source.file not in others)
        for source in sources:
            if source.kind in kinds:
                yield source_text(replace(source, unsaved=edited.get(source.path)) if edited else source)


def source_text(source: SourceFile) -> SourceText:
    """Read a file; raises OperationalError when it cannot be opened."""
    raw = source_bytes(source, max_bytes(source.kind))
    parsed = parse(source, raw)
    if source.path.is_symlink():
        return SourceText(source, raw, "", None, "it is a link; name the file that it leads to")
    first = next(iter(parsed.diagnostics), None)
    problem = None if first is None else f"line {first.line}: {first.message}"
    if parsed.document is None:
        return SourceText(source, raw, "", None, problem)
    fixable = all(one.fix is not None and one.fix.safe for one in parsed.diagnostics)
    text = raw.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    return SourceText(source, raw, text, parsed.document.data, problem, fixable=fixable)


def data_of(source: SourceFile, text: str) -> object | None:
    """Return the data that the text says if it stands in that file, None where reading it gives a finding."""
    parsed = parse(source, text.encode())
    return None if parsed.diagnostics or parsed.document is None else parsed.document.data


def _lone(path: Path) -> SourceFile:
    """Name a file that is in no root; its kind shows in the fields that only one kind has."""
    kind = Kind.PRODUCT_GROUPS if path.name == PRODUCT_GROUPS else Kind.INSTRUMENTATIONS
    source = SourceFile(path, shown(path), path.name, kind)
    parsed = parse(source, file_bytes(path, max_bytes(kind)))
    fields = mapping(parsed.document.data if parsed.document else None)
    if kind is Kind.INSTRUMENTATIONS:
        kind = Kind.EVENT if "action" in fields else Kind.METRIC if "key_path" in fields else kind
    return SourceFile(path, shown(path), path.name, kind)
