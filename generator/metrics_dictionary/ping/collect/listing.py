"""What a payload is made of: the SQL behind its database metrics, and the values of all others."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import text
from metrics_dictionary.ping.collect.collection import live_metrics
from metrics_dictionary.ping.collect.payload_tree import nested
from metrics_dictionary.ping.collect.run import Run
from metrics_dictionary.ping.collect.value_check import iso
from metrics_dictionary.ping.failure import FAILED, SQL_LEFT_OUT, MetricFailed
from metrics_dictionary.ping.query.entry import DEPTH_LIMIT, Entry, InstrumentationError
from metrics_dictionary.ping.query.sql import statement, total
from metrics_dictionary.ping.query.time_window import time_window
from metrics_dictionary.ping.sources.inquiry import instrumentation_of
from metrics_dictionary.ping.sources.numbers import operands
from metrics_dictionary.ping.sources.readers import reader_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from metrics_dictionary.dictionary.dictionary import Dictionary, Instrumentation
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.ping.sources.sources import Sources

    Part = tuple[MetricDefinition, Instrumentation]

NOT_SQL = "non-SQL usage data block"

MOST_PARTS = 1_000
"""Metrics that one sum adds up in the end; sums of sums of sums grow fast."""


def queries(dictionary: Dictionary, sources: Sources, now: datetime) -> dict[str, object]:
    """Return the tree of a payload with a statement in place of every value that SQL computes.

    Facts of the instance are there with their value; what counters, Prometheus or Python compute is an object that
    says so. A sum of SQL metrics is one statement. What cannot be computed is -1. No database is asked.
    """
    with Run(dictionary, sources, now) as run:
        listing = _Listing(dictionary, sources, now, run)
        return nested(iso(now), {metric.key_path: listing.query(metric) for metric in live_metrics(dictionary)})


def non_sql_metrics(dictionary: Dictionary, sources: Sources, now: datetime) -> dict[str, object]:
    """Return the tree of a payload with -3 in place of every value that takes SQL, a sum with such a part included."""
    with Run(dictionary, sources, now) as run:
        listing = _Listing(dictionary, sources, now, run)
        return nested(iso(now), {metric.key_path: listing.value(metric) for metric in live_metrics(dictionary)})


class _Listing:
    def __init__(self, dictionary: Dictionary, sources: Sources, now: datetime, run: Run) -> None:
        self._dictionary = dictionary
        self._sources = sources
        self._now = now
        self._run = run

    def query(self, metric: MetricDefinition) -> object:
        try:
            instrumentation = self._instrumentation(metric)
            if instrumentation.source == "database":
                return self._statement(metric, instrumentation)
            parts = self._parts(metric)
            if all(part.source == "database" for _, part in parts):
                return total(self._statement(*part) for part in parts)
            marker = reader_of(instrumentation.source).marker
        except (MetricFailed, InstrumentationError):
            return FAILED
        return self._run.measure(metric.key_path).value if marker is None else {marker: NOT_SQL}

    def value(self, metric: MetricDefinition) -> object:
        try:
            takes_sql = any(instrumentation.source == "database" for _, instrumentation in self._parts(metric))
        except (MetricFailed, InstrumentationError):
            return FAILED
        return SQL_LEFT_OUT if takes_sql else self._run.measure(metric.key_path).value

    def _instrumentation(self, metric: MetricDefinition) -> Instrumentation:
        return instrumentation_of(metric, self._dictionary, self._sources.classes)

    def _statement(self, metric: MetricDefinition, instrumentation: Instrumentation) -> str:
        return statement(instrumentation, metric, time_window(_time_frame(metric), self._now))

    def _parts(self, metric: MetricDefinition) -> list[Part]:
        """Return the metric, or what a sum adds up in the end, each with what computes it."""
        parts = list(islice(self._leaves(metric, 0), MOST_PARTS + 1))
        if len(parts) > MOST_PARTS:
            raise MetricFailed(f"it adds up more than {MOST_PARTS} metrics")
        return parts

    def _leaves(self, metric: MetricDefinition, depth: int) -> Iterator[Part]:
        instrumentation = self._instrumentation(metric)
        if instrumentation.source != "numbers":
            yield metric, instrumentation
            return
        if depth > DEPTH_LIMIT:
            raise MetricFailed("it adds up itself")
        for key_path in operands(Entry.of(instrumentation, metric)):
            part = self._dictionary.expanded.get(key_path)
            if part is None or part.removed:
                raise MetricFailed(f"no live metric has the key path {key_path}")
            yield from self._leaves(part, depth + 1)


def _time_frame(metric: MetricDefinition) -> str | None:
    return text(metric.fields.get("time_frame"))
