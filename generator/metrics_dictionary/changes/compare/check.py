"""The lifecycle check: the newer edition's definitions, held against what the older one promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.changes.compare.comparison import compare
from metrics_dictionary.changes.compare.edition import Edition, inside_root, nameless, unread_schemas
from metrics_dictionary.changes.compare.open_edition import open_edition
from metrics_dictionary.changes.compare.rules import breaches
from metrics_dictionary.dictionary.diagnostic import Diagnostic
from metrics_dictionary.reading.positions import json_path
from metrics_dictionary.reading.root import root_paths, shown
from metrics_dictionary.tools.garbage import without_garbage_collection
from metrics_dictionary.validation.rules.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from metrics_dictionary.changes.compare.definition_rules import Breach
    from metrics_dictionary.reading.document import Document
    from metrics_dictionary.reading.read import Reading

INCOMPLETE = "incomplete-comparison"
UNREADABLE = "unreadable-edition"


def lifecycle_check(against: str, told: Callable[[Edition], None]) -> Callable[[Reading], list[Diagnostic]]:
    """Return what finds the broken promises of a root since the edition ``against``; ``told`` hears what that is.

    The function raises OperationalError when there is no such edition.
    """

    def check(reading: Reading) -> list[Diagnostic]:
        before = open_edition(against, reading.roots, documents=reading.documents, merge_base=True)
        told(before)
        with without_garbage_collection():
            return list(_diagnostics(before, reading))

    return check


def _diagnostics(before: Edition, reading: Reading) -> Iterator[Diagnostic]:
    unread = (inside_root(source.file_path) for source in reading.unread_sources)
    schemas = unread_schemas(reading.sources, reading.dictionary.object_schemas)
    after = Edition(
        shown(reading.root), reading.dictionary, unread=frozenset({*nameless(reading.documents), *schemas, *unread})
    )
    documents = {document.file_path: document for document in reading.documents}
    yield from _gaps(before, reading.root, documents)
    for rule, breach in breaches(compare(before, after)):
        yield _diagnostic(rule, breach, reading.roots, documents)


def _gaps(before: Edition, root: Path, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Say what of the older edition is not the one that was asked for, or could not be read."""
    for remark in before.remarks:
        yield _gap(INCOMPLETE, remark, shown(root))
    now = {inside_root(path): document.file for path, document in documents.items()}
    for gap in before.gaps():
        file = next((file for path, file in now.items() if gap.file.endswith(path)), shown(root))
        yield _gap(UNREADABLE if gap.unread else INCOMPLETE, gap.message, file)


def _gap(rule: str, message: str, file: str) -> Diagnostic:
    entry = RULES[rule]
    return Diagnostic(rule, entry.severity, message, file, 1, 1, help=entry.help)


def _diagnostic(rule: str, breach: Breach, roots: tuple[Path, ...], documents: Mapping[str, Document]) -> Diagnostic:
    entry = RULES[rule]
    help_text = entry.help if breach.help is None else breach.help
    if breach.gone:
        file, line, column = shown(_place(breach.definition.file_path, roots)), 1, 1
    else:
        document = documents[breach.definition.file_path]
        file, (line, column) = document.file, document.positions.value(breach.path)
    return Diagnostic(rule, entry.severity, breach.message, file, line, column, json_path(breach.path), help_text)


def _place(file_path: str, roots: tuple[Path, ...]) -> Path:
    """Return where a file that is gone was; the first root where that is not known."""
    for root, root_path in root_paths(roots).items():
        if file_path.startswith(f"{root_path}/"):
            return root / file_path[len(root_path) + 1 :]
    return roots[0] / inside_root(file_path) if file_path else roots[0]
