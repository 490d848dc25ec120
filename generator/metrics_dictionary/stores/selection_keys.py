"""Which counters a metric over events reads, and so which an event must change: one answer for both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import text, texts
from metrics_dictionary.dictionary.selection_rule import SelectionRule

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.metric import MetricDefinition

USAGE_PREFIX = "USAGE_"
"""What the counters of `RedisMetric` start with, unless `include_usage_prefix: false`."""

SUM_OF_VALUES = "sum(value)"


def selections(metric: MetricDefinition) -> tuple[SelectionRule, ...]:
    """Return the selection rules that the metric's value is made of; none for a metric that reads no events.

    An older `redis_hll` metric lists events in `options`: of these it counts the different users, and so it shares
    their sets with metrics that say `unique: user.id`. A rule that no event can match is left out: it has no name, an
    operator that does not exist, or a filter that asks for something else than a text or a number.
    """
    if metric.data_source == "internal_events":
        rules = metric.selection_rules
    elif metric.data_source == "redis_hll":
        listed = texts(metric.options.get("events"))
        rules = tuple(map(_users_of, listed)) if listed else metric.selection_rules
    else:
        rules = ()
    return tuple(rule for rule in rules if _can_match(rule))


def usage_event(metric: MetricDefinition) -> str | None:
    """Return the name under which `increment_counter` knows a `redis` metric's event: `PREFIX_EVENT`, or the event."""
    event = text(metric.options.get("event"))
    if metric.data_source != "redis" or not event:
        return None
    prefix = text(metric.options.get("prefix"))
    return f"{prefix}_{event}" if prefix else event


def usage_key(metric: MetricDefinition) -> str | None:
    """Return the key of a `redis` metric's counter, as GitLab names it: `USAGE_SOURCE_CODE_PUSHES`."""
    event = usage_event(metric)
    if event is None:
        return None
    prefix = "" if metric.options.get("include_usage_prefix") is False else USAGE_PREFIX
    return f"{prefix}{event}".upper()


def _users_of(event: str) -> SelectionRule:
    return SelectionRule(position=0, name=event, unique="user.id", operator=None, filter={})


def _can_match(rule: SelectionRule) -> bool:
    return (
        bool(rule.name)
        and rule.operator in (None, SUM_OF_VALUES)
        and all(isinstance(name, str) and _is_value(value) for name, value in rule.filter.items())
    )


def _is_value(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
