"""The names of counters, the ISO weeks in them, and which of them a metric reads, and so an event must change.

    {event_counters}_EVENT[-filter:[key:value,...]][-YYYY-WW]
    {event_sums}_EVENT-operator:sum(value)[-filter:[key:value,...]][-YYYY-WW]
    {hll_counters}_EVENT[-filter:[key:value,...]]-UNIQUE[-YYYY-WW]
    {hll_counters}_EVENT-operator:total[-filter:[key:value,...]]-UNIQUE[-YYYY-WW]    (a hash: value -> total)

These are the names that GitLab gives its Redis keys, so that tools for those read ours. A character that would make
two counters share a name is written as `%` and its code point in hexadecimal: `%`, `,` and lone surrogates everywhere,
and in names (of an event, a property, what is unique) also `-`, `:`, `[`, `]`. Valid definitions have none of these in
an event's name.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import string, strings
from metrics_dictionary.dictionary.metric import TimeFrame
from metrics_dictionary.dictionary.selection_rule import IDENTIFIERS, SUM_OF_VALUES, SelectionRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from metrics_dictionary.dictionary.metric import MetricDefinition

KEY_LIFETIME = timedelta(weeks=6)
"""How long a weekly key is kept after the last write: the four complete weeks of `28d`, and some rest."""

IN_A_NAME = re.compile("[-%,:\\[\\]\ud800-\udfff]")
IN_A_VALUE = re.compile("[%,\ud800-\udfff]")

COMPLETE_WEEKS = {TimeFrame.SEVEN_DAYS: 1, TimeFrame.TWENTY_EIGHT_DAYS: 4}

USAGE_PREFIX = "USAGE_"
"""What the counters of `RedisMetric` start with, unless `include_usage_prefix: false`."""

LEFT_OUT_PREFIX = "{metrics_dictionary_left_out}_"


def selections(metric: MetricDefinition) -> tuple[SelectionRule, ...]:
    """Return the selection rules that the metric's value is made of; none for a metric that reads no events.

    An older `redis_hll` metric lists events in `options`: of these it counts the different users, and so it shares
    their sets with metrics that say `unique: user.id`. A rule that no event can match is left out: it has no name, an
    operator that does not exist, or a filter that asks for something other than a string or a number.
    """
    if metric.data_source == "internal_events":
        rules = metric.selection_rules
    elif metric.data_source == "redis_hll":
        listed = strings(metric.options.get("events"))
        rules = tuple(map(_users_of, listed)) if listed else metric.selection_rules
    else:
        rules = ()
    return tuple(rule for rule in rules if _can_match(rule))


def usage_event(metric: MetricDefinition) -> str | None:
    """Return the name under which `increment_counter` knows a `redis` metric's event: `PREFIX_EVENT`, or the event."""
    event = string(metric.options.get("event"))
    if metric.data_source != "redis" or not event:
        return None
    prefix = string(metric.options.get("prefix"))
    return f"{prefix}_{event}" if prefix else event


def usage_key(metric: MetricDefinition) -> str | None:
    """Return the key of a `redis` metric's counter, as GitLab names it: `USAGE_SOURCE_CODE_PUSHES`."""
    event = usage_event(metric)
    if event is None:
        return None
    prefix = "" if metric.options.get("include_usage_prefix") is False else USAGE_PREFIX
    return f"{prefix}{event}".upper()


def named_keys(metrics: Iterable[MetricDefinition]) -> tuple[str, ...]:
    """Return the keys whose names do not tell that they belong to a store."""
    return tuple(sorted({key for metric in metrics if (key := usage_key(metric)) is not None}))


def rule_keys(rule: SelectionRule, time_frame: str, now: datetime) -> tuple[str, ...]:
    """Return the keys that hold a metric's value: one for each week of `7d` and `28d`, else the running total's."""
    if time_frame in COMPLETE_WEEKS:
        return tuple(rule_key(rule, week) for week in weeks(time_frame, now))
    return (rule_key(rule, None),)


def rule_key(rule: SelectionRule, week: str | None) -> str:
    """Return the key under which the occurrences that this rule selects are counted: in a week, or (None) ever."""
    event = rule.name or ""
    if rule.is_by_value:
        return by_value_key(event, rule.unique or "", rule.filter, week)
    if rule.unique is not None:
        return unique_key(event, IDENTIFIERS.get(rule.unique, rule.unique), rule.filter, week)
    if rule.operator is not None:
        return sum_key(event, rule.filter, week)
    return counter_key(event, rule.filter, week)


def counter_key(event: str, filter: Mapping[str, object], week: str | None = None) -> str:  # noqa: A002 - the field's name
    """Name the counter of an event's occurrences whose properties have the values of `filter`."""
    return f"{{event_counters}}_{_name(event)}{_filter(filter)}{_week(week)}"


def sum_key(event: str, filter: Mapping[str, object], week: str | None = None) -> str:  # noqa: A002
    """Name the sum of the property `value` over those occurrences."""
    return f"{{event_sums}}_{_name(event)}-operator:sum(value){_filter(filter)}{_week(week)}"


def unique_key(event: str, unique: str, filter: Mapping[str, object], week: str | None = None) -> str:  # noqa: A002
    """Name the set of the different values of `unique` among those occurrences: `user`, `project`, `label`, ..."""
    return f"{{hll_counters}}_{_name(event)}{_filter(filter)}-{_name(unique)}{_week(week)}"


def by_value_key(event: str, unique: str, filter: Mapping[str, object], week: str | None = None) -> str:  # noqa: A002
    """Name the totals of those occurrences by the value of the property `unique`."""
    return f"{{hll_counters}}_{_name(event)}-operator:total{_filter(filter)}-{_name(unique)}{_week(week)}"


def left_out_key(key: str) -> str:
    """Name the counter of the occurrences that these totals by value have no place for."""
    return f"{LEFT_OUT_PREFIX}{key}"


def weeks(time_frame: str, now: datetime) -> tuple[str, ...]:
    """Return the complete ISO weeks before that of `now`, the oldest first: one for `7d`, four for `28d`, else none."""
    complete = COMPLETE_WEEKS.get(TimeFrame(time_frame), 0)
    return tuple(week_of(now - timedelta(weeks=ago)) for ago in range(complete, 0, -1))


def week_of(moment: datetime) -> str:
    """Return the ISO year and ISO week in UTC: `2026-53` for the first of January 2027."""
    year, week, _ = (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isocalendar()
    return f"{year:04d}-{week:02d}"


def _week(week: str | None) -> str:
    return "" if week is None else f"-{week}"


def _filter(properties: Mapping[str, object]) -> str:
    if not properties:
        return ""
    pairs = ",".join(f"{_name(name)}:{_value(properties[name])}" for name in sorted(properties))
    return f"-filter:[{pairs}]"


def _name(name: str) -> str:
    return IN_A_NAME.sub(_escaped, name)


def _value(value: object) -> str:
    """Write a value as GitLab does: a number like its string. The rule `filter-type` sees to it that one is there."""
    return IN_A_VALUE.sub(_escaped, str(value))


def _escaped(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"


def _users_of(event: str) -> SelectionRule:
    return SelectionRule(position=0, name=event, unique="user.id", operator=None, filter={})


def _can_match(rule: SelectionRule) -> bool:
    is_known = rule.operator in (None, SUM_OF_VALUES) or rule.is_by_value
    return bool(rule.name) and is_known and all(map(_is_value, rule.filter.values()))


def _is_value(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
