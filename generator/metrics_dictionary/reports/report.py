"""What a report is made of, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.reports.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metrics_dictionary.dictionary.diagnostic import Diagnostic


FORMATS = ("text", "json", "sarif", "junit", "gitlab-codequality", "github", "checkstyle")
"""The formats by the name that a person gives; ``formats.py`` holds what writes them."""


@dataclass(frozen=True)
class Report:
    """The findings of one run, and what somebody who reads them somewhere else needs.

    ``failing`` are the severities that fail the run. ``site`` is the address of the published site, ending in ``/``,
    or empty where nobody knows it. ``unsaved`` maps a file to the text that was judged in its place.
    """

    diagnostics: Sequence[Diagnostic]
    files: int
    failing: frozenset[Severity] = frozenset({Severity.ERROR})
    site: str = ""
    unsaved: Mapping[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> Summary:
        """The totals."""
        return Summary.of(self.diagnostics, self.files)

    @property
    def failed(self) -> bool:
        """Whether there is a finding that fails the run."""
        return any(diagnostic.severity in self.failing for diagnostic in self.diagnostics)
