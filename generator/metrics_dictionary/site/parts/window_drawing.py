"""The days that a value covers, drawn as a timeline that ends with the report."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from metrics_dictionary.dictionary.metric import TimeFrame
from metrics_dictionary.ping.query.time_window import DAYS
from metrics_dictionary.site.parts.html import fill, joined
from metrics_dictionary.site.parts.site_wording import EVENT_SOURCES

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.metric import MetricDefinition

_REPORT = 304
"""Where the day of the report stands; a drawing is 320 units wide."""

_DAY = 9.2
"""Units."""

_WEEK = 7 * _DAY - 1
_WEEKS = {TimeFrame.SEVEN_DAYS: 1, TimeFrame.TWENTY_EIGHT_DAYS: 4}


class Drawing(NamedTuple):
    """A timeline and what it says; the words are for those who cannot see it, and below it for all."""

    svg: Markup
    words: str


def drawing(metric: MetricDefinition) -> Drawing | None:
    """Return the timeline of a metric of one time frame; None for one that covers no time."""
    frame = metric.time_frames[0] if len(metric.time_frames) == 1 else ""
    return _drawing(frame, metric.data_source in EVENT_SOURCES)


@cache
def _drawing(frame: str, by_week: bool) -> Drawing | None:
    if frame == TimeFrame.ALL:
        words = "Everything up to the report."
        return Drawing(
            _svg(words, _bar("dd-window__on dd-window__on--open", 0, _REPORT), _label(0, "start", "the beginning")),
            words,
        )
    if frame not in DAYS:
        return None
    if by_week:
        return _weeks(_WEEKS[TimeFrame(frame)])
    start, end = DAYS[TimeFrame(frame)]
    words = f"From {start} to {end} days before the report."
    labels = _label(_day(start), "middle", f"{start} days"), _label(_day(end), "middle", f"{end} days")
    return Drawing(_svg(words, _bar("dd-window__on", _day(start), _day(end)), *labels), words)


def _weeks(count: int) -> Drawing:
    """Draw the week of the report, in the middle of which the report is made, and the complete ones before it."""
    words = f"The last {'four complete weeks' if count == 4 else 'complete week'} before the report, Monday to Sunday."
    current = _REPORT - _WEEK / 2
    starts = [current - week * (_WEEK + 1) for week in range(4, 0, -1)]
    weeks = [
        _bar("dd-window__on" if number >= 4 - count else "dd-window__off", start, start + _WEEK)
        for number, start in enumerate(starts)
    ]
    running = _bar("dd-window__off", current, current + _WEEK / 2)
    return Drawing(
        _svg(words, *weeks, running, _label(starts[4 - count], "start", "Mon"), _label(current, "end", "Sun")),
        words,
    )


def _day(days_ago: int) -> float:
    return _REPORT - days_ago * _DAY


def _bar(css_class: str, start: float, end: float) -> Markup:
    return fill(
        '<rect class="%s" x="%s" y="14" width="%s" height="10"/>', css_class, _units(start), _units(end - start)
    )


def _label(x: float, anchor: str, text: str) -> Markup:
    return fill('<text x="%s" y="36" text-anchor="%s">%s</text>', _units(x), anchor, text)


def _svg(words: str, *pieces: Markup) -> Markup:
    axis = Markup('<path d="M0 24.5H304M304 11V28"/><text x="304" y="8" text-anchor="middle">report</text>')
    return fill(
        '<svg class="dd-window" viewBox="0 -2 326 42" role="img" aria-label="%s">%s%s</svg>',
        words,
        joined(pieces),
        axis,
    )


def _units(number: float) -> str:
    return f"{number:.0f}"
