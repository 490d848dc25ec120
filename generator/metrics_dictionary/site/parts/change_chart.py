"""Changes per month as columns: what was added and changed above a line, what was removed or deleted below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.site.parts.site_wording import month

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from metrics_dictionary.site.data.changes import Month, Tally

MAX_MONTHS = 36
"""Months that the chart shows, up to the last one in which something changed."""

_ABOVE, _BELOW = 72, 18
_WIDTH = 10


class Bar(NamedTuple):
    """A part of a column of the chart, ``kind`` tells which color it has."""

    kind: str
    x: int
    y: str
    height: str


class Column(NamedTuple):
    """A month in the chart."""

    title: str
    bars: list[Bar]


class Chart(NamedTuple):
    """What a template draws.

    The drawing is stretched to the width that it is given, so its texts stand beside it: the ``first`` and the ``last``
    month. ``highest`` is how many changes the height above the baseline stands for.
    """

    first: str
    last: str
    highest: int
    columns: list[Column]
    width: int
    bar_width: int = _WIDTH - 2
    baseline: int = _ABOVE
    height: int = _ABOVE + _BELOW


def change_chart(months: Sequence[Month]) -> Chart | None:
    """Return the chart of the latest months, those without a change among them; None when there is only one.

    A month that has many times more than the others, such as that of an import, is cut off at the top.
    """
    tallies = {one.key: one.tally for one in months}
    keys = _keys(max(tallies, default=""), min(tallies, default=""))
    if len(keys) < 2:
        return None
    heights = sorted(tallies[key].added + tallies[key].changed for key in keys if key in tallies)
    highest = min(heights[-1], max(3 * heights[-1 - len(heights) // 10], 1)) or 1
    drawn = [
        Column(_column_title(key, tallies[key]), list(_bars(number * _WIDTH + 1, tallies[key], highest)))
        for number, key in enumerate(keys)
        if key in tallies
    ]
    return Chart(month(keys[0]), month(keys[-1]), highest, drawn, len(keys) * _WIDTH)


def _keys(last: str, first: str) -> list[str]:
    """Return every month from the first to the last, at most the latest ones that the chart shows."""
    if not last:
        return []
    start, end = (int(key[:4]) * 12 + int(key[5:]) - 1 for key in (first, last))
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(max(start, end - MAX_MONTHS + 1), end + 1)]


def _column_title(key: str, tally: Tally) -> str:
    return f"{month(key)}: {', '.join(f'{number:,} {what}' for what, number in tally.parts())}"


def _bars(x: int, tally: Tally, highest: int) -> Iterator[Bar]:
    changed = min(tally.changed, highest) * _ABOVE / highest
    added = min(tally.added, highest - min(tally.changed, highest)) * _ABOVE / highest
    removed = min(tally.removed + tally.deleted, highest) * _ABOVE / highest
    for kind, top, height in (
        ("changed", _ABOVE - changed, changed),
        ("added", _ABOVE - changed - added, added),
        ("removed", _ABOVE, min(removed, _BELOW)),
    ):
        if height:
            yield Bar(kind, x, f"{top:.1f}", f"{max(height, 1):.1f}")
