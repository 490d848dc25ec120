"""Versions: written so that YAML reads them as text, and compared part by part."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.validation.engine.message_parts import code
from metrics_dictionary.validation.rules.rule import Finding, definition_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.reading.document import Document

_VERSION_FIELDS = ("milestone", "milestone_removed")

# Nine digits are more than any version has, and keep int() fast on hostile input.
_VERSION = re.compile(r"(<?)([0-9]{1,9})\.([0-9]{1,9})")
_TWO_PARTS = re.compile(r"[0-9]+\.[0-9]+")


@dataclass(frozen=True, slots=True)
class Version:
    """A milestone. ``before`` is true for ``<13.9``: some version before 13.9."""

    number: tuple[int, int]
    before: bool

    @classmethod
    def of(cls, value: object) -> Version | None:
        """Read ``16.10`` or ``<13.9``; anything else has no version."""
        found = _VERSION.fullmatch(value) if isinstance(value, str) else None
        return cls((int(found[2]), int(found[3])), bool(found[1])) if found else None

    def surely_before(self, other: Version) -> bool:
        """Return whether this version is older than ``other`` whatever the two stand for."""
        if other.before:
            return False
        return self.number <= other.number if self.before else self.number < other.number


def unquoted_version(document: Document) -> Iterator[Finding]:
    """Find a version that YAML reads as a number."""
    fields = definition_fields(document)
    for name in _VERSION_FIELDS:
        value = fields.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield _unquoted(document, name, value)


def _unquoted(document: Document, name: str, value: float) -> Finding:
    written = document.positions.written((name,)) or str(value)
    return Finding(
        document,
        (name,),
        f"{code(f'{name}: {written}')} has no quotes and is read as the number {value}",
        help=f'Put the version in quotes: `{name}: "{written if _TWO_PARTS.fullmatch(written) else "16.10"}"`.',
        suggestion=f'"{written}"' if _TWO_PARTS.fullmatch(written) else None,
    )
