"""The time frames over which a metric is computed, and how an array of them becomes several metrics."""

from __future__ import annotations

from enum import StrEnum


class TimeFrame(StrEnum):
    """The period that a value covers."""

    SEVEN_DAYS = "7d"
    TWENTY_EIGHT_DAYS = "28d"
    ALL = "all"
    NONE = "none"

    @property
    def suffix(self) -> str:
        """What the key path ends in when one definition lists several time frames."""
        return _SUFFIXES.get(self, "")


_SUFFIXES = {TimeFrame.SEVEN_DAYS: "_weekly", TimeFrame.TWENTY_EIGHT_DAYS: "_monthly"}
