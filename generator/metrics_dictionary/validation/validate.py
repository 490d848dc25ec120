"""Validation: every finding about every file, in one run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from metrics_dictionary.reading.read import assemble, document_sources, read_surroundings, unread
from metrics_dictionary.reading.root import find_files, find_root, shown, with_unsaved
from metrics_dictionary.tools.garbage import without_garbage_collection
from metrics_dictionary.tools.in_parts import in_parts
from metrics_dictionary.validation.engine.diagnoses import diagnose, with_help
from metrics_dictionary.validation.engine.file_check import check_files, document_of
from metrics_dictionary.validation.lone_file import check_lone_file
from metrics_dictionary.validation.named_paths import as_named, by_root, left_out
from metrics_dictionary.validation.rules.context import RuleContext
from metrics_dictionary.validation.rules.registry import DICTIONARY_RULES, rules_of
from metrics_dictionary.validation.rules.rule import Scope
from metrics_dictionary.validation.suppressions import silence
from metrics_dictionary.validation.surroundings import notices, unchecked_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.reading.document import Document
    from metrics_dictionary.reading.read import Surroundings
    from metrics_dictionary.reading.root import SourceFile
    from metrics_dictionary.validation.engine.file_check import CheckedFile

    Progress = Callable[[int, int], None]
    Further = Callable[[Path, RuleContext], Iterable[Diagnostic]]


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
    further: Further | None = None,
) -> Outcome:
    """Check whatever a person names: roots, folders inside a root, single files inside one or outside any.

    Files inside a root are judged with the whole root in sight. ``further`` has more to say of a root. Raises
    OperationalError when a path does not exist, is no part of a definitions root, or cannot be read.
    """
    outcomes: list[Outcome] = []
    for root, only in by_root(paths).items():
        if root is None:
            outcomes += [validate_file(path, product_groups=product_groups) for path in only]
        else:
            outcomes.append(
                validate(root, only=only, product_groups=product_groups, progress=progress, further=further)
            )
    return Outcome(
        diagnostics=_in_order(diagnostic for outcome in outcomes for diagnostic in outcome.diagnostics),
        files_checked=sum(outcome.files_checked for outcome in outcomes),
        unread=tuple(file for outcome in outcomes for file in outcome.unread),
    )


def validate_unsaved(path: Path, content: bytes, *, product_groups: Path | None = None) -> Outcome:
    """Check a text as if it were what the file at ``path`` holds, and tell what is to be said of that file alone.

    The file need not exist.
    Raises OperationalError when the file would be no definition, or when the root cannot be read.
    """
    root = find_root(path)
    if root is None:
        return validate_file(path, product_groups=product_groups, unsaved=content)
    found = validate(root, only=(path,), product_groups=product_groups, unsaved=content)
    own = tuple(diagnostic for diagnostic in found.diagnostics if diagnostic.file == shown(path))
    return Outcome(own, found.files_checked, found.unread)


def validate(
    root: Path,
    *,
    only: Collection[Path] = (),
    product_groups: Path | None = None,
    progress: Progress | None = None,
    unsaved: bytes | None = None,
    further: Further | None = None,
) -> Validation:
    """Check a definitions root.

    ``only`` names files and folders of the root: findings about others are left out, but the others are still what
    references and key paths are checked against. ``product_groups`` takes the place of the root's own file.
    ``progress`` is told how many of how many files are done. ``unsaved`` stands in place of what the one file of
    ``only`` holds. ``further`` has more to say of the root, which comments can silence like the rest. Raises
    OperationalError when the root, a file in it or ``product_groups`` cannot be read, or when ``only`` names something
    else.
    """
    sources = find_files(root)
    if unsaved is not None:
        (path,) = only
        sources = with_unsaved(sources, root, path, unsaved)
    sources = as_named(sources, only)
    others = left_out(sources, only)
    surroundings = read_surroundings(sources, product_groups)
    with without_garbage_collection(keep=True):
        files = document_sources(sources)
        checked = in_parts(partial(check_files, unjudged=others), files, progress)
        found = [document_of(source, file) for source, file in zip(files, checked, strict=True)]
        return judge(root, sources, checked, found, surroundings, others, further)


def judge(
    root: Path,
    sources: Sequence[SourceFile],
    checked: Sequence[CheckedFile],
    found: Iterable[Document | None],
    surroundings: Surroundings,
    others: Collection[str] = (),
    further: Further | None = None,
) -> Validation:
    """Say what is wrong with a root whose files were checked one by one, apart from the files in ``others``.

    ``checked`` and ``found`` hold what became of each file that can become a document; ``further`` has more to say.
    """
    documents = tuple(document for document in found if document is not None)
    dictionary = assemble(sources, documents, surroundings)
    broken = unread(sources, documents)
    context = RuleContext(dictionary, documents, broken)
    problems = [diagnostic for file in checked for diagnostic in file.diagnostics]
    problems += [*with_help(surroundings.diagnostics), *diagnose(DICTIONARY_RULES.values(), context, shown(root))]
    unchecked = unchecked_rules(dictionary)
    if further is None:
        unchecked |= rules_of(Scope.COMPARISON).keys()
    else:
        problems += further(root, context)
    suppressions = [suppression for file in checked for suppression in file.suppressions]
    told = [*silence(problems, suppressions, unchecked), *notices(dictionary, sources, documents, shown(root))]
    return Validation(
        diagnostics=_in_order(diagnostic for diagnostic in told if diagnostic.file not in others),
        files_checked=len(sources) - len(others),
        unread=tuple(file for file in broken if file not in others),
        dictionary=dictionary,
        documents=documents,
    )


def validate_file(path: Path, *, product_groups: Path | None = None, unsaved: bytes | None = None) -> Outcome:
    """Check a file that belongs to no definitions root; nothing is said about what it refers to.

    ``unsaved`` is judged in place of what the file holds. Raises OperationalError when the file or ``product_groups``
    cannot be read.
    """
    diagnostics, read = check_lone_file(path, product_groups, unsaved)
    return Outcome(_in_order(diagnostics), 1, () if read else (shown(path),))


def _in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(diagnostics, key=lambda one: (one.file, one.line, one.column, one.rule, one.message)))
