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
class Diagnostic:
    """A finding with its place.

    ``file`` is the path as the person named it; ``line`` and ``column`` count from 1, columns in characters. ``path``
    is the JSON path of the value concerned (``$.events[0].name``; ``$`` for the whole file). ``help`` says what to
    do, ``suggestion`` is the text to write instead, where one can be computed.
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
    related: tuple[Related, ...] = field(default=())

    @property
    def location(self) -> str:
        """The place as ``file:line:column``."""
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do: the suggestion and the help, a line each, where there are any."""
        suggestion = () if self.suggestion is None else (f"suggestion: {self.suggestion}",)
        return (*suggestion, self.help) if self.help else suggestion
