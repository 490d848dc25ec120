"""Readers: one way to find a value for each source that an instrumentation may have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.ping.failure import COUNTER_FAILED, FAILED, MetricFailed, SourceUnavailableError
from metrics_dictionary.ping.query.resolution import resolve
from metrics_dictionary.ping.query.time_window import time_window
from metrics_dictionary.ping.sources.database_schema import schema_value
from metrics_dictionary.ping.sources.facts import clock_value, license_value, machine_value, setting_value
from metrics_dictionary.ping.sources.inquiry import PYTHON
from metrics_dictionary.ping.sources.numbers import numbers_value
from metrics_dictionary.ping.sources.prometheus import prometheus_value
from metrics_dictionary.ping.sources.python_classes import python_value
from metrics_dictionary.stores.event_metrics import metric_value
from metrics_dictionary.stores.store import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.ping.sources.inquiry import Inquiry


@dataclass(frozen=True, slots=True)
class Reader:
    """How one source is read.

    ``fallback`` stands for a value that could not be read. ``asked`` names what outside this program answers, empty
    for nothing. ``marker`` is what the listing of queries says instead of a value; None where it gives the value.
    ``limits_itself`` says that the source ends its own calls in time.
    """

    read: Callable[[Inquiry], object]
    fallback: int = FAILED
    asked: str = ""
    marker: str | None = None
    limits_itself: bool = True


def database_value(inquiry: Inquiry) -> object:
    """Return what the database computes within the metric's time window."""
    relation = resolve(inquiry.instrumentation, inquiry.metric)
    if inquiry.sources.database is None:
        raise MetricFailed("no database is configured; the setting `database` names one")
    return inquiry.sources.database.compute(relation.within(time_window(inquiry.time_frame, inquiry.now)))


def event_value(inquiry: Inquiry) -> object:
    """Return what the counters of a metric over events stand at."""
    if inquiry.sources.store is None:
        raise MetricFailed("no store is configured; the setting `store` names one")
    try:
        return metric_value(inquiry.metric, inquiry.sources.store, inquiry.now)
    except StoreUnavailableError as error:
        raise SourceUnavailableError(str(error)) from error


_EVENTS = Reader(event_value, COUNTER_FAILED, "store", "redis_usage_data_block", limits_itself=False)
_OTHER = "alt_usage_data_block"

READERS = {
    "database": Reader(database_value, asked="database"),
    "setting": Reader(setting_value),
    "license": Reader(license_value),
    "machine": Reader(machine_value),
    "clock": Reader(clock_value),
    "prometheus": Reader(prometheus_value, FAILED, "prometheus", "prometheus_block", limits_itself=False),
    "redis": _EVENTS,
    "redis_hll": _EVENTS,
    "internal_events": _EVENTS,
    "numbers": Reader(numbers_value, marker=_OTHER),
    "database_schema": Reader(schema_value, asked="database", marker=_OTHER),
    PYTHON: Reader(python_value, marker=_OTHER, limits_itself=False),
}
"""Source -> how it is read."""


def reader_of(source: str | None) -> Reader:
    """Return how a source is read. Raises MetricFailed for one that does not exist."""
    if source not in READERS:
        raise MetricFailed(f"there is no source {source!r}; there are {', '.join(sorted(READERS.keys() - {PYTHON}))}")
    return READERS[source]
