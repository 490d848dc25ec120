"""From the files of a definitions root to its dictionary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.dictionary import Dictionary, Instrumentation
from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.reading.document import Document, Kind
from metrics_dictionary.reading.object_schemas import read_object_schemas
from metrics_dictionary.reading.parse import ParsedFile, largest, parse
from metrics_dictionary.reading.product_groups import groups_or_error, parse_product_groups, product_groups_of
from metrics_dictionary.reading.root import find_files, source_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.dictionary.dictionary import ProductGroup
    from metrics_dictionary.reading.root import SourceFile


@dataclass(frozen=True)
class Reading:
    """What could be read of a root. ``unread`` names the files that gave nothing, as the person would name them."""

    root: Path
    dictionary: Dictionary
    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]
    unread: tuple[str, ...]


@dataclass(frozen=True)
class Surroundings:
    """What a dictionary holds besides its documents, and what is wrong with it.

    ``product_groups`` is None where the root's own documents have the say.
    """

    object_schemas: dict[str, object] = field(default_factory=dict)
    product_groups: dict[str, ProductGroup] | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def read_dictionary(root: Path, *, product_groups: Path | None = None) -> Reading:
    """Read every file of a definitions root; what is wrong with a file's text is among the diagnostics.

    ``product_groups`` takes the place of the root's own file. Raises OperationalError when the root or a file in it
    cannot be read at all.
    """
    sources = find_files(root)
    surroundings = read_surroundings(sources, product_groups)
    parsed = [read_file(source) for source in document_sources(sources)]
    documents = tuple(file.document for file in parsed if file.document is not None)
    return Reading(
        root=root,
        dictionary=assemble(sources, documents, surroundings),
        documents=documents,
        diagnostics=(*surroundings.diagnostics, *(problem for file in parsed for problem in file.diagnostics)),
        unread=unread(sources, documents),
    )


def read_file(source: SourceFile) -> ParsedFile:
    """Read and parse one file; raises OperationalError when it cannot be read."""
    return parse(source, source_bytes(source, largest(source.kind)))


def document_sources(sources: Iterable[SourceFile]) -> tuple[SourceFile, ...]:
    """Return the files that become documents: all but the object schemas."""
    return tuple(source for source in sources if source.kind is not Kind.OBJECT_SCHEMA)


def read_surroundings(sources: Iterable[SourceFile], product_groups: Path | None) -> Surroundings:
    """Read the object schemas of a root, and the product groups when a file is named for them.

    Raises OperationalError when one of the files cannot be read, or the named file has no product group in it.
    """
    schemas, problems = read_object_schemas(source for source in sources if source.kind is Kind.OBJECT_SCHEMA)
    if product_groups is None:
        return Surroundings(schemas, None, problems)
    parsed = parse_product_groups(product_groups)
    return Surroundings(schemas, groups_or_error(product_groups, parsed), (*problems, *parsed.diagnostics))


def assemble(sources: Sequence[SourceFile], documents: Sequence[Document], surroundings: Surroundings) -> Dictionary:
    """Make the dictionary of a root from its documents."""
    kinds = {source.kind for source in sources}
    return Dictionary(
        metrics=tuple(
            MetricDefinition(document.data, document.file_path)
            for document in documents
            if document.kind is Kind.METRIC and isinstance(document.data, dict)
        ),
        event_definitions=_events(documents) if Kind.EVENT in kinds else None,
        instrumentations=_instrumentations(documents) if Kind.INSTRUMENTATIONS in kinds else None,
        product_groups=surroundings.product_groups or _product_groups(documents),
        object_schemas=surroundings.object_schemas,
    )


def unread(sources: Iterable[SourceFile], documents: Iterable[Document]) -> tuple[str, ...]:
    """Return the files that gave no document."""
    read = {document.file_path for document in documents}
    return tuple(source.file for source in document_sources(sources) if source.file_path not in read)


def _events(documents: Iterable[Document]) -> tuple[EventDefinition, ...]:
    return tuple(
        EventDefinition(document.data, document.file_path)
        for document in documents
        if document.kind is Kind.EVENT and isinstance(document.data, dict)
    )


def _instrumentations(documents: Iterable[Document]) -> dict[str, Instrumentation]:
    """Return class name -> instrumentation; the first file that has the name wins."""
    found: dict[str, Instrumentation] = {}
    for document in documents:
        if document.kind is Kind.INSTRUMENTATIONS and isinstance(document.data, dict):
            for name, entry in document.data.items():
                fields = entry if isinstance(entry, dict) else {}
                found.setdefault(name, Instrumentation(name, fields, document.file_path))
    return found


def _product_groups(documents: Iterable[Document]) -> dict[str, ProductGroup] | None:
    data = next((document.data for document in documents if document.kind is Kind.PRODUCT_GROUPS), None)
    return product_groups_of(data) or None
