"""An event definition: something that a person or the system does, and what is recorded about it."""

from __future__ import annotations

from dataclasses import dataclass

from metrics_dictionary.dictionary.definition import Definition, mapping, text, texts


@dataclass(frozen=True, slots=True)
class EventDefinition(Definition):
    """An event. ``file_path`` begins with the root's name: ``definitions/events/...``."""

    @property
    def action(self) -> str:
        """The event's name; empty when the definition has none."""
        return text(self.fields.get("action")) or ""

    @property
    def name(self) -> str:
        """The action: what an event is called where a metric is called by its key path."""
        return self.action

    @property
    def status(self) -> str:
        """``active`` (also when nothing is said) or ``removed``."""
        return text(self.fields.get("status")) or "active"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Who and what the event is about: ``user``, ``project``, ``namespace``."""
        return texts(self.fields.get("identifiers"))

    @property
    def additional_properties(self) -> dict[str, str]:
        """Property name -> its description, in the author's order."""
        properties = mapping(self.fields.get("additional_properties"))
        return {name: text(mapping(value).get("description")) or "" for name, value in properties.items()}
