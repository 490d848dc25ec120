"""The comments of a YAML text, and those among them that speak to this tool."""

from __future__ import annotations

import re
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from metrics_dictionary.reading.events import events_of

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK = "metrics-dictionary:"
"""What a comment that speaks to this tool holds."""

LINE_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
"""What YAML 1.1 takes for the end of a line."""

_COMMENT = re.compile(r"(?<!\S)#[^\r\n]*")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment.

    ``start`` is its offset in the text, ``line`` and ``column`` count from 0. ``text`` begins with ``#``. ``alone``
    says that nothing stands before it on its line.
    """

    start: int
    line: int
    column: int
    text: str
    alone: bool


def comments_in(text: str, scalars: Iterable[tuple[int, int, str | None]]) -> list[Comment]:
    """Return the comments of a text; what looks like one inside a scalar is a part of its value.

    ``scalars`` are the start, the end and the style of each scalar, in the order of the text.
    """
    taken = [(content_start(text, *scalar), scalar[1]) for scalar in scalars]
    starts = line_starts(text)
    found = []
    position = 0
    while (match := _COMMENT.search(text, position)) is not None:
        before = bisect_right(taken, match.start(), key=lambda span: span[0]) - 1
        if before >= 0 and match.start() < taken[before][1]:
            # A comment may follow on the line on which the scalar ends.
            position = taken[before][1]
            continue
        position = match.end()
        line = bisect_right(starts, match.start()) - 1
        column = match.start() - starts[line]
        alone = not text[starts[line] : match.start()].strip()
        found.append(Comment(match.start(), line, column, match.group().rstrip(), alone))
    return found


def comments_to_this_tool(text: str) -> tuple[Comment, ...]:
    """Return the comments of a text that hold ``MARK``."""
    if MARK not in text:
        return ()
    return tuple(comment for comment in comments_in(text, _scalars(text)) if MARK in comment.text)


def trailing_comments(text: str) -> tuple[Comment, ...]:
    """Return the comments that stand behind something on their line and do not speak to this tool."""
    if " #" not in text and "\t#" not in text:
        return ()
    found = comments_in(text, _scalars(text))
    return tuple(comment for comment in found if not comment.alone and MARK not in comment.text)


def content_start(text: str, start: int, end: int, style: str | None) -> int:
    """Return where the content of a scalar starts: behind the first line of a block, which may end in a comment."""
    if style not in ("|", ">"):
        return start
    found = LINE_BREAK.search(text, start, end)
    return found.end() if found else end


def line_starts(text: str) -> list[int]:
    """Return the offset of each line."""
    return [0, *(found.end() for found in LINE_BREAK.finditer(text))]


def _scalars(text: str) -> list[tuple[int, int, str | None]]:
    scalars: list[tuple[int, int, str | None]] = []
    with suppress(yaml.YAMLError):
        scalars.extend(
            (event.start_mark.index, event.end_mark.index, event.style)
            for event in events_of(text)
            if isinstance(event, yaml.ScalarEvent) and event.start_mark is not None and event.end_mark is not None
        )
    return scalars
