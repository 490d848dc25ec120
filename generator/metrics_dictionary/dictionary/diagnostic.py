"""A diagnostic: one thing that is wrong, or worth knowing, about the definitions."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How much a diagnostic matters. Errors fail a check; warnings do when asked to; infos never do."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that a diagnostic is about, such as the other definition with the same key path."""

    file: str
    line: int
    column: int
    message: str

    @property
    def location(self) -> str:
        """The place as ``file:line:column``."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class TextEdit:
    """``text`` takes the place of what stands between two places of a file.

    Lines and columns count from 1, columns in characters; the end is behind the last character that goes.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits of the diagnostic's file that mend what it finds.

    ``safe`` says that nothing else can be meant: the file has an error as it stands, and the edits put a scalar into
    quotes as it is written, or spell a name as the only one that differs in nothing but case, ``-``, ``_`` and blanks.
    """

    edits: tuple[TextEdit, ...]
    safe: bool


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding with its place.

    ``file`` is the path as the person named it; ``line`` and ``column`` count from 1, columns in characters. ``path``
    is the JSON path of the value concerned (``$.events[0].name``; ``$`` for the whole file). ``help`` says what to
    do, ``suggestion`` is the text to write instead, where one can be computed, and ``fix`` writes it. ``missing`` holds
    the JSON paths of fields that should be there and are not.
    """

    rule: str
    severity: Severity
    message: str
    file: str
    line: int
    column: int
    path: str = "$"
    help: str = ""
    suggestion: str | None = None
    fix: Fix | None = None
    related: tuple[Related, ...] = field(default=())
    missing: tuple[str, ...] = ()

    @property
    def location(self) -> str:
        """The place as ``file:line:column``."""
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do: the suggestion and the help, a line each, where there are any."""
        suggestion = () if self.suggestion is None else (f"suggestion: {self.suggestion}",)
        return (*suggestion, self.help) if self.help else suggestion
