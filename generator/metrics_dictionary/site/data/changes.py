"""What changed in a dictionary: per month by git, per milestone by git and by what definitions say of themselves."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from metrics_dictionary.changes.history.change import ChangeType
from metrics_dictionary.dictionary.definition import string
from metrics_dictionary.dictionary.milestones import UNKNOWN_VERSION, version_key
from metrics_dictionary.site.parts.urls import definition_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from metrics_dictionary.changes.history.change import Change
    from metrics_dictionary.changes.history.history import History
    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.dictionary.metric import MetricDefinition

    AnyDefinition = MetricDefinition | EventDefinition


_OUTCOMES = tuple(outcome.value for outcome in ChangeType)


@dataclass(frozen=True)
class Tally:
    """How many definitions were added, changed, removed and deleted."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    deleted: int = 0

    def parts(self) -> Iterator[tuple[str, int]]:
        """Yield the word of each outcome and its number, where that is not 0."""
        return ((name, number) for name in _OUTCOMES if (number := getattr(self, name)))


@dataclass(frozen=True)
class Month:
    """``key`` is written ``2025-03``; the changes are the newest first."""

    key: str
    changes: tuple[Change, ...]

    @cached_property
    def tally(self) -> Tally:
        """The month in numbers."""
        return _tally(change.type for change in self.changes)


@dataclass(frozen=True)
class Milestone:
    """``added`` and ``removed`` are what definitions say of themselves, ``changed`` what git saw while it was made."""

    name: str
    added: list[AnyDefinition] = field(default_factory=list)
    removed: list[AnyDefinition] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)

    @property
    def tally(self) -> Tally:
        """The milestone in numbers."""
        return Tally(len(self.added), len(self.changed), len(self.removed))


@dataclass(frozen=True)
class ChangeLog:
    """``history`` is None where git tells nothing; then there are no months."""

    dictionary: Dictionary
    history: History | None

    @property
    def changes(self) -> Sequence[Change]:
        """Every change, the newest first."""
        return self.history.changes if self.history else ()

    @cached_property
    def months(self) -> list[Month]:
        """The months in which something changed, the newest first."""
        found: defaultdict[str, list[Change]] = defaultdict(list)
        for change in self.changes:
            found[f"{change.commit.when:%Y-%m}"].append(change)
        return [Month(key, tuple(found[key])) for key in sorted(found, reverse=True)]

    @cached_property
    def milestones(self) -> list[Milestone]:
        """The milestones in which something changed, the newest first."""
        found: dict[str, Milestone] = {}
        for definition in self._definitions():
            for name, kind in ((definition.milestone, "added"), (_removed_in(definition), "removed")):
                if name and version_key(name) != UNKNOWN_VERSION:
                    getattr(found.setdefault(name, Milestone(name)), kind).append(definition)
        for change in self.changes:
            if change.type is ChangeType.CHANGED and (name := change.commit.milestone):
                found.setdefault(name, Milestone(name)).changed.append(change)
        return [found[name] for name in sorted(found, key=lambda name: (version_key(name), name), reverse=True)]

    @cached_property
    def urls(self) -> Mapping[str, str]:
        """``file_path`` of a definition -> the address of its page, the first one where it has several time frames."""
        return {definition.file_path: definition_url(definition) for definition in reversed(list(self._definitions()))}

    def _definitions(self) -> Iterator[AnyDefinition]:
        yield from self.dictionary.expanded.values()
        yield from self.dictionary.events


def _removed_in(definition: AnyDefinition) -> str | None:
    return string(definition.fields.get("milestone_removed")) if definition.removed else None


def _tally(outcomes: Iterator[ChangeType]) -> Tally:
    counts = Counter(outcomes)
    return Tally(**{name: counts[ChangeType(name)] for name in _OUTCOMES})
