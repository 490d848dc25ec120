"""Validation: every finding about every file, in one run.

The walk runs one way: reading finds the files, parses each and checks each against its schema and the rules about one
definition; from what was read the rules about the whole dictionary find the rest; comments in the files take out what
their authors answer for.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from metrics_dictionary.reading.read import read_lone_file, read_sources
from metrics_dictionary.reading.root import find_files, find_root, shown, with_unsaved
from metrics_dictionary.tools.garbage import without_garbage_collection
from metrics_dictionary.validation.engine.run_rules import check_document, run_rules, with_help
from metrics_dictionary.validation.misnamed import misnamed
from metrics_dictionary.validation.named_paths import as_named, dictionaries, left_out
from metrics_dictionary.validation.repetitions import without_repetitions
from metrics_dictionary.validation.rules.context import RuleContext
from metrics_dictionary.validation.rules.registry import DICTIONARY_RULES, rules_of
from metrics_dictionary.validation.rules.rule import Scope
from metrics_dictionary.validation.suppressions import suppressions_in, without_suppressed
from metrics_dictionary.validation.unchecked import notices, notices_of_lone_file, unchecked_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.reading.document import Document
    from metrics_dictionary.reading.read import Progress, Reading
    from metrics_dictionary.reading.root import Roots

    LifecycleCheck = Callable[[Reading], Iterable[Diagnostic]]

_OWNER = "unknown-product-group"


@dataclass(frozen=True)
class Outcome:
    """What a run found: the diagnostics by file, line and column, and how many files it is about.

    ``unread`` names the files that are so broken that nothing else could be said about them.
    """

    diagnostics: tuple[Diagnostic, ...]
    files_checked: int
    unread: tuple[str, ...]


@dataclass(frozen=True)
class Validation(Outcome):
    """The outcome for one root, with its dictionary and the documents that it was read from."""

    dictionary: Dictionary
    documents: tuple[Document, ...]


def validate_paths(
    paths: Sequence[Path],
    *,
    product_groups: Path | None = None,
    progress: Progress | None = None,
    lifecycle: LifecycleCheck | None = None,
    beside: Sequence[Path] = (),
    separate: bool = False,
) -> Outcome:
    """Check whatever a person names: roots, folders inside a root, single files inside one or outside any.

    Roots that are named together are one dictionary, unless they are to be judged ``separate``. Files inside a root
    are checked with the whole root in sight, and with the others that form a dictionary with it: ``beside`` names all
    of them. ``lifecycle`` says which promises a root breaks. Raises OperationalError when a path does not exist, is not
    part of a definitions root, or cannot be read.
    """
    outcomes: list[Outcome] = []
    for roots, only in dictionaries(paths, () if separate else beside, separate=separate):
        if roots is None:
            outcomes += [validate_file(path, product_groups=product_groups) for path in only]
        else:
            outcomes.append(
                validate(roots, only=only, product_groups=product_groups, progress=progress, lifecycle=lifecycle)
            )
    return Outcome(
        diagnostics=_in_order(diagnostic for outcome in outcomes for diagnostic in outcome.diagnostics),
        files_checked=sum(outcome.files_checked for outcome in outcomes),
        unread=tuple(file for outcome in outcomes for file in outcome.unread),
    )


def validate_unsaved(
    path: Path, content: bytes, *, product_groups: Path | None = None, beside: Sequence[Path] = ()
) -> Outcome:
    """Check a text as if it were what the file at ``path`` holds, and tell what is to be said of that file alone.

    The file need not exist. ``beside`` are the roots that form one dictionary with that of the file.
    Raises OperationalError when the file would be no definition, or when the root cannot be read.
    """
    root = find_root(path)
    if root is None:
        return validate_file(path, product_groups=product_groups, unsaved=content)
    roots = tuple(beside) if os.path.realpath(root) in map(os.path.realpath, beside) else root
    found = validate(roots, only=(path,), product_groups=product_groups, unsaved=content)
    own = tuple(diagnostic for diagnostic in found.diagnostics if diagnostic.file == shown(path))
    return Outcome(own, found.files_checked, found.unread)


def validate(
    roots: Roots,
    *,
    only: Collection[Path] = (),
    product_groups: Path | None = None,
    progress: Progress | None = None,
    unsaved: bytes | Mapping[Path, bytes] | None = None,
    lifecycle: LifecycleCheck | None = None,
) -> Validation:
    """Check a definitions root, or several as one dictionary.

    ``only`` names files and folders of the roots: findings about others are left out, but the others are still what
    references and key paths are checked against. ``product_groups`` takes the place of the roots' own files.
    ``progress`` is told how many of how many files are done. ``unsaved`` stands in place of what the one file of
    ``only`` holds, or of what several files hold, by the paths that ``find_files`` gives them. ``lifecycle`` says
    which promises the roots break, which comments can suppress like the rest. Raises OperationalError when a root,
    a file in it or ``product_groups`` cannot be read, or when ``only`` names something else.
    """
    sources = find_files(roots)
    if isinstance(unsaved, bytes):
        (path,) = only
        sources = with_unsaved(sources, roots, path, unsaved)
    elif unsaved:
        sources = tuple(replace(source, unsaved=unsaved.get(source.path)) for source in sources)
    sources = as_named(sources, only)
    others = left_out(sources, only)

    def check(document: Document) -> Iterable[Diagnostic]:
        return () if document.file in others else check_document(document)

    with without_garbage_collection(keep=True):
        reading = read_sources(roots, sources, product_groups=product_groups, check=check, progress=progress)
        return validate_reading(reading, others=others, lifecycle=lifecycle)


def validate_reading(
    reading: Reading, *, others: Collection[str] = (), lifecycle: LifecycleCheck | None = None
) -> Validation:
    """Say what is wrong with a root whose files were read and checked one by one, apart from the files in ``others``.

    Raises OperationalError when ``lifecycle`` does.
    """
    context = RuleContext(reading.dictionary, reading.documents, reading.unread)
    problems = [*reading.diagnostics, *run_rules(DICTIONARY_RULES.values(), context, shown(reading.root))]
    unchecked = unchecked_rules(reading.dictionary)
    if lifecycle is None:
        unchecked |= rules_of(Scope.COMPARISON).keys()
    else:
        problems += lifecycle(reading)
    told = [*_told(problems, reading, unchecked), *notices(reading)]
    if not others:
        told += (one for root in reading.roots for one in misnamed(root))
    return Validation(
        diagnostics=_in_order(diagnostic for diagnostic in told if diagnostic.file not in others),
        files_checked=len(reading.sources) - len(others),
        unread=tuple(file for file in reading.unread if file not in others),
        dictionary=reading.dictionary,
        documents=reading.documents,
    )


def validate_file(path: Path, *, product_groups: Path | None = None, unsaved: bytes | None = None) -> Outcome:
    """Check a file that belongs to no definitions root, and its owner where ``product_groups`` are given.

    Nothing is said about what else it refers to. ``unsaved`` is checked in place of what the file holds. Raises
    OperationalError when the file or ``product_groups`` cannot be read.
    """
    reading = read_lone_file(path, product_groups=product_groups, check=check_document, unsaved=unsaved)
    possible = {_OWNER: DICTIONARY_RULES[_OWNER]} if reading.documents and product_groups is not None else {}
    context = RuleContext(reading.dictionary, reading.documents)
    problems = [*reading.diagnostics, *run_rules(possible.values(), context, shown(path))]
    unchecked = {*rules_of(Scope.COMPARISON), *DICTIONARY_RULES} - possible.keys()
    told = [*_told(problems, reading, unchecked), *notices_of_lone_file(reading.documents, possible)]
    return Outcome(_in_order(told), 1, reading.unread)


def _told(problems: Iterable[Diagnostic], reading: Reading, unchecked: Collection[str]) -> Iterable[Diagnostic]:
    suppressions = [one for document in reading.documents for one in suppressions_in(document)]
    return without_repetitions(without_suppressed(with_help(problems), suppressions, unchecked))


def _in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(diagnostics, key=lambda one: (one.file, one.line, one.column, one.rule, one.message)))
