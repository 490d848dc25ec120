"""What metrics over events stand at, read from the counters of a store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from metrics_dictionary.stores.keys import rule_keys, selections, usage_key
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.near_misses import did_you_mean, near_misses

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.stores.store import Store

COUNTED = frozenset({"internal_events", "redis", "redis_hll"})
"""The data sources whose values are counters of events."""

_WEEK = timedelta(weeks=1)


def metric_value(metric: MetricDefinition, store: Store, now: datetime) -> float:
    """Return what the counters of an `internal_events`, `redis` or `redis_hll` metric stand at.

    `metric` is one of `Dictionary.expanded`: it has a single time frame. `7d` and `28d` cover the complete ISO weeks
    before that of `now`; anything else covers all time. Occurrences and sums of several events are added up. Distinct
    values are those of the union: a user who caused two of the events counts once, and so does a value that is a user's
    in one event and a project's in another, as in GitLab, which merges the sets. An int stays an int.

    Raises ValueError for a metric that names no event, StoreUnavailableError when the store is away, CounterError
    when a counter cannot be read.
    """
    totals, sets = _keys(metric, now)
    if not totals and not sets:
        raise ValueError(f"{metric.key_path}: the definition names no event whose counter could be read")
    distinct = store.distinct(sets) if sets else 0
    return distinct + sum(store.totals(totals).values())


@dataclass(frozen=True, slots=True)
class LiveValue:
    """What a metric stands at, at one moment.

    ``in_payload`` is what the payload would say now. ``with_this_week`` takes the week that is not complete in place
    of the oldest one: it is what moves while somebody tries a feature.
    """

    key_path: str
    time_frame: str
    in_payload: float
    with_this_week: float


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
    """Return what the metrics stand at: 0 where there is no store yet. Raises what `metric_value` raises."""
    return [
        LiveValue(
            metric.key_path,
            ", ".join(metric.time_frames),
            0 if store is None else metric_value(metric, store, now),
            0 if store is None else metric_value(metric, store, now + _WEEK),
        )
        for metric in metrics
    ]


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
