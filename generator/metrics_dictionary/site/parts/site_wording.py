"""What readers are told in place of the format's short words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from metrics_dictionary.tools.text import counted

if TYPE_CHECKING:
    from datetime import datetime

    from metrics_dictionary.dictionary.metric import MetricDefinition

STATUSES = {"active": "Active", "broken": "Broken", "removed": "Removed"}

DATA_SOURCES = {
    "database": "Database",
    "redis": "Redis counters",
    "redis_hll": "Redis unique counters",
    "prometheus": "Prometheus",
    "system": "System",
    "license": "License",
    "internal_events": "Internal events",
    "unknown": "No data source",
}

DATA_SOURCE_SENTENCES = {
    "database": "Computed by one SQL statement on the instance's own database.",
    "redis": "A running total in the counter store, raised each time that an event happens.",
    "redis_hll": "Distinct values in the counter store's weekly sets, to which events add.",
    "prometheus": "Asked of the Prometheus server that watches the instance.",
    "system": "Read from the running instance: its settings, versions and machine.",
    "license": "Read from the instance's license.",
    "internal_events": "Computed from internal events, which the product records as they happen.",
}

TIME_FRAMES = {"7d": "7 days", "28d": "28 days", "all": "All time", "none": "No time frame"}

_SOURCE_PHRASES = {
    "database": "computed from the database",
    "redis": "kept as a running total in the counter store",
    "redis_hll": "counted from sets of distinct values in the counter store",
    "prometheus": "measured by Prometheus",
    "system": "read from the running instance",
    "license": "read from the instance's license",
    "internal_events": "computed from internal events",
}

_WINDOW_PHRASES = {
    "7d": "over 7 days, from 9 to 2 days before the report",
    "28d": "over 28 days, from 30 to 2 days before the report",
}
_WEEK_PHRASES = {"7d": "over the last complete week", "28d": "over the last four complete weeks"}
EVENT_SOURCES = {"redis", "redis_hll", "internal_events"}

_VALUE_TYPES = {"number": "A number", "string": "A string", "boolean": "A yes or no", "object": "An object"}

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_TIME_FRAME_SUFFIX = re.compile(r"_(?:weekly|monthly|7d|28d)(?=\.|\Z)")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
_BLANK = re.compile(r"\s+")


def value_sentence(metric: MetricDefinition) -> str:
    """Say in a sentence what kind of value a metric has, where it comes from and which time it covers."""
    subject = _VALUE_TYPES.get(metric.value_type or "", "A value")
    words = [subject, _SOURCE_PHRASES.get(metric.data_source or ""), _period(metric)]
    return f"{' '.join(word for word in words if word)}."


def _period(metric: MetricDefinition) -> str:
    time_frame = metric.time_frames[0] if len(metric.time_frames) == 1 else ""
    if time_frame == "all":
        return "over all time"
    phrases = _WEEK_PHRASES if metric.data_source in EVENT_SOURCES else _WINDOW_PHRASES
    return phrases.get(time_frame, "")


def without_time_frame(key_path: str) -> str:
    """Return what the key paths of one metric in several time frames have in common."""
    return _TIME_FRAME_SUFFIX.sub("", key_path)


def summary(description: str, max_length: int = 140) -> str:
    """Return a description's first sentence on one line, cut at a word where it is longer than ``max_length``."""
    line = _BLANK.sub(" ", description[: 4 * max_length]).strip()
    first = _SENTENCE_END.split(line, maxsplit=1)[0]
    if len(first) <= max_length:
        return first
    return f"{first[:max_length].rsplit(' ', 1)[0]} …"


def day(when: datetime) -> str:
    """Say a day: ``4 March 2025``."""
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def month(key: str) -> str:
    """Say a month that is written ``2025-03``: ``March 2025``."""
    year, _, number = key.partition("-")
    return f"{MONTHS[int(number) - 1]} {int(year)}"


def duration(start: datetime, end: datetime) -> str:
    """Say how long it is from one day to another: ``3 days``, ``5 months``, ``2 years``."""
    days = max((end - start).days, 0)
    for unit, length, least in (("year", 365.25, 2), ("month", 30.44, 2), ("week", 7, 2)):
        if days >= least * length:
            return counted(int(days / length), unit)
    return counted(days, "day")
