"""Changes per month as columns: what was added and changed above the line, what was removed below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.site.parts.html import fill, joined
from metrics_dictionary.site.parts.site_wording import month

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup

    from metrics_dictionary.site.data.changes import Month, Tally

MOST = 36
"""Months that the chart shows, up to the last one in which something changed."""

_ABOVE, _BELOW = 72, 18
_WIDTH = 10


class Chart(NamedTuple):
    """``svg`` stretches to the width that it is given, so its texts stand beside it: the first and the last month."""

    svg: Markup
    first: str
    last: str
    highest: int


def columns(months: Sequence[Month]) -> Chart | None:
    """Return the chart of the latest months, those without a change among them; None when there is only one.

    A month that has many times more than the others, such as that of an import, is cut off at the top.
    """
    tallies = {one.key: one.tally for one in months}
    keys = _keys(max(tallies, default=""), min(tallies, default=""))
    if len(keys) < 2:
        return None
    heights = sorted(tallies[key].added + tallies[key].changed for key in keys if key in tallies)
    highest = min(heights[-1], max(3 * heights[-1 - len(heights) // 10], 1)) or 1
    drawn = joined(_column(number, key, tallies[key], highest) for number, key in enumerate(keys) if key in tallies)
    words = f"Changes per month from {month(keys[0])} to {month(keys[-1])}; the table below has the numbers."
    svg = fill(
        '<svg class="dd-columns-chart" viewBox="0 0 %s %s" preserveAspectRatio="none" role="img" aria-label="%s">'
        '%s<path d="M0 %sH%s"/></svg>',
        len(keys) * _WIDTH,
        _ABOVE + _BELOW,
        words,
        drawn,
        _ABOVE,
        len(keys) * _WIDTH,
    )
    return Chart(svg, month(keys[0]), month(keys[-1]), highest)


def _keys(last: str, first: str) -> list[str]:
    """Return every month from the first to the last, at most the latest ones that the chart shows."""
    if not last:
        return []
    start, end = (int(key[:4]) * 12 + int(key[5:]) - 1 for key in (first, last))
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(max(start, end - MOST + 1), end + 1)]


def _column(number: int, key: str, tally: Tally, highest: int) -> Markup:
    title = f"{month(key)}: {tally.added:,} added, {tally.changed:,} changed, {tally.removed:,} removed"
    return fill("<g><title>%s</title>%s</g>", title, joined(_bars(number, tally, highest)))


def _bars(number: int, tally: Tally, highest: int) -> Iterator[Markup]:
    changed = min(tally.changed, highest) * _ABOVE / highest
    added = min(tally.added, highest - min(tally.changed, highest)) * _ABOVE / highest
    removed = min(tally.removed, highest) * _ABOVE / highest
    for kind, top, height in (
        ("changed", _ABOVE - changed, changed),
        ("added", _ABOVE - changed - added, added),
        ("removed", _ABOVE, min(removed, _BELOW)),
    ):
        if height:
            yield fill(
                '<rect class="dd-fill--%s" x="%s" y="%s" width="%s" height="%s"/>',
                kind,
                number * _WIDTH + 1,
                f"{top:.1f}",
                _WIDTH - 2,
                f"{max(height, 1):.1f}",
            )
