"""The evaluator of a dictionary: it computes each metric at most once, and each one fails alone."""

from __future__ import annotations

from collections import Counter
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from metrics_dictionary.ping.collect.deadline import Deadline
from metrics_dictionary.ping.collect.value_check import ValueCheck
from metrics_dictionary.ping.measurement import Measurement, MetricFailed, SourceUnavailableError, reason
from metrics_dictionary.ping.query.data_sources import FAILED, DataSource
from metrics_dictionary.ping.query.entry import MAX_DEPTH
from metrics_dictionary.ping.sources.evaluation import Evaluation, data_source_of, resolved_instrumentation

if TYPE_CHECKING:
    from datetime import datetime

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.ping.sources.evaluation import Sources

MAX_UNAVAILABLE = 3
"""The circuit breaker: after so many metrics in a row that found a service unavailable, no other one waits for it."""


class Evaluator:
    """Computes the metrics of a dictionary from the sources, as of one moment.

    ``now`` is an aware time. ``close`` ends the thread in which slow sources are asked.
    """

    def __init__(self, dictionary: Dictionary, sources: Sources, now: datetime) -> None:
        if now.tzinfo is None:
            raise ValueError("an evaluator needs a time with a time zone")
        self._dictionary = dictionary
        self._sources = sources
        self._now = now
        self._check = ValueCheck(dictionary.object_schemas)
        self._deadline = Deadline(sources.timeout)
        self._measured: dict[str, Measurement] = {}
        self._underway: list[str] = []
        self._unavailable: Counter[str] = Counter()

    def close(self) -> None:
        """Let go of what slow sources were asked with."""
        self._deadline.close()

    def measure(self, key_path: str) -> Measurement:
        """Return the value of a metric or its fallback, with the reason. Raises MetricFailed only for a circle."""
        if key_path in self._underway:
            raise MetricFailed(f"adds up itself: {' + '.join((*self._underway, key_path))}")
        if key_path not in self._measured:
            self._underway.append(key_path)
            started = perf_counter()
            value, failure = self._value(key_path)
            self._measured[key_path] = Measurement(key_path, value, perf_counter() - started, failure)
            self._underway.pop()
        return self._measured[key_path]

    def _value(self, key_path: str) -> tuple[object, str | None]:
        """Return the value and None, or the fallback value and why the metric has no other."""
        fallback = FAILED
        try:
            metric = self._live_metric(key_path)
            instrumentation = resolved_instrumentation(metric, self._dictionary, self._sources.classes)
            source = data_source_of(instrumentation)
            fallback = source.fallback
            evaluation = Evaluation(metric, instrumentation, self._now, self._sources, self.measure)
            return self._check.checked(self._read(source, evaluation), metric), None
        except Exception as error:  # noqa: BLE001 - whatever goes wrong with one metric is not to harm the others
            return fallback, reason(error)

    def _live_metric(self, key_path: str) -> MetricDefinition:
        metric = self._dictionary.expanded.get(key_path)
        if metric is None:
            raise MetricFailed("no definition has this key path")
        if metric.removed:
            raise MetricFailed("the metric is removed")
        if len(self._underway) > MAX_DEPTH:
            raise MetricFailed(f"more than {MAX_DEPTH} metrics add up one another")
        return metric

    def _read(self, source: DataSource, evaluation: Evaluation) -> object:
        service = source.service or evaluation.instrumentation.name
        if self._unavailable[service] >= MAX_UNAVAILABLE:
            raise MetricFailed(f"not computed: {MAX_UNAVAILABLE} metrics in a row found the {service} away")
        try:
            read = partial(evaluation.read, source)
            value = read() if source.has_timeout else self._deadline.call(read)
        except SourceUnavailableError:
            self._unavailable[service] += 1
            raise
        except Exception:
            self._unavailable[service] = 0
            raise
        self._unavailable[service] = 0
        return value
