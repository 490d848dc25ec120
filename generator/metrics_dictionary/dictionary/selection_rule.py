"""A selection rule: which occurrences of an event a metric counts, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import mapping, string

if TYPE_CHECKING:
    from collections.abc import Mapping

BUILT_IN_PROPERTIES = ("label", "property", "value")
"""The additional properties that every event may declare; all others are custom ones."""

IDENTIFIERS = {"user.id": "user", "project.id": "project", "namespace.id": "namespace"}
"""What ``unique`` may name -> the entry that the event's ``identifiers`` must then have."""


SUM_OF_VALUES = "sum(value)"
TOTAL = "total"
"""The two operators."""


@dataclass(frozen=True, slots=True)
class SelectionRule:
    """One entry of a metric's ``events``.

    ``position`` is the index in that list. ``unique`` names the identifier or built-in property whose distinct
    values are counted; None counts every occurrence. ``operator`` is ``sum(value)``, ``total`` or None.
    """

    position: int
    name: str | None
    unique: str | None
    operator: str | None
    filter: Mapping[str, object]

    @classmethod
    def of(cls, position: int, fields: object) -> SelectionRule:
        """Read one entry; an entry that is not a mapping gives a rule without a name."""
        entry = mapping(fields)
        return cls(
            position=position,
            name=string(entry.get("name")),
            unique=string(entry.get("unique")),
            operator=string(entry.get("operator")),
            filter=mapping(entry.get("filter")),
        )

    @property
    def is_by_value(self) -> bool:
        """Whether it counts the occurrences for each value of the built-in property ``unique``."""
        return self.operator == TOTAL and self.unique in BUILT_IN_PROPERTIES
