"""What metrics over events stand at, read from the counters of a store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from metrics_dictionary.stores.keys import left_out_key, rule_keys, selections, usage_key
from metrics_dictionary.stores.store import CounterError
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.near_misses import did_you_mean, near_misses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.stores.store import Store

COUNTED = frozenset({"internal_events", "redis", "redis_hll"})
"""The data sources whose values are counters of events."""

_WEEK = timedelta(weeks=1)


MetricValue = float | dict[str, dict[str, int]]
"""What counters of events stand at: a number, or property -> its value -> how often the events came with it."""


def metric_value(metric: MetricDefinition, store: Store, now: datetime) -> MetricValue:
    """Return what the counters of an `internal_events`, `redis` or `redis_hll` metric stand at.

    `metric` is one of `Dictionary.expanded`: it has a single time frame. `7d` and `28d` cover the complete ISO weeks
    before that of `now`; anything else covers all time. Occurrences and sums of several events are added up. Distinct
    values are those of the union: a user who caused two of the events counts once, and so does a value that is a user's
    in one event and a project's in another, as in GitLab, which merges the sets. An int stays an int. With
    `operator: total` the value is an object; what several rules count of one property is added up.

    Raises ValueError for a metric that names no event or mixes objects and numbers, StoreUnavailableError when the
    store is away, CounterError when a counter cannot be read.
    """
    if metric.is_by_value:
        by_property = _keys_by_property(metric, now)
        return {name: dict(sorted(store.totals_by_value(keys).items())) for name, keys in by_property.items()}
    totals, sets = _keys(metric, now)
    if not totals and not sets:
        raise ValueError(f"{metric.key_path}: the definition names no event whose counter could be read")
    distinct = store.distinct(sets) if sets else 0
    return distinct + sum(store.totals(totals).values())


def left_out(metric: MetricDefinition, store: Store, now: datetime) -> int:
    """Return how many occurrences an object of totals by value lacks, as it had no place for their values.

    Raises what `metric_value` raises.
    """
    if not metric.is_by_value:
        return 0
    keys = [left_out_key(key) for keys in _keys_by_property(metric, now).values() for key in keys]
    return int(sum(store.totals(keys).values()))


@dataclass(frozen=True, slots=True)
class LiveValue:
    """What a metric stands at, at one moment; of an object the total of one value, which ``of`` names: `label=push`.

    ``in_payload`` is what the payload would say now. ``with_this_week`` takes the week that is not complete in place
    of the oldest one: it is what moves while somebody tries a feature. Both are None where a counter cannot be read,
    and ``problem`` says why.
    """

    key_path: str
    time_frame: str
    in_payload: float | None
    with_this_week: float | None
    of: str = ""
    problem: str = ""

    @property
    def name(self) -> str:
        """What the numbers are about."""
        return f"{self.key_path} {self.of}" if self.of else self.key_path


def watched_metrics(
    dictionary: Dictionary, key_paths: Sequence[str], events: Sequence[str]
) -> tuple[MetricDefinition, ...]:
    """Return the metrics of these key paths and all that these events feed.

    A key path as its definition writes it means each of its time frames.
    Raises OperationalError for a name that is unknown, and for a metric that does not count events.
    """
    found: dict[str, MetricDefinition] = {}
    for key_path in key_paths:
        found |= {metric.key_path: metric for metric in _of_key_path(dictionary, key_path)}
    for event in events:
        found |= {metric.key_path: metric for metric in _of_event(dictionary, event)}
    return tuple(found.values())


def live_values(metrics: Iterable[MetricDefinition], store: Store | None, now: datetime) -> list[LiveValue]:
    """Return what the metrics stand at: 0 where there is no store yet.

    Raises what `metric_value` raises, except for a CounterError, which is the problem of one metric.
    """
    return [value for metric in metrics for value in _live_values(metric, store, now)]


def _live_values(metric: MetricDefinition, store: Store | None, now: datetime) -> Iterator[LiveValue]:
    try:
        in_payload, with_this_week = (
            {"": 0} if store is None else _flat(metric_value(metric, store, moment)) for moment in (now, now + _WEEK)
        )
    except CounterError as error:
        yield LiveValue(metric.key_path, ", ".join(metric.time_frames), None, None, problem=str(error))
        return
    for of in dict.fromkeys((*in_payload, *with_this_week)) or ("",):
        yield LiveValue(
            metric.key_path, ", ".join(metric.time_frames), in_payload.get(of, 0), with_this_week.get(of, 0), of
        )


def _flat(value: MetricValue) -> dict[str, float]:
    """Return what a value is about -> its number; of an object without values that it has none."""
    if not isinstance(value, dict):
        return {"": value}
    return {f"{name}={text}": total for name, totals in value.items() for text, total in totals.items()}


def _keys(metric: MetricDefinition, now: datetime) -> tuple[list[str], list[str]]:
    """Return the keys of numbers to add up, and those of sets to unite."""
    if metric.data_source == "redis":
        key = usage_key(metric)
        return ([] if key is None else [key]), []
    time_frame = next(iter(metric.time_frames), "all")
    totals: dict[str, None] = {}
    sets: dict[str, None] = {}
    for rule in selections(metric):
        keys = dict.fromkeys(rule_keys(rule, time_frame, now))
        (totals if rule.unique is None else sets).update(keys)
    return list(totals), list(sets)


def _keys_by_property(metric: MetricDefinition, now: datetime) -> dict[str, list[str]]:
    """Return property -> the keys of its totals by value."""
    if not all(rule.name and rule.is_by_value for rule in metric.selection_rules):
        raise ValueError(
            f"{metric.key_path}: with `operator: total`, each rule needs `name`, `operator: total`, and `unique` "
            "with `label`, `property` or `value`"
        )
    time_frame = next(iter(metric.time_frames), "all")
    found: dict[str, dict[str, None]] = {}
    for rule in selections(metric):
        found.setdefault(rule.unique or "", {}).update(dict.fromkeys(rule_keys(rule, time_frame, now)))
    return {name: list(keys) for name, keys in found.items()}


def _of_key_path(dictionary: Dictionary, key_path: str) -> list[MetricDefinition]:
    metrics = [metric for written in dictionary.metrics if written.key_path == key_path for metric in written.expand()]
    if not metrics and key_path in dictionary.expanded:
        metrics = [dictionary.expanded[key_path]]
    if not metrics:
        raise OperationalError(_unknown("metric has the key path", key_path, dictionary.expanded))
    uncounted = next((metric for metric in metrics if not _is_counted(metric)), None)
    if uncounted is not None:
        raise OperationalError(
            f"`{uncounted.key_path}` comes from {uncounted.data_source or 'no data source'}, not from counters of "
            "events; `ping generate` computes it"
        )
    return metrics


def _of_event(dictionary: Dictionary, event: str) -> list[MetricDefinition]:
    fed = [metric for metric in dictionary.metrics_by_event.get(event, ()) if _is_counted(metric)]
    if not fed and event not in dictionary.events_by_action:
        raise OperationalError(_unknown("event is called", event, dictionary.events_by_action))
    if not fed:
        raise OperationalError(f"no metric counts the event `{event}`; `new metric --event {event}` writes one")
    return fed


def _is_counted(metric: MetricDefinition) -> bool:
    return metric.data_source in COUNTED and not metric.removed and bool(metric.event_names)


def _unknown(what: str, name: str, names: Iterable[str]) -> str:
    close = near_misses(name, names)
    hint = did_you_mean(close) or "`export` lists all metrics, with `--events` all events"
    return f"no {what} `{name}`; {hint}"
