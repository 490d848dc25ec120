"""The value of a metric over events, read from a store."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from metrics_dictionary.stores.keys import rule_keys
from metrics_dictionary.stores.selection_keys import selections, usage_key

if TYPE_CHECKING:
    from datetime import datetime

    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.stores.store import Store


def metric_value(metric: MetricDefinition, store: Store, now: datetime) -> float:
    """Return what the counters of an `internal_events`, `redis` or `redis_hll` metric stand at.

    `metric` is one of `Dictionary.expanded`: it has a single time frame. `7d` and `28d` cover the complete ISO weeks
    before that of `now`; anything else covers all time. Occurrences and sums of several events are added up. Distinct
    values are those of the union: a user who caused two of the events counts once. An int stays an int.

    Raises ValueError for a metric that names no event, StoreUnavailableError when the store is away.
    """
    totals, sets = _keys(metric, now)
    if not totals and not sets:
        raise ValueError(f"{metric.key_path}: the definition names no event whose counter could be read")
    distinct = sum(store.distinct(keys) for keys in sets)
    return distinct + sum(store.totals(totals).values())


def _keys(metric: MetricDefinition, now: datetime) -> tuple[list[str], list[list[str]]]:
    """Return the keys of numbers to add up, and for each kind of thing that is unique the keys of its sets."""
    if metric.data_source == "redis":
        key = usage_key(metric)
        return ([] if key is None else [key]), []
    time_frame = next(iter(metric.time_frames), "all")
    totals: dict[str, None] = {}
    sets: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for rule in selections(metric):
        keys = dict.fromkeys(rule_keys(rule, time_frame, now))
        (totals if rule.unique is None else sets[rule.unique]).update(keys)
    return list(totals), [list(keys) for keys in sets.values()]
