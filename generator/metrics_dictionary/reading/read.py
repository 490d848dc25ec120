"""From the files of a definitions root to its dictionary."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import mapping
from metrics_dictionary.dictionary.diagnostic import Diagnostic, Related, Severity
from metrics_dictionary.dictionary.dictionary import Dictionary, Instrumentation, LeftOut
from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.reading.document import Document, Kind
from metrics_dictionary.reading.parse import MAX_COLLECTION_BYTES, ParsedFile, max_bytes, parse, utf_16
from metrics_dictionary.reading.product_groups import named_product_groups, product_groups_of
from metrics_dictionary.reading.root import (
    PRODUCT_GROUPS,
    Roots,
    SourceFile,
    find_files,
    folders_of,
    object_schema_names,
    shown,
    source_bytes,
)
from metrics_dictionary.reading.syntax_errors import merge_conflict
from metrics_dictionary.tools.in_parts import in_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from metrics_dictionary.dictionary.dictionary import ProductGroup
    from metrics_dictionary.reading.comments import Comment

    Check = Callable[[Document], Iterable[Diagnostic]]
    Progress = Callable[[int, int], None]
    _Content = tuple[tuple[object, tuple[Comment, ...]] | None, tuple[Diagnostic, ...]]


@dataclass(frozen=True)
class Reading:
    """What was read of definitions roots, or of a file that is in none, and what is wrong with the files.

    Messages that are about no single file name the first of the ``roots``. ``files`` holds what became of each file
    that can become a document, by its name; ``unread`` names those that gave none. Names are those that the person
    used.
    """

    roots: tuple[Path, ...]
    sources: tuple[SourceFile, ...]
    files: Mapping[str, ParsedFile]
    dictionary: Dictionary
    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]
    unread: tuple[str, ...]

    @property
    def root(self) -> Path:
        """The first of the roots."""
        return self.roots[0]

    @property
    def unread_sources(self) -> tuple[SourceFile, ...]:
        """The files that gave no document."""
        names = frozenset(self.unread)
        return tuple(source for source in self.sources if source.file in names)


def read_dictionary(roots: Roots, *, product_groups: Path | None = None) -> Reading:
    """Read every file of definitions roots; what is wrong with a file's text is among the diagnostics.

    ``product_groups`` takes the place of the roots' own files. Raises OperationalError when a root or a file in it
    cannot be read at all.
    """
    return read_sources(roots, find_files(roots), product_groups=product_groups)


def read_sources(
    roots: Roots,
    sources: tuple[SourceFile, ...],
    *,
    product_groups: Path | None = None,
    check: Check | None = None,
    known: Mapping[str, ParsedFile] | None = None,
    progress: Progress | None = None,
) -> Reading:
    """Read files of definitions roots, shared out among the cores of the machine.

    ``check`` is asked about each document in the process that parsed it, and its diagnostics join those of the file.
    ``known`` holds what is read and checked already, by the name of the file. ``progress`` is told how many of how
    many files are done. Raises OperationalError when a file cannot be read, or ``product_groups`` has no group in it.
    """
    schemas, problems = read_object_schemas(source for source in sources if source.kind is Kind.OBJECT_SCHEMA)
    groups: dict[str, ProductGroup] | None = None
    if product_groups is not None:
        groups, more = named_product_groups(product_groups)
        problems += more
    files = _read_files(document_sources(sources), check, known or {}, progress)
    documents = tuple(file.document for file in files.values() if file.document is not None)
    return Reading(
        roots=folders_of(roots),
        sources=sources,
        files=files,
        dictionary=assemble(sources, documents, schemas, groups),
        documents=documents,
        diagnostics=(*problems, *(problem for file in files.values() for problem in file.diagnostics)),
        unread=tuple(name for name, file in files.items() if file.document is None),
    )


def left_out(reading: Reading) -> tuple[LeftOut, ...]:
    """Return the definitions that were read and that no export has, in the order of the files."""
    lists = (
        LeftOut(document.file_path, f"the {document.kind.value} is not a mapping")
        for document in reading.documents
        if document.kind in (Kind.METRIC, Kind.EVENT) and not isinstance(document.data, dict)
    )
    return tuple(sorted((*lists, *reading.dictionary.left_out)))


def read_lone_file(
    path: Path, *, product_groups: Path | None = None, check: Check | None = None, unsaved: bytes | None = None
) -> Reading:
    """Read a file that is in no definitions root; what kind it is shows in its name or its fields.

    ``unsaved`` stands in place of what the file holds. Raises OperationalError when a file cannot be read.
    """
    unknown = SourceFile(path, shown(path), path.name, Kind.INSTRUMENTATIONS, unsaved)
    source = replace(unknown, kind=_kind(unknown))
    return read_sources(path, (source,), product_groups=product_groups, check=check)


def read_file(source: SourceFile, check: Check | None = None) -> ParsedFile:
    """Read, parse and check one file; raises OperationalError when it cannot be read."""
    parsed = parse(source, source_bytes(source, max_bytes(source.kind)))
    if check is None or parsed.document is None:
        return parsed
    found = tuple(check(parsed.document))
    return replace(parsed, diagnostics=(*parsed.diagnostics, *found)) if found else parsed


def document_sources(sources: Iterable[SourceFile]) -> tuple[SourceFile, ...]:
    """Return the files that become documents: all but the object schemas."""
    return tuple(source for source in sources if source.kind is not Kind.OBJECT_SCHEMA)


def assemble(
    sources: Iterable[SourceFile],
    documents: Sequence[Document],
    object_schemas: Mapping[str, object] | None = None,
    product_groups: Mapping[str, ProductGroup] | None = None,
) -> Dictionary:
    """Make the dictionary of a root from its documents; ``product_groups`` take the place of those in a document."""
    kinds = {source.kind for source in sources}
    return Dictionary(
        metrics=tuple(
            MetricDefinition(document.data, document.file_path)
            for document in documents
            if document.kind is Kind.METRIC and isinstance(document.data, dict)
        ),
        event_definitions=_events(documents) if Kind.EVENT in kinds else None,
        instrumentations=_instrumentations(documents) if Kind.INSTRUMENTATIONS in kinds else None,
        product_groups=product_groups or _product_groups(documents),
        object_schemas=object_schemas or {},
    )


def read_object_schemas(sources: Iterable[SourceFile]) -> tuple[dict[str, object], tuple[Diagnostic, ...]]:
    """Return each path that a definition may write -> the parsed schema, and what is wrong with the others.

    Of two that roots have at the same place the first one counts. Raises OperationalError when a file cannot be read.
    """
    schemas: dict[str, object] = {}
    diagnostics: list[Diagnostic] = []
    places: dict[str, SourceFile] = {}
    for source in sources:
        first = places.setdefault(source.file_path[len(source.root_path) + 1 :], source)
        if first is not source:
            diagnostics.append(_second_schema(source, first))
        schema: object = None
        try:
            schema = _json_of(source_bytes(source, max_bytes(source.kind)), max_bytes(source.kind))
        except json.JSONDecodeError as error:
            conflict = merge_conflict(error.doc, readable=False)
            if conflict is None:
                diagnostics.append(_json_error(source, error.msg, error.lineno, error.colno))
            else:
                place = (source.file, *conflict.position)
                diagnostics.append(Diagnostic(conflict.rule, Severity.ERROR, conflict.message, *place))
        except UnicodeDecodeError as error:
            diagnostics.append(_json_error(source, _encoding_problem(error), 1, 1))
        except RecursionError:
            diagnostics.append(_json_error(source, "it is nested too deeply", 1, 1))
        except ValueError as error:
            diagnostics.append(_json_error(source, str(error), 1, 1))
        schemas = {**dict.fromkeys(object_schema_names(source), schema), **schemas}
    return schemas, tuple(diagnostics)


def _second_schema(source: SourceFile, first: SourceFile) -> Diagnostic:
    message = f"the object schema {first.file} has the same place in its root"
    related = (Related(first.file, 1, 1, "this one counts"),)
    return Diagnostic("duplicate-object-schema", Severity.ERROR, message, source.file, 1, 1, related=related)


def _json_of(raw: bytes, limit: int) -> object:
    if len(raw) > limit:
        raise ValueError(f"the file has more than {limit // 1024} KiB")
    return json.loads(raw.decode("utf-8-sig"))


def _encoding_problem(error: UnicodeDecodeError) -> str:
    if utf_16(error.object):
        return "the file is UTF-16, not UTF-8"
    return f"byte 0x{error.object[error.start]:02x} is not UTF-8"


def _json_error(source: SourceFile, problem: str, line: int, column: int) -> Diagnostic:
    message = f"not valid JSON: {problem}"
    return Diagnostic("json-syntax", Severity.ERROR, message, source.file, line, column)


def _read_files(
    sources: Sequence[SourceFile], check: Check | None, known: Mapping[str, ParsedFile], progress: Progress | None
) -> dict[str, ParsedFile]:
    new = [source for source in sources if source.file not in known]
    contents = in_parts(partial(_contents, check=check), new, progress)
    read = {source.file: _parsed(source, *content) for source, content in zip(new, contents, strict=True)}
    return {source.file: known.get(source.file) or read[source.file] for source in sources}


def _contents(sources: Iterable[SourceFile], check: Check | None) -> list[_Content]:
    """Return what of each file has to reach another process; the text and the positions of a document stay behind."""
    contents: list[_Content] = []
    for source in sources:
        file = read_file(source, check)
        held = None if file.document is None else (file.document.data, file.document.directives)
        contents.append((held, file.diagnostics))
    return contents


def _parsed(
    source: SourceFile, held: tuple[object, tuple[Comment, ...]] | None, diagnostics: tuple[Diagnostic, ...]
) -> ParsedFile:
    if held is None:
        return ParsedFile(None, diagnostics)
    data, directives = held
    document = Document(source.file, source.file_path, source.kind, data, source.unsaved, directives)
    return ParsedFile(document, diagnostics)


def _kind(source: SourceFile) -> Kind:
    """Guess what a file holds from its name, or from a field that only one kind of file has."""
    if source.path.name == PRODUCT_GROUPS:
        return Kind.PRODUCT_GROUPS
    parsed = parse(source, source_bytes(source, MAX_COLLECTION_BYTES))
    fields = mapping(parsed.document.data if parsed.document else None)
    if "action" in fields:
        return Kind.EVENT
    entries = [mapping(entry) for entry in fields.values()]
    return Kind.INSTRUMENTATIONS if entries and all("source" in entry for entry in entries) else Kind.METRIC


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
    """Return the groups of all roots; the first entry of a group counts."""
    found: dict[str, ProductGroup] = {}
    for document in documents:
        if document.kind is Kind.PRODUCT_GROUPS:
            found = {**product_groups_of(document.data), **found}
    return found or None
