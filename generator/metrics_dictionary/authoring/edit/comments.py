"""The comments of a text, and what each of them belongs to."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from metrics_dictionary.authoring.edit.tree import Collection, Entry, Node, scalars
from metrics_dictionary.reading.comments import Comment, comments_in, content_start, line_starts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.authoring.edit.tree import Tree

MODELINE = re.compile(r"#\s*(?:yaml-language-server:|\$schema:)")
"""What an editor looks for to find the schema of a file."""

_ITEM = re.compile(r"#(\s*)-(?=\s|\Z)")
"""An item of a list that is commented out."""

Lines = defaultdict[int, list[str]]


def _lines() -> Lines:
    return defaultdict(list)


@dataclass
class Comments:
    """Comments by the entry they belong to, which is named by its identity.

    ``above`` an entry, ``beside`` it, ``below`` it and as far indented, or ``inside`` it, where its value would stand;
    ``head`` stands before ``---``, ``tail`` behind everything.
    """

    head: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    above: Lines = field(default_factory=_lines)
    beside: dict[int, str] = field(default_factory=dict)
    below: Lines = field(default_factory=_lines)
    inside: Lines = field(default_factory=_lines)


@dataclass(frozen=True, slots=True)
class _Placed:
    """An entry with the one that encloses it, and how far it is indented: of an item its dash counts.

    ``bracket_end`` is where the outermost brackets around it end, 0 where there are none.
    """

    entry: Entry
    parent: _Placed | None
    column: int
    bracket_end: int

    @property
    def in_brackets(self) -> bool:
        return self.bracket_end > 0

    @property
    def has_no_value(self) -> bool:
        value = self.entry.value
        return self.entry.key is not None and value.start == value.end and not isinstance(value, Collection)

    def outward(self) -> Iterator[_Placed]:
        """Yield the entry and all that enclose it, apart from those in brackets."""
        placed: _Placed | None = self
        while placed is not None:
            if not placed.in_brackets:
                yield placed
            placed = placed.parent


def comments_of(text: str, tree: Tree) -> list[Comment]:
    """Return the comments of a text with its tree."""
    return comments_in(text, [(one.start, one.end, one.style) for one in scalars(tree.root)])


def attached(text: str, tree: Tree) -> Comments:
    """Return every comment with what it belongs to.

    One on a line of its own belongs to the entry that follows it, unless it is indented further, or reads as an item
    of the list that ends right before it: then it belongs to what it follows.
    """
    comments = Comments()
    starts = line_starts(text)
    entries = sorted(_entries(tree.root, None, text, starts), key=lambda placed: placed.entry.start)
    begins = [placed.entry.start for placed in entries]
    alone: list[tuple[int, Comment]] = []
    for comment in comments_of(text, tree):
        following = bisect_right(begins, comment.start)
        if MODELINE.match(comment.text) or (tree.marked and comment.start < tree.start):
            comments.head.append(comment.text)
            continue
        owner = None if comment.alone else _owner(comment, entries[:following], text, starts)
        if owner is not None and id(owner) not in comments.beside:
            comments.beside[id(owner)] = comment.text
        else:
            alone.append((following, comment))
    for following, group in groupby(alone, key=lambda one: one[0]):
        before = entries[following - 1] if following else None
        after = entries[following] if following < len(entries) else None
        _attach(comments, [comment for _, comment in group], before, after, text, starts)
    return comments


def _attach(
    comments: Comments,
    group: list[Comment],
    before: _Placed | None,
    after: _Placed | None,
    text: str,
    starts: list[int],
) -> None:
    """Attach the comments that stand between two entries."""
    for comment, owner in zip(group, _staying(group, before, after, text, starts), strict=True):
        if owner is None:
            (comments.tail if after is None else comments.above[id(after.entry)]).append(comment.text)
        elif owner.has_no_value and not _ITEM.match(comment.text):
            comments.inside[id(owner.entry)].append(comment.text)
        else:
            comments.below[id(owner.entry)].append(comment.text)


def _staying(
    group: list[Comment], before: _Placed | None, after: _Placed | None, text: str, starts: list[int]
) -> list[_Placed | None]:
    """Return for each comment the entry that it stays below, None for one that goes with what follows."""
    owners: list[_Placed | None] = [None] * len(group)
    if before is None:
        return owners
    touching, item = True, None
    for number, comment in enumerate(group):
        touching = touching and text[starts[comment.line - 1] : starts[comment.line]].strip() != ""
        owners[number] = _owner_before(comment, before, after, touching=touching)
        dash = _ITEM.match(comment.text)
        if owners[number] is not None:
            item = dash or item
        elif item is not None and touching and _indent(comment) > item.end():
            owners[number] = owners[number - 1]  # the next line of the item: `# - name: a`, `#   unique: b`
        else:
            item = None
    # What introduces a commented-out item stays with it.
    for number in reversed(range(len(group) - 1)):
        if owners[number] is None and group[number + 1].line == group[number].line + 1:
            owners[number] = owners[number + 1]
    return owners


def _indent(comment: Comment) -> int:
    """Return how many characters stand before the words of a comment."""
    return len(comment.text) - len(comment.text.lstrip("#").lstrip())


def _owner_before(comment: Comment, before: _Placed, after: _Placed | None, *, touching: bool) -> _Placed | None:
    """Return what stands before a comment and has it, or None for one that belongs to what follows.

    A comment that is indented further than what follows belongs to the mapping or the list that ends there, and so
    does one without a blank line above that reads as an item of that list.
    """
    if not comment.alone or (after is not None and after.in_brackets):
        return None
    if before.in_brackets and before.bracket_end > comment.start:
        return before
    outer = 0 if after is None else after.column
    reads_as_item = touching and _ITEM.match(comment.text) is not None
    lowest = before.column if reads_as_item else max(before.column, outer) + 1
    if before.has_no_value and comment.column >= lowest:
        return before
    chain = list(before.outward())
    if reads_as_item:
        items = [placed for placed in chain if placed.entry.key is None]
        fitting = next((placed for placed in items if placed.column <= comment.column), items[-1] if items else None)
        if fitting is not None and (after is None or after.parent is not fitting.parent):
            return fitting
    deeper = [placed for placed in chain if placed.column > outer] if comment.column > outer else []
    return next((placed for placed in deeper if placed.column <= comment.column), deeper[-1] if deeper else None)


def _entries(node: Node, parent: _Placed | None, text: str, starts: list[int]) -> Iterator[_Placed]:
    if not isinstance(node, Collection):
        return
    bracket_end = 0 if parent is None else parent.bracket_end
    if node.in_brackets:
        bracket_end = max(bracket_end, node.end)
    for entry in node.entries:
        start = entry.start
        if entry.key is None and not bracket_end:
            start = text.rfind("-", 0, max(start, 1))
        placed = _Placed(entry, parent, start - starts[bisect_right(starts, start) - 1], bracket_end)
        yield placed
        yield from _entries(entry.value, placed, text, starts)


def _owner(comment: Comment, before: list[_Placed], text: str, starts: list[int]) -> Entry | None:
    """Return the entry that ends on the comment's line right before it: of several the one that encloses the others."""
    ends = []
    for entry in (placed.entry for placed in before):
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
