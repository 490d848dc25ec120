"""An event definition: something that a person or the system does, and what is recorded about it."""

from __future__ import annotations

from dataclasses import dataclass

from metrics_dictionary.dictionary.fields import Fields, mapping, text, texts


@dataclass(frozen=True, slots=True)
class EventDefinition:
    """An event. ``file_path`` is relative to the folder that holds the definitions root: ``definitions/events/...``."""

    fields: Fields
    file_path: str

    @property
    def action(self) -> str:
        """The event's name; empty when the definition has none."""
        return text(self.fields.get("action")) or ""

    @property
    def description(self) -> str:
        """What happens when the event is recorded."""
        return text(self.fields.get("description")) or ""

    @property
    def status(self) -> str:
        """``active`` (also when nothing is said) or ``removed``."""
        return text(self.fields.get("status")) or "active"

    @property
    def removed(self) -> bool:
        """Whether the event is no longer recorded."""
        return self.status == "removed"

    @property
    def product_group(self) -> str | None:
        """The group that owns the event."""
        return text(self.fields.get("product_group"))

    @property
    def milestone(self) -> str | None:
        """The version in which the event was introduced."""
        return text(self.fields.get("milestone"))

    @property
    def tiers(self) -> tuple[str, ...]:
        """The subscription tiers in which the event can happen."""
        return texts(self.fields.get("tiers"))

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Who and what the event is about: ``user``, ``project``, ``namespace``."""
        return texts(self.fields.get("identifiers"))

    @property
    def additional_properties(self) -> dict[str, str]:
        """Property name -> its description, in the author's order."""
        properties = mapping(self.fields.get("additional_properties"))
        return {name: text(mapping(value).get("description")) or "" for name, value in properties.items()}
