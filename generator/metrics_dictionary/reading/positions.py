"""Where each value of a YAML text stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from metrics_dictionary.reading.events import DEEPEST, Event, events_of

JsonPath = tuple[str | int, ...]
"""The keys and indexes that lead to a value; empty for the whole file."""

Position = tuple[int, int]
"""Line and column, both counted from 1, columns in characters."""

_START: Position = (1, 1)


def json_path(path: JsonPath) -> str:
    """Return a path as it is shown: ``$.events[0].name``; a key that is no plain word is quoted in brackets."""
    return "$" + "".join(_step(step) for step in path)


def position_of(mark: Any) -> Position:
    """Return a parser's mark as line and column counted from 1."""
    return mark.line + 1, mark.column + 1


@dataclass(frozen=True)
class Positions:
    """The place of every value and key in a text, as far as the text could be parsed.

    Where a key is written twice, the last one counts, as it does for the value that was read.
    """

    _values: dict[JsonPath, Position] = field(default_factory=dict)
    _keys: dict[JsonPath, Position] = field(default_factory=dict)
    _written: dict[JsonPath, str] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> Positions:
        """Locate everything in the first document of a text; a text that breaks off is located up to there."""
        positions = cls()
        try:
            _Walk(positions).over(text)
        except yaml.YAMLError:
            return positions
        return positions

    def value(self, path: JsonPath) -> Position:
        """Return where the value starts; for a path that does not exist, where its nearest existing parent does."""
        for length in range(len(path), -1, -1):
            if found := self._values.get(path[:length]):
                return found
        return _START

    def key(self, path: JsonPath) -> Position:
        """Return where the key that leads to the value starts; an item of a list has none, so the value's place."""
        return self._keys.get(path) or self.value(path)

    def written(self, path: JsonPath) -> str:
        """Return a scalar's text as the author wrote it (``16.10``), without quotes; empty for anything else."""
        return self._written.get(path, "")

    def add(self, path: JsonPath, event: Event) -> None:
        """Record the place of a value."""
        self._values[path] = position_of(event.start_mark)
        if isinstance(event, yaml.ScalarEvent):
            self._written[path] = event.value

    def add_key(self, path: JsonPath, event: Event) -> None:
        """Record the place of a key."""
        self._keys[path] = position_of(event.start_mark)


class _Walk:
    """Follows the events of a document and keeps the path of the value that comes next.

    ``_steps`` holds one entry a collection that is open: the index of a list's next item, a mapping's current key,
    or None where a mapping's next event is a key.
    """

    def __init__(self, positions: Positions) -> None:
        self._positions = positions
        self._steps: list[str | int | None] = []

    def over(self, text: str) -> None:
        for event in events_of(text):
            if isinstance(event, yaml.DocumentEndEvent) or len(self._steps) > DEEPEST:
                return
            if isinstance(event, yaml.CollectionEndEvent):
                self._steps.pop()
                self._step_on("")
            elif isinstance(event, yaml.NodeEvent):
                self._node(event)

    def _node(self, event: Event) -> None:
        is_key = bool(self._steps) and self._steps[-1] is None
        if not is_key:
            self._positions.add(self._path(), event)
        if isinstance(event, yaml.CollectionStartEvent):
            self._steps.append(0 if isinstance(event, yaml.SequenceStartEvent) else None)
            return
        self._step_on(event.value if isinstance(event, yaml.ScalarEvent) else "")
        if is_key:
            self._positions.add_key(self._path(), event)

    def _path(self) -> JsonPath:
        return tuple("" if step is None else step for step in self._steps)

    def _step_on(self, key: str) -> None:
        """Move on after a node: to a list's next item, from a key to its value, from a value to the next key."""
        if not self._steps:
            return
        step = self._steps[-1]
        if isinstance(step, int):
            self._steps[-1] = step + 1
        else:
            self._steps[-1] = key if step is None else None


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if step.isidentifier() else f"[{step!r}]"
