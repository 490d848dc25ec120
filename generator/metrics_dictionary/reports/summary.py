"""How many findings of each severity a run has, in numbers and in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.tools.text import counted, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metrics_dictionary.dictionary.diagnostic import Diagnostic


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
        found = [
            counted(number, noun)
            for number, noun in ((self.errors, "error"), (self.warnings, "warning"), (self.infos, "info"))
            if number
        ]
        result = listed(found) or "nothing to report"
        return f"Checked {counted(self.files, 'file')}: {result}."
