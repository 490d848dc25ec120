"""What a rule is: a row that says how much it matters, and a generator of findings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from metrics_dictionary.reading.document import Document, Kind
from metrics_dictionary.reading.positions import JsonPath as JsonPath  # noqa: TC001 - importers need it at run time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from metrics_dictionary.dictionary.definition import Fields
    from metrics_dictionary.dictionary.diagnostic import Severity
    from metrics_dictionary.tools.near_misses import Suggestion

_NO_FIELDS: Fields = {}


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
    rule's own. ``suggestion`` is the text to write instead; where it is a mere string, it may be wrong. ``missing``
    holds the paths of fields that should be there.
    """

    document: Document
    path: JsonPath
    message: str
    help: str | None = None
    suggestion: Suggestion | str | None = None
    at_key: bool = False
    related: tuple[Place, ...] = ()
    missing: tuple[JsonPath, ...] = ()


class Scope(StrEnum):
    """What one has to look at to see that a rule is broken."""

    TEXT = "text"
    """The text of one file, before there is data in it."""

    DEFINITION = "definition"
    """The data of one file."""

    DICTIONARY = "dictionary"
    """Every file of the definitions root."""

    COMPARISON = "comparison"
    """The root and another edition of it."""

    RUN = "run"
    """The run itself: what it was told to leave out, and what it could not check."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the registry.

    ``summary`` completes "finds ..." in the rule reference; ``help`` tells an author what to do. ``check`` yields
    findings about a document or a ``RuleContext``, as ``scope`` says; None where another part of the program tells
    that the rule is broken. ``suppressible`` says whether a comment in a file can switch the rule off there.
    ``replaces_schema`` says that a finding explains better than the schema why the schema refuses the same value.
    ``since`` is the version of this tool that brought the rule.
    """

    id: str
    scope: Scope
    severity: Severity
    summary: str
    help: str
    check: Callable[[Any], Iterator[Finding]] | None = None
    suppressible: bool = True
    replaces_schema: bool = False
    since: str = "0.1"

    def findings(self, subject: Any) -> Iterator[Finding]:
        """Return what ``check`` finds; nothing where there is none."""
        return iter(()) if self.check is None else self.check(subject)


def metric_fields(document: Document) -> Fields:
    """Return the fields of a metric."""
    return document.data if document.kind is Kind.METRIC and isinstance(document.data, dict) else _NO_FIELDS


def event_fields(document: Document) -> Fields:
    """Return the fields of an event."""
    return document.data if document.kind is Kind.EVENT and isinstance(document.data, dict) else _NO_FIELDS


def definition_fields(document: Document) -> Fields:
    """Return the fields of a metric or an event."""
    return metric_fields(document) or event_fields(document)
