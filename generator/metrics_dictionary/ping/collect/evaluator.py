"""The evaluator of a dictionary: it computes each metric at most once, and each one fails alone."""

from __future__ import annotations

import math
import threading
from collections import Counter
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, TypeVar

from metrics_dictionary.ping.collect.payload import GIVES_NOTHING, NOT_CONFIGURED, Outage
from metrics_dictionary.ping.collect.value_check import ValueCheck
from metrics_dictionary.ping.measurement import (
    Incomplete,
    Measurement,
    MetricFailed,
    SourceUnavailableError,
    TimeLimitReached,
    reason,
)
from metrics_dictionary.ping.query.data_sources import DATA_SOURCES, FAILED, DataSource
from metrics_dictionary.ping.query.entry import MAX_DEPTH, InstrumentationError
from metrics_dictionary.ping.sources.evaluation import Evaluation, data_source_of, resolved_instrumentation
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.ping.sources.evaluation import Sources

T = TypeVar("T")

MAX_UNAVAILABLE = 3
"""The circuit breaker: after so many metrics in a row that found a service unavailable, no other one waits for it."""


DATABASE = "database"

HELD_FOR = (DATABASE, "store")
"""The services whose outage concerns a whole payload. Prometheus and Python classes each give a few metrics of it."""


class Evaluator:
    """Computes the metrics of a dictionary from the sources, as of one moment.

    ``now`` is an aware time. ``time_limit`` is in seconds from here: what would ask a service later is not computed,
    and a statement on the database that runs then is ended.
    ``close`` ends the thread in which slow sources are asked.
    """

    def __init__(
        self, dictionary: Dictionary, sources: Sources, now: datetime, *, time_limit: float = math.inf
    ) -> None:
        if now.tzinfo is None:
            raise ValueError("an evaluator needs a time with a time zone")
        self._dictionary = dictionary
        self._sources = sources
        self._now = now
        self._check = ValueCheck(dictionary.object_schemas)
        self._deadline = _Deadline(sources.timeout)
        self._measured: dict[str, Measurement] = {}
        self._underway: list[str] = []
        self._unavailable: Counter[str] = Counter()
        self._last_reason: dict[str, str] = {}
        self._answered: set[str] = set()
        self._database_failure: str | None = None
        self._database_has_values = False
        self._time_limit = time_limit
        self._end = monotonic() + time_limit
        if time_limit < math.inf:  # who only lists must not lift the limit of a collection under way
            self._bound_database(self._end)

    def close(self) -> None:
        """Let go of what slow sources were asked with."""
        self._deadline.close()
        if self._time_limit < math.inf:
            self._bound_database(math.inf)

    def _bound_database(self, deadline: float) -> None:
        if self._sources.database is not None:
            self._sources.database.deadline = deadline

    def outages(self) -> tuple[Outage, ...]:
        """Return which of the services that hold a payload back gave nothing as a whole.

        These are away: one that nobody asks any more, and one that never answered when it was asked. A database that
        is not configured, or is another or an empty one, gives no value of any metric.
        """
        away = [
            Outage(service, self._last_reason[service], since=self._now)
            for service in HELD_FOR
            if self._is_away(service) or (service in self._last_reason and service not in self._answered)
        ]
        if self._database_failure is None or self._database_has_values or any(o.service == DATABASE for o in away):
            return tuple(away)
        problem = NOT_CONFIGURED if self._sources.database is None else GIVES_NOTHING
        return (Outage(DATABASE, self._database_failure, since=self._now, problem=problem), *away)

    def measure(self, key_path: str) -> Measurement:
        """Return the value of a metric or its fallback, with the reason. Raises MetricFailed only for a circle."""
        if key_path in self._underway:
            raise MetricFailed(f"adds up itself: {' + '.join((*self._underway, key_path))}")
        if key_path not in self._measured:
            self._underway.append(key_path)
            started = perf_counter()
            value, failure, lacks = self._value(key_path)
            self._measured[key_path] = Measurement(key_path, value, perf_counter() - started, failure, lacks)
            self._underway.pop()
        return self._measured[key_path]

    def _value(self, key_path: str) -> tuple[object, str | None, str | None]:
        """Return the value or its fallback, why the metric has no other, and what the value lacks."""
        fallback = FAILED
        try:
            metric = self._live_metric(key_path)
            instrumentation = resolved_instrumentation(metric, self._dictionary, self._sources.classes)
            source = data_source_of(instrumentation)
            fallback = source.fallback
            evaluation = Evaluation(metric, instrumentation, self._now, self._sources, self.measure)
            read = self._read(source, evaluation)
            value, lacks = (read.value, read.lacks) if isinstance(read, Incomplete) else (read, None)
            return self._check.checked(value, metric), None, lacks
        except TimeLimitReached:
            return FAILED, f"not computed within the {self._time_limit:g} seconds of `ping.time_limit`", None
        except Exception as error:  # noqa: BLE001 - whatever goes wrong with one metric is not to harm the others
            return fallback, reason(error), None

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
        if self._is_away(service):
            raise MetricFailed(f"not computed: {MAX_UNAVAILABLE} metrics in a row found the {service} away")
        waits = bool(source.service) or not source.has_timeout
        if waits and monotonic() > self._end:
            raise TimeLimitReached
        try:
            read = partial(evaluation.read, source)
            value = read() if source.has_timeout else self._deadline.call(read)
        except SourceUnavailableError as error:
            self._unavailable[service] += 1
            self._last_reason[service] = reason(error)
            raise
        except Exception as error:
            self._unavailable[service] = 0
            if source is DATA_SOURCES[DATABASE] and not isinstance(error, InstrumentationError | TimeLimitReached):
                self._database_failure = self._database_failure or reason(error)
            if isinstance(error, OperationalError):  # the service answered: it refuses this one
                self._answered.add(service)
            raise
        self._unavailable[service] = 0
        self._answered.add(service)
        self._database_has_values |= service == DATABASE
        return value

    def _is_away(self, service: str) -> bool:
        return self._unavailable[service] >= MAX_UNAVAILABLE


class _Deadline:
    """Makes calls in a worker thread, and abandons the thread when a call takes longer than ``seconds``.

    Python cannot stop a thread from outside: an abandoned one ends when its call returns. The next call starts another.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._worker: _Worker | None = None

    def call(self, compute: Callable[[], T]) -> T:
        """Return what the call returns and raise what it raises; raises SourceUnavailableError after the timeout."""
        future: Future[T] = Future()

        def work() -> None:
            try:
                future.set_result(compute())
            except Exception as error:  # noqa: BLE001 - whatever it is, it reaches the caller
                future.set_exception(error)
            except BaseException as error:  # noqa: BLE001 - SystemExit must not end the thread, nor the caller
                future.set_exception(RuntimeError(f"{type(error).__name__} instead of a value"))

        if self._worker is None:
            self._worker = _Worker()
        self._worker.calls.put(work)
        try:
            return future.result(self._seconds)
        except TimeoutError:
            if future.done():  # the call raised it, or ended at the last moment
                return future.result()
            self.close()
            raise SourceUnavailableError(f"no answer within {self._seconds:g} seconds") from None

    def close(self) -> None:
        """Let the worker thread end, at once or after the call that it makes."""
        if self._worker is not None:
            self._worker.calls.put(None)
            self._worker = None


class _Worker:
    def __init__(self) -> None:
        self.calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        threading.Thread(target=self._run, name="metric", daemon=True).start()

    def _run(self) -> None:
        while (call := self.calls.get()) is not None:
            call()
