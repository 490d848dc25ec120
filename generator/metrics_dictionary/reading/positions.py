"""Where each value of a YAML text stands."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import yaml

from metrics_dictionary.reading.events import MAX_DEPTH, first_node

JsonPath = tuple[str | int, ...]
"""The keys and indexes that lead to a value; empty for the whole file."""

Position = tuple[int, int]
"""Line and column, both counted from 1, columns in characters."""

_START: Position = (1, 1)


def json_path(path: JsonPath) -> str:
    """Return a path as it is shown: ``$.events[0].name``; a key that is not a plain word is quoted in brackets."""
    return "$" + "".join(_step(step) for step in path)


def position_of(mark: Any) -> Position:
    """Return a parser's mark as line and column counted from 1."""
    return mark.line + 1, mark.column + 1


@dataclass(frozen=True, slots=True)
class PlacedScalar:
    """A scalar as it stands in a text, from one offset to another.

    ``style`` is ``'``, ``"``, ``|``, ``>`` or None for plain; ``end_position`` is that of ``end``.
    """

    value: str
    style: str | None
    start: int
    end: int
    end_position: Position


@dataclass(frozen=True)
class Positions:
    """The place of every value and key in a text. A text that cannot be parsed has no places but its first character.

    Where a key is written twice, the last one counts, as it does for the value that was read.
    """

    _values: dict[JsonPath, Position] = field(default_factory=dict)
    _keys: dict[JsonPath, Position] = field(default_factory=dict)
    _written: dict[JsonPath, str] = field(default_factory=dict)
    _scalars: dict[Position, PlacedScalar] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> Positions:
        """Locate everything in the first document of a text."""
        positions = cls()
        with suppress(yaml.YAMLError, RecursionError):
            if root := first_node(text):
                positions._add((), root, set())
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

    def scalar_at(self, position: Position) -> PlacedScalar | None:
        """Return the value or the key that starts at a place, or None where no scalar does."""
        return self._scalars.get(position)

    def plain_value_before(self, text: str, offset: int) -> tuple[JsonPath, str] | None:
        """Return the path and the text of the value without quotes that ends at an offset, blanks left out.

        ``text`` is the one that the positions are of.
        """
        end = len(text[:offset].rstrip(" \t"))
        for path, position in self._values.items():
            scalar = self._scalars.get(position)
            if scalar is not None and scalar.style is None and scalar.end == end:
                return path, scalar.value
        return None

    def _add(self, path: JsonPath, node: yaml.Node, located: set[int]) -> None:
        self._values[path] = position_of(node.start_mark)
        # What an alias repeats is not followed again: a few lines could stand for millions of values.
        if id(node) in located:
            return
        located.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            self._written[path] = node.value
            self._place(node)
        elif len(path) > MAX_DEPTH:
            return
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self._add((*path, index), item, located)
        else:
            for key, value in node.value:
                inner = (*path, key.value if isinstance(key, yaml.ScalarNode) else "")
                self._keys[inner] = position_of(key.start_mark)
                if isinstance(key, yaml.ScalarNode):
                    self._place(key)
                self._add(inner, value, located)

    def _place(self, node: yaml.ScalarNode) -> None:
        start, end = node.start_mark.index, node.end_mark.index
        if end > start:
            placed = PlacedScalar(node.value, node.style or None, start, end, position_of(node.end_mark))
            self._scalars[position_of(node.start_mark)] = placed


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if step.isidentifier() else f"[{step!r}]"
