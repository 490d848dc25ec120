"""Which suggestions may be followed without asking: those that are the only name close to the wrong one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.product_groups import read_product_groups
from metrics_dictionary.tools.near_misses import near_misses
from metrics_dictionary.validation.schemas.fields import field_reference

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.dictionary.dictionary import Dictionary

VERSION = "unquoted-version"
SCHEMA = "schema"

_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Corrections:
    """What may stand in place of a wrong value. ``names`` is rule -> the names that its values may be."""

    names: Mapping[str, Collection[str]] = field(default_factory=dict)

    @classmethod
    def within(cls, dictionary: Dictionary) -> Corrections:
        """Take the names from the dictionary of a root."""
        return cls(
            {
                "unknown-product-group": list(dictionary.product_groups or ()),
                "unknown-event": list(dictionary.events),
                "unknown-instrumentation": list(dictionary.instrumentations or ()),
            }
        )

    @classmethod
    def for_lone_files(cls, product_groups: Path | None) -> Corrections:
        """Take the owners from the file that is named for them; raises OperationalError when it cannot be read."""
        return cls({"unknown-product-group": list(read_product_groups(product_groups)) if product_groups else []})

    def of(self, diagnostic: Diagnostic, kind: Kind, word: str) -> str | None:
        """Return the text that the wrong ``word`` has to be, or None where somebody has to decide."""
        suggestion = diagnostic.suggestion
        if suggestion is None:
            return None
        if diagnostic.rule == VERSION:
            return suggestion.strip('"')
        if diagnostic.rule == SCHEMA:
            names: Collection[str] = _values(kind).get(_INDEX.sub("[]", diagnostic.path.removeprefix("$.")), ())
        else:
            names = self.names.get(diagnostic.rule, ())
        return suggestion if suggestion in names and _is_the_only_one(suggestion, word, names) else None


def _is_the_only_one(suggestion: str, word: str, names: Collection[str]) -> bool:
    """Return whether no other name is close, or this one differs only in case and separators and no other does."""
    # Owners of 2021 are written `group::global search`.
    word = word.removeprefix("group::")
    alike = [name for name in names if _letters(name) == _letters(word)]
    return alike == [suggestion] if alike else near_misses(word, names) == [suggestion]


def _letters(word: str) -> str:
    return re.sub(r"[_\-.: ]", "", word.lower())


@cache
def _values(kind: Kind) -> dict[str, tuple[str, ...]]:
    """Return place -> the values that the schema of a metric or an event allows there."""
    if kind not in (Kind.METRIC, Kind.EVENT):
        return {}
    return {one.name: tuple(str(value) for value in one.allowed) for one in field_reference(kind) if one.allowed}
