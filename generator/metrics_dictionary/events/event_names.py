"""The names that events have, and what is said about one that they do not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import text
from metrics_dictionary.events.faults import meant, quoted
from metrics_dictionary.tools.near_misses import NearMisses

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.dictionary import Dictionary


class EventNames:
    """The events that can be recorded, those that no longer are, and near misses among thousands."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.active = frozenset(name for name, event in dictionary.events.items() if not event.removed)
        self._removed = {
            name: text(event.fields.get("milestone_removed"))
            for name, event in dictionary.events.items()
            if event.removed
        }
        self._near = NearMisses(self.active)

    def is_removed(self, event: str) -> bool:
        """Whether the event has a definition that says that it is no longer recorded."""
        return event in self._removed

    def why_not(self, event: str) -> str:
        """Say why an event that is not active cannot be recorded, and which one was probably meant."""
        if event in self._removed:
            milestone = self._removed[event]
            since = f" in {milestone}" if milestone else ""
            return f"{quoted(event)} was removed{since} and is no longer recorded"
        return f"{quoted(event)} has no definition{meant(self._near.near(event))}"
