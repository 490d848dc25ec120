"""A definition's text as a tree of nodes that know where they stand, so that a text can be changed in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import yaml

from metrics_dictionary.reading.events import events_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.reading.events import Event
    from metrics_dictionary.reading.positions import JsonPath


@dataclass(frozen=True, slots=True)
class Scalar:
    """``start`` and ``end`` are offsets into the text. ``style`` is ``'``, ``"``, ``|``, ``>`` or None for plain."""

    start: int
    end: int
    value: str
    style: str | None
    tagged: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One pair of a mapping, or one item of a list, which has no key."""

    key: Scalar | None
    value: Node

    @property
    def start(self) -> int:
        """Where the pair or the item begins."""
        return self.value.start if self.key is None else self.key.start


@dataclass(frozen=True, slots=True)
class Collection:
    """A mapping or a list. Where a block ends nobody can say: ``end`` is that of a collection in brackets only."""

    start: int
    end: int
    entries: tuple[Entry, ...]
    is_list: bool
    in_brackets: bool


Node: TypeAlias = Scalar | Collection


@dataclass(frozen=True, slots=True)
class Tree:
    """The one document of a text. ``start`` is where its content may begin: behind ``---``, if that is there."""

    root: Node
    start: int
    marked: bool


def tree_of(text: str) -> Tree | None:
    """Return the tree of a text, or None for one with directives, ``...``, aliases, or keys that are no text.

    The text has to be one that the reader takes: a single document without a syntax error.
    """
    events = events_of(text)
    next(events)
    opening = next(events, None)
    if not isinstance(opening, yaml.DocumentStartEvent) or opening.version or opening.tags:
        return None
    root = _node(next(events), events)
    closing = next(events, None)
    if root is None or (isinstance(closing, yaml.DocumentEndEvent) and closing.explicit):
        return None
    return Tree(root, _end(opening) if opening.explicit else 0, bool(opening.explicit))


def nodes(node: Node, path: JsonPath = ()) -> Iterator[tuple[JsonPath, Entry | None, Node]]:
    """Yield every node under a path, with the entry that it is the value of."""
    yield path, None, node
    yield from _below(node, path)


def scalars(node: Node) -> Iterator[Scalar]:
    """Yield every scalar, keys included, in the order of the text."""
    if isinstance(node, Scalar):
        yield node
        return
    for entry in node.entries:
        if entry.key is not None:
            yield entry.key
        yield from scalars(entry.value)


def _below(node: Node, path: JsonPath) -> Iterator[tuple[JsonPath, Entry | None, Node]]:
    if isinstance(node, Scalar):
        return
    for position, entry in enumerate(node.entries):
        inner = (*path, position if entry.key is None else entry.key.value)
        yield inner, entry, entry.value
        yield from _below(entry.value, inner)


def _node(event: Event, events: Iterator[Event]) -> Node | None:
    if isinstance(event, yaml.ScalarEvent):
        style = event.style if event.style in ("'", '"', "|", ">") else None
        return Scalar(_start(event), _end(event), event.value, style, event.tag is not None)
    if isinstance(event, yaml.SequenceStartEvent):
        return _list(event, events)
    if isinstance(event, yaml.MappingStartEvent):
        return _mapping(event, events)
    return None


def _list(start: yaml.SequenceStartEvent, events: Iterator[Event]) -> Collection | None:
    entries: list[Entry] = []
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            return Collection(_start(start), _end(event), tuple(entries), True, bool(start.flow_style))
        value = _node(event, events)
        if value is None:
            return None
        entries.append(Entry(None, value))
    return None


def _mapping(start: yaml.MappingStartEvent, events: Iterator[Event]) -> Collection | None:
    entries: list[Entry] = []
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            return Collection(_start(start), _end(event), tuple(entries), False, bool(start.flow_style))
        key, value = _node(event, events), _node(next(events), events)
        if not isinstance(key, Scalar) or value is None:
            return None
        entries.append(Entry(key, value))
    return None


def _start(event: Event) -> int:
    return event.start_mark.index if event.start_mark else 0


def _end(event: Event) -> int:
    return event.end_mark.index if event.end_mark else 0
