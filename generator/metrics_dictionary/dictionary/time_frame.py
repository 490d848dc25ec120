"""The time frames over which a metric is computed, and how an array of them becomes several metrics."""

from __future__ import annotations

from enum import StrEnum


class TimeFrame(StrEnum):
    """The period that a value covers."""

    SEVEN_DAYS = "7d"
    TWENTY_EIGHT_DAYS = "28d"
    ALL = "all"
    NONE = "none"


SUFFIXES: dict[str, str] = {TimeFrame.SEVEN_DAYS: "_weekly", TimeFrame.TWENTY_EIGHT_DAYS: "_monthly"}
"""What a key path ends in when its definition lists several time frames; the others add nothing."""
