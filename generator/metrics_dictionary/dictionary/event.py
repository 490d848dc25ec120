"""An event definition: something that a person or the system does, and what is recorded about it."""

from __future__ import annotations

from dataclasses import dataclass

from metrics_dictionary.dictionary.definition import Definition, mapping, string, strings


@dataclass(frozen=True, slots=True)
class EventDefinition(Definition):
    """An event. ``file_path`` begins with the root's name: ``definitions/events/...``.

    ``by_category`` says that the action alone means another event of the dictionary, or none.
    """

    by_category: bool = False

    @property
    def action(self) -> str:
        """The event's name; empty when the definition has none."""
        return string(self.fields.get("action")) or ""

    @property
    def name(self) -> str:
        """What an event is called where a metric is called by its key path: its action, where need be with category."""
        return f"{self.action} ({self.category})" if self.by_category else self.action

    @property
    def category(self) -> str:
        """The class or page that records it; empty when the definition has none, as internal events may."""
        return string(self.fields.get("category")) or ""

    @property
    def is_internal(self) -> bool:
        """Whether it is recorded through the API of internal events, and known there by its action."""
        return self.fields.get("internal_events") is True

    @property
    def identity(self) -> tuple[str | None, str]:
        """Category and action, which two events may not share; of an internal event the action only."""
        return None if self.is_internal else self.category, self.action

    @property
    def status(self) -> str:
        """``active`` (also when nothing is said) or ``removed``."""
        return string(self.fields.get("status")) or "active"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Who and what the event is about: ``user``, ``project``, ``namespace``."""
        return strings(self.fields.get("identifiers"))

    @property
    def additional_properties(self) -> dict[str, str]:
        """Property name -> its description, in the author's order."""
        properties = mapping(self.fields.get("additional_properties"))
        return {name: string(mapping(value).get("description")) or "" for name, value in properties.items()}

    @property
    def protected_properties(self) -> dict[str, str]:
        """Property name -> its description: what only ``extra_trackers`` see, no metric and no collector.

        A property that is also an additional one is protected.
        """
        trackers = self.fields.get("extra_trackers")
        found: dict[str, str] = {}
        for tracker in trackers if isinstance(trackers, list) else ():
            properties = mapping(mapping(tracker).get("protected_properties"))
            found |= {name: string(mapping(value).get("description")) or "" for name, value in properties.items()}
        return found
