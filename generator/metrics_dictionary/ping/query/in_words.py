"""How a metric's value is computed, in plain English sentences for the dictionary's readers.

Names, values and queries stand between backticks; the rest is prose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import text, texts
from metrics_dictionary.dictionary.metric import TimeFrame
from metrics_dictionary.dictionary.selection_rule import IDENTIFIERS
from metrics_dictionary.ping.query.entry import Entry
from metrics_dictionary.ping.query.relation_in_words import code, literal, relation_in_words
from metrics_dictionary.ping.query.resolution import resolve
from metrics_dictionary.tools.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.dictionary.dictionary import Instrumentation
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.dictionary.selection_rule import SelectionRule


def in_words(instrumentation: Instrumentation, metric: MetricDefinition) -> str:
    """Return one sentence on how the instrumentation computes a metric, a definition of one time frame.

    Raises InstrumentationError for an instrumentation that lacks an option or does not follow its schema.
    """
    if instrumentation.source == "database":
        return f"{relation_in_words(resolve(instrumentation, metric), _time_frame(metric))}."
    entry = Entry.of(instrumentation, metric)
    describe = _SOURCES.get(instrumentation.source or "")
    if describe is None:
        raise entry.at("source").error(f"must be one of database, {', '.join(_SOURCES)}")
    return f"{describe(entry)}."


def selection_in_words(metric: MetricDefinition) -> list[str]:
    """Return one phrase for each selection rule of a metric: which events it counts, and what of them."""
    return [_selection(rule) for rule in metric.selection_rules if rule.name]


def _selection(rule: SelectionRule) -> str:
    event = code(rule.name)
    if rule.operator == "sum(value)":
        selected = f"Sum of `value` over every {event}"
    elif rule.unique is None:
        selected = f"Every {event}"
    elif rule.unique in _WHOSE:
        selected = _WHOSE[rule.unique].format(code(rule.unique), event)
    else:
        selected = f"Distinct values of {code(rule.unique)} over every {event}"
    filters = [f"{code(name)} is {literal(value)}" for name, value in rule.filter.items()]
    return f"{selected} where {listed(filters, 'and')}" if filters else selected


_WHOSE = dict(
    zip(
        IDENTIFIERS,
        ("Distinct users ({}) who triggered {}", "Distinct projects ({}) with {}", "Distinct namespaces ({}) with {}"),
        strict=True,
    )
)


def _setting(entry: Entry) -> str:
    sentence = f"Reads the setting {code(entry.at('setting').filled().text())}"
    default = entry.at("default")
    return f"{sentence}, {literal(default.value)} where it is not set" if default.given else sentence


def _license(entry: Entry) -> str:
    return f"Reads {code(entry.at('field').filled().text())} from the licence"


def _machine(entry: Entry) -> str:
    return f"States the {code(entry.at('fact').text())} of the machine that collects the payload"


def _clock(_entry: Entry) -> str:
    return "States when the payload was collected"


def _prometheus(entry: Entry) -> str:
    return f"Takes the first result of the Prometheus query {code(entry.at('query').filled().text())}"


def _redis(entry: Entry) -> str:
    event = text(entry.metric.options.get("event"))
    if event is None:
        raise entry.error("needs the event to read; add `options: {event: ...}` to the metric")
    return f"Reads the running total of {code(event)} from the counters"


def _redis_hll(entry: Entry) -> str:
    events = texts(entry.metric.options.get("events"))
    if not events:
        raise entry.error("needs the events to read; add `options: {events: [...]}` to the metric")
    period = _WEEKS.get(_time_frame(entry.metric) or "", "")
    return f"Counts the distinct users who triggered {listed(map(code, events), 'or')}{period}"


def _numbers(entry: Entry) -> str:
    return f"Adds up {listed([code(item.text()) for item in entry.at('metrics').items()], 'and')}"


def _database_schema(_entry: Entry) -> str:
    return "Compares the structure of the database with the expected one and lists what differs"


_SOURCES: dict[str, Callable[[Entry], str]] = {
    "setting": _setting,
    "license": _license,
    "machine": _machine,
    "clock": _clock,
    "prometheus": _prometheus,
    "redis": _redis,
    "redis_hll": _redis_hll,
    "numbers": _numbers,
    "database_schema": _database_schema,
}


def _time_frame(metric: MetricDefinition) -> str | None:
    return text(metric.fields.get("time_frame"))


_WEEKS = {
    TimeFrame.SEVEN_DAYS.value: " in the last complete week",
    TimeFrame.TWENTY_EIGHT_DAYS.value: " in the last four complete weeks",
}
