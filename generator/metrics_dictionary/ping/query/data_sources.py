"""The data sources of metrics: one row each, with how a value is read and how that is said in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import string, strings
from metrics_dictionary.dictionary.metric import TimeFrame
from metrics_dictionary.ping.query.entry import Entry
from metrics_dictionary.ping.query.resolution import resolve
from metrics_dictionary.ping.query.words import code, literal, relation_in_words
from metrics_dictionary.tools.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.dictionary.dictionary import Dictionary, Instrumentation
    from metrics_dictionary.dictionary.metric import MetricDefinition

FAILED = -1
"""Stands for a value that could not be computed: a timeout, a failure, nothing that could be asked."""

COUNTER_FAILED = -2
"""Stands for the value of a counter that could not be read."""

SQL_LEFT_OUT = -3
"""Stands for every value that takes SQL, where only the others are listed."""


@dataclass(frozen=True, slots=True)
class DataSource:
    """How the metrics of one source get their values.

    ``reader`` is ``module.function`` below ``ping/sources``; the module is imported when a metric is read, so that
    whoever only wants words loads no client of a server. ``words`` returns a sentence without its full stop, and
    raises InstrumentationError; it is None for a source that no entry of ``instrumentations/`` may name. ``service``
    names what outside of this program answers; empty where nothing does. ``fallback`` stands for a value that could
    not be read. ``marker`` is what the listing of queries states instead of a value; None where it states the value.
    ``has_timeout`` says that the source itself ends calls that take too long.
    """

    reader: str
    words: Callable[[Entry], str] | None
    service: str = ""
    fallback: int = FAILED
    marker: str | None = None
    has_timeout: bool = True


def in_words(instrumentation: Instrumentation, metric: MetricDefinition) -> str:
    """Return one sentence on how the instrumentation computes a metric, a definition of one time frame.

    Raises InstrumentationError for an instrumentation that lacks an option or does not follow its schema.
    """
    entry = Entry.of(instrumentation, metric)
    source = DATA_SOURCES.get(instrumentation.source or "")
    if source is None or source.words is None:
        named = [name for name, source in DATA_SOURCES.items() if source.words is not None]
        raise entry.at("source").error(f"must be one of {', '.join(named)}")
    return f"{source.words(entry)}."


def untold(metric: MetricDefinition, dictionary: Dictionary) -> str | None:
    """Return one sentence on why the root does not say how a metric is computed.

    None where an instrumentation says it, where the value is a counter of events, and where the metric names no class
    in a root without instrumentations, which cannot tell more than the data source.
    """
    if metric.data_source in WITHOUT_INSTRUMENTATION or dictionary.instrumentation_of(metric) is not None:
        return None
    name = metric.instrumentation_name
    if dictionary.instrumentations is None:
        return None if name is None else f"{code(name)} computes the value; these definitions do not say how."
    if name is None:
        return "The definition names no `instrumentation_class`, so nothing says how the value is computed."
    return f"{code(name)} computes the value, but no instrumentation of that name is defined."


def _database(entry: Entry) -> str:
    return relation_in_words(resolve(entry.instrumentation, entry.metric), entry.metric.time_frame)


def _setting(entry: Entry) -> str:
    sentence = f"Reads the setting {code(entry.at('setting').resolved().string())}"
    default = entry.at("default")
    return f"{sentence}, {literal(default.value)} where it is not set" if default.given else sentence


def _license(entry: Entry) -> str:
    return f"Reads {code(entry.at('field').resolved().string())} from the license"


def _machine(entry: Entry) -> str:
    return f"States the {code(entry.at('fact').string())} of the machine that collects the payload"


def _clock(_entry: Entry) -> str:
    return "States when the payload was collected"


def _prometheus(entry: Entry) -> str:
    return f"Takes the first result of the Prometheus query {code(entry.at('query').resolved().string())}"


def _redis(entry: Entry) -> str:
    event = string(entry.metric.options.get("event"))
    if event is None:
        raise entry.error("needs the event to read; add `options: {event: ...}` to the metric")
    return f"Reads the running total of {code(event)} from the counters"


def _redis_hll(entry: Entry) -> str:
    events = strings(entry.metric.options.get("events"))
    if not events:
        raise entry.error("needs the events to read; add `options: {events: [...]}` to the metric")
    period = _WEEKS.get(entry.metric.time_frame or "", "")
    return f"Counts the distinct users who triggered {listed(map(code, events), 'or')}{period}"


def _numbers(entry: Entry) -> str:
    return f"Adds up {listed([code(item.string()) for item in entry.at('metrics').items()], 'and')}"


def _database_schema(_entry: Entry) -> str:
    return "Compares the structure of the database with the expected one and lists what differs"


_WEEKS = {
    TimeFrame.SEVEN_DAYS.value: " in the last complete week",
    TimeFrame.TWENTY_EIGHT_DAYS.value: " in the last four complete weeks",
}

_COUNTERS = "redis_usage_data_block"
_OTHER = "alt_usage_data_block"

WITHOUT_INSTRUMENTATION = ("internal_events", "redis", "redis_hll")
"""The data sources of metrics whose values are counters of events, with or without an instrumentation."""

PYTHON = "python"
"""The source of a metric whose class an installed package registers."""

DATA_SOURCES = {
    "database": DataSource("computed.database_value", _database, "database"),
    "setting": DataSource("facts.setting_value", _setting),
    "license": DataSource("facts.license_value", _license),
    "machine": DataSource("facts.machine_value", _machine),
    "clock": DataSource("facts.clock_value", _clock),
    "prometheus": DataSource(
        "prometheus.prometheus_value", _prometheus, "prometheus", marker="prometheus_block", has_timeout=False
    ),
    "redis": DataSource("computed.event_value", _redis, "store", COUNTER_FAILED, _COUNTERS, has_timeout=False),
    "redis_hll": DataSource("computed.event_value", _redis_hll, "store", COUNTER_FAILED, _COUNTERS, has_timeout=False),
    "internal_events": DataSource("computed.event_value", None, "store", COUNTER_FAILED, _COUNTERS, has_timeout=False),
    "numbers": DataSource("computed.sum_value", _numbers, marker=_OTHER),
    "database_schema": DataSource("computed.schema_value", _database_schema, "database", marker=_OTHER),
    PYTHON: DataSource("python_classes.python_value", None, marker=_OTHER, has_timeout=False),
}
"""The source that an instrumentation names, or a metric implies -> how it is read."""
