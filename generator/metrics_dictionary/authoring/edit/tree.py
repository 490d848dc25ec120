"""A definition's text as a tree of nodes that know where they stand, so that a text can be changed in place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

import yaml

from metrics_dictionary.reading.events import first_node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.reading.positions import JsonPath

# Before the content and behind it there is nothing else than these and comments.
_AT_LINE_START = r"(?<![^\n\r\x85\u2028\u2029])"
_DIRECTIVE = re.compile(_AT_LINE_START + "%")
_DOCUMENT_START = re.compile(_AT_LINE_START + r"---(?=\s|\Z)")
_DOCUMENT_END = re.compile(_AT_LINE_START + r"\.\.\.(?=\s|\Z)")


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
    """Return the tree of a text, or None for one with directives, ``...``, or keys that are not strings.

    The text has to be one that the reader takes: a single document without a syntax error, and without aliases.
    """
    found = first_node(text)
    root = None if found is None else _node(found, text)
    if root is None or _DIRECTIVE.search(text, 0, root.start) or _DOCUMENT_END.search(text, root.end):
        return None
    marker = _DOCUMENT_START.search(text, 0, root.start)
    return Tree(root, marker.end() if marker else 0, marker is not None)


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


def _node(node: yaml.Node, text: str) -> Node | None:
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.ScalarNode):
        style = node.style if node.style in ("'", '"', "|", ">") else None
        return Scalar(start, end, node.value, style, text.startswith("!", start))
    is_list = isinstance(node, yaml.SequenceNode)
    pairs = ((None, item) for item in node.value) if is_list else node.value
    entries: list[Entry] = []
    for key_node, value_node in pairs:
        key = _node(key_node, text) if key_node else None
        value = _node(value_node, text)
        if value is None or not (is_list or isinstance(key, Scalar)):
            return None
        entries.append(Entry(key if isinstance(key, Scalar) else None, value))
    return Collection(start, end, tuple(entries), is_list, bool(cast("yaml.CollectionNode", node).flow_style))
