"""The comments of a text, and what each of them belongs to."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from metrics_dictionary.authoring.edit.tree import Collection, Entry, Node, scalars
from metrics_dictionary.reading.comments import Comment, comments_in, content_start, line_starts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.authoring.edit.tree import Tree

MODELINE = re.compile(r"#\s*(?:yaml-language-server:|\$schema:)")
"""What an editor looks for to find the schema of a file."""


@dataclass
class Comments:
    """Comments by the entry they belong to, which is named by the offset where it begins.

    ``above`` an entry, ``beside`` it, ``below`` it (indented further than what follows); ``head`` stands before
    ``---``, ``tail`` behind everything.
    """

    head: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    above: defaultdict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    beside: dict[int, str] = field(default_factory=dict)
    below: defaultdict[int, list[str]] = field(default_factory=lambda: defaultdict(list))


def comments_of(text: str, tree: Tree) -> list[Comment]:
    """Return the comments of a text with its tree."""
    return comments_in(text, [(one.start, one.end, one.style) for one in scalars(tree.root)])


def attached(text: str, tree: Tree) -> Comments:
    """Return every comment with what it belongs to: those on lines of their own to the entry that follows them."""
    comments = Comments()
    starts = line_starts(text)
    entries = sorted(_entries(tree.root), key=lambda entry: entry.start)
    begins = [entry.start for entry in entries]
    for comment in comments_of(text, tree):
        following = bisect_right(begins, comment.start)
        if MODELINE.match(comment.text) or (tree.marked and comment.start < tree.start):
            comments.head.append(comment.text)
            continue
        owner = None if comment.alone else _owner(comment, entries[:following], text, starts)
        if owner is not None and owner.start not in comments.beside:
            comments.beside[owner.start] = comment.text
        elif following and comment.alone and comment.column > _column_of(following, begins, starts):
            comments.below[begins[following - 1]].append(comment.text)
        elif following == len(entries):
            comments.tail.append(comment.text)
        else:
            comments.above[begins[following]].append(comment.text)
    return comments


def _entries(node: Node) -> Iterator[Entry]:
    if isinstance(node, Collection):
        for entry in node.entries:
            yield entry
            yield from _entries(entry.value)


def _owner(comment: Comment, before: list[Entry], text: str, starts: list[int]) -> Entry | None:
    """Return the entry that ends on the comment's line right before it: of several the one that encloses the others."""
    ends = []
    for entry in before:
        end = _end_before(entry, comment.start, text)
        if end is not None and bisect_right(starts, max(end - 1, entry.start)) - 1 == comment.line:
            ends.append((-end, entry.start, entry))
    return min(ends, key=lambda one: one[:2])[2] if ends else None


def _end_before(entry: Entry, limit: int, text: str) -> int | None:
    value = entry.value
    if isinstance(value, Collection) and not value.in_brackets:
        return entry.key.end if entry.key is not None and value.start > limit else None
    end = value.end
    if not isinstance(value, Collection) and value.style in ("|", ">"):
        end = content_start(text, value.start, value.end, value.style)
        return value.start + 1 if value.start < limit < end else None
    return end if end <= limit else None


def _column_of(entry: int, begins: list[int], starts: list[int]) -> int:
    """Return how far an entry is indented; what comes behind the last one is not."""
    if entry == len(begins):
        return 0
    return begins[entry] - starts[bisect_right(starts, begins[entry]) - 1]
