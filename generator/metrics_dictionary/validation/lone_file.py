"""A file that belongs to no root: its own text, schema and rules, and its owner, are all that can be checked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import mapping
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.parse import LARGEST_COLLECTION, parse
from metrics_dictionary.reading.read import assemble, read_surroundings
from metrics_dictionary.reading.root import PRODUCT_GROUPS, SourceFile, shown, source_bytes
from metrics_dictionary.validation.engine.diagnoses import diagnose, with_help
from metrics_dictionary.validation.engine.file_check import check_file, document_of
from metrics_dictionary.validation.rules.context import RuleContext
from metrics_dictionary.validation.rules.registry import DICTIONARY_RULES, rules_of
from metrics_dictionary.validation.rules.rule import Scope
from metrics_dictionary.validation.suppressions import silence
from metrics_dictionary.validation.surroundings import notices_of_lone_file

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.dictionary.diagnostic import Diagnostic

_OWNER = "unknown-product-group"


def check_lone_file(
    path: Path, product_groups: Path | None, unsaved: bytes | None = None
) -> tuple[list[Diagnostic], bool]:
    """Return what is wrong with a file, and whether it could be read at all; ``unsaved`` is judged in its place.

    Raises OperationalError when the file or ``product_groups`` cannot be opened.
    """
    source = _source(path, unsaved)
    surroundings = read_surroundings((), product_groups)
    checked = check_file(source)
    document = document_of(source, checked)
    problems = [*checked.diagnostics, *with_help(surroundings.diagnostics)]
    ran: set[str] = set()
    if document is not None and surroundings.product_groups is not None:
        context = RuleContext(assemble((source,), (document,), surroundings), (document,))
        problems += diagnose([DICTIONARY_RULES[_OWNER]], context, source.file)
        ran.add(_OWNER)
    unchecked = {*rules_of(Scope.COMPARISON), *DICTIONARY_RULES} - ran
    told = list(silence(problems, checked.suppressions, unchecked))
    if document is not None:
        told += notices_of_lone_file(document, ran)
    return told, checked.read


def _source(path: Path, unsaved: bytes | None) -> SourceFile:
    unknown = SourceFile(path, shown(path), path.name, Kind.INSTRUMENTATIONS, unsaved)
    return replace(unknown, kind=_kind(unknown))


def _kind(source: SourceFile) -> Kind:
    """Guess what a file holds from its name, or from a field that only one kind of file has."""
    if source.path.name == PRODUCT_GROUPS:
        return Kind.PRODUCT_GROUPS
    parsed = parse(source, source_bytes(source, LARGEST_COLLECTION))
    fields = mapping(parsed.document.data if parsed.document else None)
    if "action" in fields:
        return Kind.EVENT
    entries = [mapping(entry) for entry in fields.values()]
    return Kind.INSTRUMENTATIONS if entries and all("source" in entry for entry in entries) else Kind.METRIC
