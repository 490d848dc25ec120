"""An edition: one state of a dictionary, such as that of a git revision or of a combined file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.dictionary.dictionary import Dictionary


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

    def unreadable(self) -> Iterator[tuple[str, str]]:
        """Yield a sentence about each thing that could not be read, and its file."""
        for problem in self.diagnostics:
            if problem.severity is Severity.ERROR:
                yield f"{self.name} cannot be read at {problem.location}: {problem.message}", problem.file


def inside_root(file_path: str) -> str:
    """Return the place of a file inside its root: ``metrics/a.yml`` for ``definitions/metrics/a.yml``."""
    return file_path.split("/", 1)[-1]
