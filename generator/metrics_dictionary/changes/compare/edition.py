"""An edition: one state of a dictionary, such as that of a git revision or of a combined file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.dictionary.definition import mapping, string
from metrics_dictionary.dictionary.diagnostic import Diagnostic, Severity
from metrics_dictionary.reading.document import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.reading.document import Document
    from metrics_dictionary.reading.root import SourceFile

_NAMES = {Kind.METRIC: "key_path", Kind.EVENT: "action"}


class Gap(NamedTuple):
    """A sentence about a mistake in an edition's ``file``; ``unread`` is whether nothing of the file is known."""

    message: str
    file: str
    unread: bool


@dataclass(frozen=True, slots=True)
class Edition:
    """``name`` is how messages call it. ``diagnostics`` say what of it could not be read, ``unread`` in which files.

    ``unread`` names files by their place inside the definitions root (``metrics/counts_all/boards.yml``). ``remarks``
    say why it is not, or not all of, the edition that was asked for. ``whole`` is false for a combined file, which may
    leave out events, and has no instrumentations.
    """

    name: str
    dictionary: Dictionary
    diagnostics: tuple[Diagnostic, ...] = ()
    unread: frozenset[str] = frozenset()
    remarks: tuple[str, ...] = ()
    whole: bool = True

    @property
    def tells_of_events(self) -> bool:
        """Whether events that are not in it do not exist."""
        return self.whole or self.dictionary.event_definitions is not None

    @property
    def tells_of_metrics(self) -> bool:
        """Whether metrics that are not in it do not exist."""
        return self.whole or bool(self.dictionary.metrics)

    @property
    def tells_of_instrumentations(self) -> bool:
        """Whether instrumentations that are not in it do not exist."""
        return self.whole and not any(place.startswith("instrumentations/") for place in self.unread)

    @property
    def tells_of_groups(self) -> bool:
        """Whether product groups that are not in it do not exist."""
        return self.whole and not any(place.startswith("product_groups.") for place in self.unread)

    def may_hold(self, file_path: str) -> bool:
        """Return whether a definition from this file, or from an unknown one, may be in a file that is not read."""
        if file_path:
            return inside_root(file_path) in self.unread
        return any(not place.endswith(".json") for place in self.unread)

    def gaps(self) -> Iterator[Gap]:
        """Yield what is wrong with the texts of its files."""
        for problem in self.diagnostics:
            if problem.severity is Severity.ERROR:
                unread = any(problem.file.endswith(path) for path in self.unread)
                what = "cannot be read" if unread else "has a mistake"
                yield Gap(f"{self.name} {what} at {problem.location}: {problem.message}", problem.file, unread)


def nameless(documents: Iterable[Document]) -> dict[str, Diagnostic]:
    """Return the place inside the root of each metric or event file that names no definition -> what it lacks."""
    return {
        inside_root(document.file_path): Diagnostic(
            "schema", Severity.ERROR, f"the file has no `{_NAMES[document.kind]}`", document.file, 1, 1
        )
        for document in documents
        if document.kind in _NAMES and not string(mapping(document.data).get(_NAMES[document.kind]))
    }


def unread_schemas(sources: Iterable[SourceFile], schemas: Mapping[str, object]) -> set[str]:
    """Return the places inside the root of the object schemas that are not valid JSON."""
    files = [source.file_path for source in sources if source.kind is Kind.OBJECT_SCHEMA]
    return {inside_root(file_path) for file_path in files if schemas.get(file_path) is None}


def inside_root(file_path: str) -> str:
    """Return the place of a file inside its root: ``metrics/a.yml`` for ``definitions/metrics/a.yml``."""
    return file_path.split("/", 1)[-1]
