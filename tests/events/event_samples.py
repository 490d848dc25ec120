"""A small dictionary, a store in a file, and what both tests of events say about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import yaml

from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.events.tracking import EventTracker, IntakeRules, Tracked
from metrics_dictionary.stores.event_metrics import metric_value

if TYPE_CHECKING:
    from metrics_dictionary.stores.store import Store

EVENTS = """
- {action: rename, additional_properties: {lang: {description: x}, attempts: {description: x}}}
- {action: merge}
- {action: unread}
- {action: old_push, status: removed, milestone_removed: "17.2"}
- {action: oldest_push, status: removed}
"""

METRICS = """
- {key_path: renames, time_frame: [7d, 28d, all], events: [{name: rename}]}
- {key_path: english, time_frame: [7d, all], events: [{name: rename, filter: {lang: eng}}]}
- {key_path: english_first, time_frame: all, events: [{name: rename, filter: {attempts: 1, lang: eng}}]}
- {key_path: value_one, time_frame: all, events: [{name: rename, filter: {value: 1}}]}
- {key_path: attempts_text, time_frame: all, events: [{name: rename, filter: {attempts: "1"}}]}
- {key_path: value_sum, time_frame: [28d, all], events: [{name: rename, operator: sum(value)}]}
- {key_path: english_sum, time_frame: all, events: [{name: rename, operator: sum(value), filter: {lang: eng}}]}
- {key_path: users, time_frame: [7d, 28d], events: [{name: rename, unique: user.id}]}
- {key_path: projects, time_frame: [7d, 28d], events: [{name: rename, unique: project.id}]}
- {key_path: namespaces, time_frame: 28d, events: [{name: rename, unique: namespace.id}]}
- {key_path: labels, time_frame: 28d, events: [{name: rename, unique: label, filter: {lang: eng}}]}
- {key_path: values, time_frame: 28d, events: [{name: rename, unique: value}]}
- {key_path: any_users, time_frame: 28d, events: [{name: rename, unique: user.id}, {name: merge, unique: user.id}]}
- {key_path: any_ids, time_frame: 7d, events: [{name: rename, unique: user.id}, {name: merge, unique: project.id}]}
- {key_path: both, time_frame: [7d, all], events: [{name: rename}, {name: merge}]}
- {key_path: gone, status: removed, time_frame: all, events: [{name: rename, filter: {property: gone}}]}
- {key_path: broken, status: broken, time_frame: all, events: [{name: rename, filter: {property: broken}}]}
- {key_path: old_users, time_frame: 28d, data_source: redis_hll, options: {events: [rename, search]}}
- {key_path: pushes, time_frame: all, data_source: redis, options: {event: pushes, prefix: source_code}}
- {key_path: searches, time_frame: all, data_source: redis, options: {event: all_searches, prefix: null}}
- {key_path: old, status: removed, time_frame: all, data_source: redis, options: {event: gone, prefix: old}}
- key_path: over_limit
  time_frame: all
  data_source: redis
  options: {event: over_limit, prefix: ci, include_usage_prefix: false}
"""

DURING_W52 = datetime(2026, 12, 24, 12, tzinfo=UTC)
DURING_W53 = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
NEW_YEARS_DAY = datetime(2027, 1, 1, 0, 30, tzinfo=UTC)
DURING_W01 = datetime(2027, 1, 5, 12, tzinfo=UTC)


LENIENT = IntakeRules(ignore_unknown=True)
STRICT = IntakeRules(reject_undeclared=True)


class StoredTracker:
    """A tracker whose recordings are committed at once. Its calls return the sentences about ignored events."""

    def __init__(self, dictionary: Dictionary, store: Store, **how: Any) -> None:
        self.tracker = EventTracker(dictionary, **how)
        self._store = store

    def track(self, bodies: object, user: int | None, **how: Any) -> tuple[str, ...]:
        return self._commit(self.tracker.track(bodies, user, **how))

    def increment_counter(self, event: object) -> tuple[str, ...]:
        return self._commit(self.tracker.increment_counter({"event": event}))

    def increment_unique_users(self, event: object, *users: int) -> tuple[str, ...]:
        return self._commit(self.tracker.increment_unique_users({"event": event}, users))

    def _commit(self, tracked: Tracked) -> tuple[str, ...]:
        if not tracked.recording.is_empty:
            self._store.commit([tracked.recording])
        return tracked.ignored


class Clock:
    """Says what it was last set to."""

    def __init__(self, now: datetime = DURING_W53) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def a_dictionary(metrics: str = METRICS, events: str = EVENTS) -> Dictionary:
    """Read definitions that are written as lists; a metric is active and counts events unless it says otherwise."""
    defaults = {"status": "active", "data_source": "internal_events"}
    return Dictionary(
        metrics=tuple(MetricDefinition({**defaults, **fields}, "m.yml") for fields in _read(metrics)),
        event_definitions=tuple(EventDefinition(fields, "e.yml") for fields in _read(events)),
    )


def _read(text: str) -> list[dict[str, Any]]:
    # Ten times as fast as `safe_load`, and it is read two thousand times.
    read: list[dict[str, Any]] = yaml.load(text, Loader=yaml.CSafeLoader)
    return read


def values(dictionary: Dictionary, store: Store, now: datetime) -> dict[str, Any]:
    """Return the metrics that are not zero, as a payload would have them."""
    found = {
        key_path: metric_value(metric, store, now)
        for key_path, metric in dictionary.expanded.items()
        if not metric.removed
    }
    return {key_path: value for key_path, value in found.items() if value}
