"""All that can be said of one file without looking at any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.reading.document import Document
from metrics_dictionary.reading.parse import largest, parse
from metrics_dictionary.reading.read import read_file
from metrics_dictionary.reading.root import source_bytes
from metrics_dictionary.validation.engine.diagnoses import diagnose, with_help
from metrics_dictionary.validation.rules.registry import DEFINITION_RULES
from metrics_dictionary.validation.suppressions import MARK, Suppression, suppressions_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.reading.root import SourceFile


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """What a file holds and what is wrong with it; ``data`` is meaningless where ``read`` is false."""

    read: bool
    data: object
    diagnostics: tuple[Diagnostic, ...]
    suppressions: tuple[Suppression, ...]


def check_files(sources: Iterable[SourceFile], unjudged: Collection[str] = ()) -> list[CheckedFile]:
    """Check files one by one; of those in ``unjudged`` take only the data, which the others are checked against.

    Raises OperationalError when one of them cannot be read.
    """
    return [_read(source) if source.file in unjudged else check_file(source) for source in sources]


def check_file(source: SourceFile) -> CheckedFile:
    """Check a file: its text, its schema, and every rule that needs no other file."""
    raw = source_bytes(source, largest(source.kind))
    parsed = parse(source, raw)
    document = parsed.document
    if document is None:
        return CheckedFile(False, None, tuple(with_help(parsed.diagnostics)), ())
    found = diagnose(DEFINITION_RULES.values(), document, source.file)
    suppressions = suppressions_in(document.text, source.file) if MARK in raw else ()
    return CheckedFile(True, document.data, (*with_help(parsed.diagnostics), *found), suppressions)


def _read(source: SourceFile) -> CheckedFile:
    document = read_file(source).document
    return CheckedFile(document is not None, document.data if document else None, (), ())


def document_of(source: SourceFile, checked: CheckedFile) -> Document | None:
    """Return the document that a checked file gave, if it gave one."""
    if not checked.read:
        return None
    return Document(source.file, source.file_path, source.kind, checked.data, source.unsaved)
