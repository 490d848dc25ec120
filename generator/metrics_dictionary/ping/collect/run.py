"""A run over a dictionary: each metric is computed alone, at most once, and fails alone."""

from __future__ import annotations

from collections import Counter
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from metrics_dictionary.ping.collect.deadline import Deadline
from metrics_dictionary.ping.collect.measurement import Measurement
from metrics_dictionary.ping.collect.value_check import ValueCheck
from metrics_dictionary.ping.failure import FAILED, MetricFailed, SourceUnavailableError, reason
from metrics_dictionary.ping.query.entry import DEPTH_LIMIT
from metrics_dictionary.ping.sources.inquiry import Inquiry, instrumentation_of
from metrics_dictionary.ping.sources.readers import Reader, reader_of

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.ping.sources.sources import Sources

PATIENCE = 3
"""So many metrics in a row find a source away; the rest of the run does not ask it, for waiting takes long."""


class Run:
    """Use it in a ``with`` statement: the end lets go of the thread in which slow sources are asked."""

    def __init__(self, dictionary: Dictionary, sources: Sources, now: datetime) -> None:
        if now.tzinfo is None:
            raise ValueError("a run needs a time with a time zone")
        self._dictionary = dictionary
        self._sources = sources
        self._now = now
        self._check = ValueCheck(dictionary.object_schemas)
        self._deadline = Deadline(sources.answer_seconds)
        self._measured: dict[str, Measurement] = {}
        self._underway: list[str] = []
        self._away: Counter[str] = Counter()

    def __enter__(self) -> Run:
        self._deadline.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadline.__exit__(kind, error, trace)

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
        """Return the value and None, or the fallback value and why it has to do."""
        fallback = FAILED
        try:
            metric = self._live(key_path)
            instrumentation = instrumentation_of(metric, self._dictionary, self._sources.classes)
            reader = reader_of(instrumentation.source)
            fallback = reader.fallback
            inquiry = Inquiry(metric, instrumentation, self._now, self._sources, self.measure)
            return self._check.checked(self._ask(reader, inquiry), metric), None
        except Exception as error:  # noqa: BLE001 - whatever goes wrong with one metric is not to harm the others
            return fallback, reason(error)

    def _live(self, key_path: str) -> MetricDefinition:
        metric = self._dictionary.expanded.get(key_path)
        if metric is None:
            raise MetricFailed("no definition has this key path")
        if metric.removed:
            raise MetricFailed("the metric is removed")
        if len(self._underway) > DEPTH_LIMIT:
            raise MetricFailed(f"more than {DEPTH_LIMIT} metrics add up one another")
        return metric

    def _ask(self, reader: Reader, inquiry: Inquiry) -> object:
        asked = reader.asked or inquiry.instrumentation.name
        if self._away[asked] >= PATIENCE:
            raise MetricFailed(f"not computed: {PATIENCE} metrics in a row found the {asked} away")
        try:
            read = partial(reader.read, inquiry)
            value = read() if reader.limits_itself else self._deadline.call(read)
        except SourceUnavailableError:
            self._away[asked] += 1
            raise
        except Exception:
            self._away[asked] = 0
            raise
        self._away[asked] = 0
        return value
