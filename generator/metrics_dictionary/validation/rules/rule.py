"""What a rule is: a generator of findings, and a row that says how much they matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from metrics_dictionary.reading.positions import JsonPath as JsonPath  # noqa: TC001 - importers need it at run time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from metrics_dictionary.dictionary.diagnostic import Severity
    from metrics_dictionary.reading.document import Document

Subject = TypeVar("Subject", contravariant=True)


@dataclass(frozen=True, slots=True)
class Place:
    """A value in a document."""

    document: Document
    path: JsonPath
    message: str

    @property
    def location(self) -> str:
        """The place as ``file:line:column``, for a message that names it."""
        line, column = self.document.positions.value(self.path)
        return f"{self.document.file}:{line}:{column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of one value of one document.

    ``at_key`` places it at the key instead of the value, for a field that should not be there. ``help`` replaces the
    rule's own. ``suggestion`` is the text to write instead.
    """

    document: Document
    path: JsonPath
    message: str
    help: str | None = None
    suggestion: str | None = None
    at_key: bool = False
    related: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule(Generic[Subject]):
    """One row of a table of rules.

    ``check`` yields findings. ``summary`` completes "finds ..." in the rule reference; ``help`` tells an author what
    to do. ``since`` is the version of this tool that brought the rule.
    """

    check: Callable[[Subject], Iterator[Finding]]
    severity: Severity
    summary: str
    help: str
    since: str = "0.1"
