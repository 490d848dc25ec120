"""What a payload is made of: the SQL behind its database metrics, and the values of all others."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

from metrics_dictionary.ping.collect.collection import live_metrics
from metrics_dictionary.ping.collect.evaluator import Evaluator
from metrics_dictionary.ping.collect.payload import nested
from metrics_dictionary.ping.measurement import MetricFailed
from metrics_dictionary.ping.query.data_sources import FAILED, SQL_LEFT_OUT
from metrics_dictionary.ping.query.entry import MAX_DEPTH, Entry, InstrumentationError
from metrics_dictionary.ping.query.sql import statement, total
from metrics_dictionary.ping.query.time_window import time_window
from metrics_dictionary.ping.sources.computed import operands
from metrics_dictionary.ping.sources.evaluation import data_source_of, resolved_instrumentation
from metrics_dictionary.tools.clock import iso

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from metrics_dictionary.dictionary.dictionary import Dictionary, Instrumentation
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.ping.sources.evaluation import Sources

    Addend = tuple[MetricDefinition, Instrumentation]

NOT_SQL = "non-SQL usage data block"

MAX_ADDENDS = 1_000
"""Metrics that one sum may add up, through sums of sums, which grow fast."""


def queries(dictionary: Dictionary, sources: Sources, now: datetime) -> dict[str, object]:
    """Return the tree of a payload with a statement in place of every value that SQL computes.

    Facts of the instance are there with their value; what counters, Prometheus or Python compute is an object that
    says so. A sum of SQL metrics is one statement. What cannot be computed is -1. No database is asked.
    """
    with closing(Evaluator(dictionary, sources, now)) as evaluator:
        listing = _Listing(dictionary, sources, now, evaluator)
        return nested(iso(now), {metric.key_path: listing.query(metric) for metric in live_metrics(dictionary)})


def non_sql_metrics(dictionary: Dictionary, sources: Sources, now: datetime) -> dict[str, object]:
    """Return the tree of a payload with -3 in place of every value that takes SQL, a sum with such a part included."""
    with closing(Evaluator(dictionary, sources, now)) as evaluator:
        listing = _Listing(dictionary, sources, now, evaluator)
        return nested(iso(now), {metric.key_path: listing.value(metric) for metric in live_metrics(dictionary)})


class _Listing:
    def __init__(self, dictionary: Dictionary, sources: Sources, now: datetime, evaluator: Evaluator) -> None:
        self._dictionary = dictionary
        self._sources = sources
        self._now = now
        self._evaluator = evaluator

    def query(self, metric: MetricDefinition) -> object:
        try:
            instrumentation = self._instrumentation(metric)
            if instrumentation.source == "database":
                return self._statement(metric, instrumentation)
            addends = self._addends(metric)
            if all(addend.source == "database" for _, addend in addends):
                return total(self._statement(*addend) for addend in addends)
            marker = data_source_of(instrumentation).marker
        except (MetricFailed, InstrumentationError):
            return FAILED
        return self._evaluator.measure(metric.key_path).value if marker is None else {marker: NOT_SQL}

    def value(self, metric: MetricDefinition) -> object:
        try:
            takes_sql = any(instrumentation.source == "database" for _, instrumentation in self._addends(metric))
        except (MetricFailed, InstrumentationError):
            return FAILED
        return SQL_LEFT_OUT if takes_sql else self._evaluator.measure(metric.key_path).value

    def _instrumentation(self, metric: MetricDefinition) -> Instrumentation:
        return resolved_instrumentation(metric, self._dictionary, self._sources.classes)

    def _statement(self, metric: MetricDefinition, instrumentation: Instrumentation) -> str:
        return statement(instrumentation, metric, time_window(metric.time_frame, self._now))

    def _addends(self, metric: MetricDefinition) -> list[Addend]:
        """Return the metric, or what a sum adds up in the end, each with what computes it."""
        addends = list(islice(self._leaves(metric, 0), MAX_ADDENDS + 1))
        if len(addends) > MAX_ADDENDS:
            raise MetricFailed(f"it adds up more than {MAX_ADDENDS} metrics")
        return addends

    def _leaves(self, metric: MetricDefinition, depth: int) -> Iterator[Addend]:
        instrumentation = self._instrumentation(metric)
        if instrumentation.source != "numbers":
            yield metric, instrumentation
            return
        if depth > MAX_DEPTH:
            raise MetricFailed("it adds up itself")
        for key_path in operands(Entry.of(instrumentation, metric)):
            part = self._dictionary.expanded.get(key_path)
            if part is None or part.removed:
                raise MetricFailed(f"no live metric has the key path {key_path}")
            yield from self._leaves(part, depth + 1)
