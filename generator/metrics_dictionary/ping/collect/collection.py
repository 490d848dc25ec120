"""Collecting a Service Ping payload."""

from __future__ import annotations

import math
from contextlib import closing
from typing import TYPE_CHECKING

from metrics_dictionary.ping.collect.evaluator import Evaluator
from metrics_dictionary.ping.collect.payload import Payload, tree_conflict
from metrics_dictionary.ping.measurement import Measurement
from metrics_dictionary.ping.query.data_sources import FAILED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.ping.sources.evaluation import Sources

    Progress = Callable[[int, int], None]

UNSTATED_CATEGORY = "optional"
"""What a definition without a data category counts as: an instance may leave it out."""


def collect(
    dictionary: Dictionary,
    sources: Sources,
    *,
    categories: Collection[str] | None = None,
    now: datetime,
    time_limit: float = math.inf,
    progress: Progress | None = None,
) -> Payload:
    """Compute every live metric of the data categories; None stands for all categories.

    No source can make it fail: a metric without a value has a fallback value and a reason. ``progress`` is
    called with how many of how many metrics are done; what it raises ends the collection. ``now`` is an aware time.
    After ``time_limit`` seconds no service is asked any more, and a statement on the database is ended; a metric of
    another source that has begun may still take its own timeout.
    """
    key_paths = {
        metric.key_path for metric in live_metrics(dictionary) if categories is None or _category(metric) in categories
    }
    with closing(Evaluator(dictionary, sources, now, time_limit=time_limit)) as evaluator:
        measurements = tuple(_measurements(evaluator, key_paths, progress))
        return Payload(now, measurements, evaluator.outages())


def live_metrics(dictionary: Dictionary) -> list[MetricDefinition]:
    """Return the metrics that a payload may have, one for each time frame, sorted by key path."""
    return [metric for metric in dictionary.expanded.values() if not metric.removed]


def _category(metric: MetricDefinition) -> str:
    return metric.data_category or UNSTATED_CATEGORY


def _measurements(evaluator: Evaluator, key_paths: Collection[str], progress: Progress | None) -> Iterator[Measurement]:
    for done, key_path in enumerate(sorted(key_paths), start=1):
        conflict = tree_conflict(key_path, key_paths)
        yield evaluator.measure(key_path) if conflict is None else Measurement(key_path, FAILED, 0.0, conflict)
        if progress is not None:
            progress(done, len(key_paths))
