"""What metrics and events have in common, and how the fields of a definition are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Fields = Mapping[str, object]
"""A definition's fields as the author wrote them, in the author's order."""

MAX_NAME_LENGTH = 200
"""Characters in a key path and in the name of an event or a property; the server relies on that bound."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric or an event. ``file_path`` is relative to the folder that holds the definitions root."""

    fields: Fields
    file_path: str

    @property
    def description(self) -> str:
        """What is counted, or what happens when the event is recorded; empty when the definition has none."""
        return string(self.fields.get("description")) or ""

    @property
    def removed(self) -> bool:
        """Whether the metric is no longer part of a payload, or the event no longer recorded."""
        return self.fields.get("status") == "removed"

    @property
    def product_group(self) -> str | None:
        """The group that owns the definition."""
        return string(self.fields.get("product_group"))

    @property
    def milestone(self) -> str | None:
        """The version in which it was introduced; ``<13.9`` means before 13.9."""
        return string(self.fields.get("milestone"))

    @property
    def tiers(self) -> tuple[str, ...]:
        """The subscription tiers in which the metric is available or the event can happen."""
        return strings(self.fields.get("tiers"))


def string(value: object) -> str | None:
    """Return the value when it is a string, otherwise None."""
    return value if isinstance(value, str) else None


def strings(value: object) -> tuple[str, ...]:
    """Return the strings of a list; a value that is not a list has none."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def mapping(value: object) -> Fields:
    """Return the value when it is a mapping, otherwise an empty one."""
    return value if isinstance(value, Mapping) else {}
