"""A report: the findings of one run, their totals, and the formats in which it can be written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import quote

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.tools.text import counted, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metrics_dictionary.dictionary.diagnostic import Diagnostic

FORMATS = {
    "text": "text_report",
    "json": "json_report",
    "sarif": "sarif",
    "junit": "junit",
    "gitlab-codequality": "code_quality",
    "github": "github_annotations",
    "checkstyle": "checkstyle",
}
"""Format -> its module in this folder, whose ``render`` takes a report; imported only to write one."""

RULE_REFERENCE = "reference/rules/"
"""Where the published site explains the rules, below its address; ``site/pages/reference.py`` makes the page."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The totals of one run; ``files`` is how many files were read."""

    files: int
    errors: int
    warnings: int
    infos: int

    @classmethod
    def of(cls, diagnostics: Sequence[Diagnostic], files: int) -> Summary:
        """Count the diagnostics."""
        counts = Counter(diagnostic.severity for diagnostic in diagnostics)
        return cls(files, counts[Severity.ERROR], counts[Severity.WARNING], counts[Severity.INFO])

    def in_words(self) -> str:
        """Return one sentence, such as ``Checked 431 files: 2 errors and 1 warning.``."""
        totals = {"error": self.errors, "warning": self.warnings, "info": self.infos}
        found = [counted(number, noun) for noun, number in totals.items() if number]
        return f"Checked {counted(self.files, 'file')}: {listed(found) or 'nothing to report'}."


@dataclass(frozen=True)
class Report:
    """The findings of one run, and what somebody who reads them somewhere else needs.

    ``failing`` are the severities that fail the run. ``site`` is the address of the published site, ending in ``/``,
    or empty where it is not known. ``unsaved`` maps a file to the text that was checked in its place. ``width`` is the
    number of columns of the terminal that the report is shown on; None leaves lines as long as they are.
    """

    diagnostics: Sequence[Diagnostic]
    files: int
    failing: frozenset[Severity] = frozenset({Severity.ERROR})
    site: str = ""
    unsaved: Mapping[str, str] = field(default_factory=dict)
    width: int | None = None

    @property
    def summary(self) -> Summary:
        """The totals."""
        return Summary.of(self.diagnostics, self.files)

    @property
    def failed(self) -> bool:
        """Whether there is a finding that fails the run."""
        return any(diagnostic.severity in self.failing for diagnostic in self.diagnostics)

    def rule_link(self, rule: str) -> str:
        """Return the address of a rule's explanation; empty where the address of the site is not known."""
        return f"{self.site}{RULE_REFERENCE}#{quote(rule)}" if self.site else ""


def render(report: Report, format_name: str) -> str:
    """Return a report in one of FORMATS, ending in a newline. Raises KeyError for another format."""
    text: str = import_module(f"{__package__}.{FORMATS[format_name]}").render(report)
    return text
