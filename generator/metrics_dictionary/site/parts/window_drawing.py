"""The days that a value covers, as a timeline that ends with the report; a template draws it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.dictionary.metric import TimeFrame
from metrics_dictionary.ping.query.time_window import DAYS
from metrics_dictionary.site.parts.site_wording import EVENT_SOURCES

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.metric import MetricDefinition

REPORT = 304
"""Where the day of the report stands; a drawing is 320 units wide."""

_DAY = 9.2
"""Units."""

_WEEK = 7 * _DAY - 1
_COVERED, _OTHER = "dd-window__on", "dd-window__off"
_WEEKS = {TimeFrame.SEVEN_DAYS: 1, TimeFrame.TWENTY_EIGHT_DAYS: 4}


class Bar(NamedTuple):
    """A stretch of days. ``css_class`` tells whether they are covered, and whether the beginning is open."""

    css_class: str
    start: float
    width: float


class Label(NamedTuple):
    """A text below the timeline; ``anchor`` is how it is aligned to its place, as in SVG."""

    place: float
    anchor: str
    text: str


class Timeline(NamedTuple):
    """The words say what it shows: to those who cannot see it, and below it to all."""

    words: str
    bars: tuple[Bar, ...]
    labels: tuple[Label, ...]


def timeline(metric: MetricDefinition) -> Timeline | None:
    """Return the timeline of a metric of one time frame; None for one that covers no time."""
    frame = metric.time_frames[0] if len(metric.time_frames) == 1 else ""
    return _timeline(frame, metric.data_source in EVENT_SOURCES)


@cache
def _timeline(frame: str, by_week: bool) -> Timeline | None:
    if frame == TimeFrame.ALL:
        return Timeline(
            "Everything up to the report.",
            (Bar(f"{_COVERED} dd-window__on--open", 0, REPORT),),
            (Label(0, "start", "the beginning"),),
        )
    if frame not in DAYS:
        return None
    if by_week:
        return _weeks(_WEEKS[TimeFrame(frame)])
    start, end = DAYS[TimeFrame(frame)]
    return Timeline(
        f"From {start} to {end} days before the report.",
        (Bar(_COVERED, _day(start), _day(end) - _day(start)),),
        tuple(Label(_day(days), "middle", f"{days} days") for days in (start, end)),
    )


def _weeks(count: int) -> Timeline:
    """Show the week of the report, in the middle of which the report is made, and the complete ones before it."""
    current = REPORT - _WEEK / 2
    starts = [current - week * (_WEEK + 1) for week in range(4, 0, -1)]
    weeks = [Bar(_COVERED if number >= 4 - count else _OTHER, start, _WEEK) for number, start in enumerate(starts)]
    return Timeline(
        f"The last {'four complete weeks' if count == 4 else 'complete week'} before the report, Monday to Sunday.",
        (*weeks, Bar(_OTHER, current, _WEEK / 2)),
        (Label(starts[4 - count], "start", "Mon"), Label(current, "end", "Sun")),
    )


def _day(days_ago: int) -> float:
    return REPORT - days_ago * _DAY
