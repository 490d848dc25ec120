"""The time window of a metric: the days that a value with the time frame ``7d`` or ``28d`` covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from metrics_dictionary.dictionary.metric import TimeFrame

DAYS = {TimeFrame.TWENTY_EIGHT_DAYS: (30, 2), TimeFrame.SEVEN_DAYS: (9, 2)}
"""Time frame -> how many days ago its window starts and ends. It ends early so that late rows are still counted."""


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """Both bounds belong to the window. They are points in time, or words that suit any day."""

    start: datetime | str
    end: datetime | str


def time_window(time_frame: str | None, now: datetime) -> TimeWindow | None:
    """Return the window of a time frame as seen at ``now``, an aware time; None for ``all`` and ``none``.

    Raises ValueError when ``now`` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError("a time window needs a time with a time zone")
    if time_frame not in DAYS:
        return None
    start, end = DAYS[TimeFrame(time_frame)]
    today = now.astimezone(UTC)
    return TimeWindow(today - timedelta(days=start), today - timedelta(days=end))


def symbolic_time_window(time_frame: str | None) -> TimeWindow | None:
    """Return the window in words, ``30 days ago`` to ``2 days ago``, for a statement that stays true every day."""
    if time_frame not in DAYS:
        return None
    start, end = DAYS[TimeFrame(time_frame)]
    return TimeWindow(f"{start} days ago", f"{end} days ago")
