"""How many requests were answered, and how fast: the numbers behind ``/-/metrics``."""

from __future__ import annotations

import bisect
import threading
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics_dictionary.server.transport.access_log import AccessLogEntry

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends, in seconds, of the histogram of durations."""

NO_ROUTE = "none"


@dataclass(slots=True)
class Histogram:
    """Durations. ``counts`` are those of each bucket, the last one without an upper end; ``seconds`` is their sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    seconds: float = 0.0


class RequestCounters:
    """Counts requests by method, route and status, and their durations by route. May be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, str, int], int] = {}
        self._durations: dict[str, Histogram] = {}

    def count(self, entry: AccessLogEntry) -> None:
        """Count a request that was answered."""
        route = entry.route or NO_ROUTE
        key = (entry.request.method if entry.route else NO_ROUTE, route, entry.status)
        bucket = bisect.bisect_left(BUCKETS, entry.seconds)
        with self._lock:
            self._requests[key] = self._requests.get(key, 0) + 1
            histogram = self._durations.get(route)
            if histogram is None:
                histogram = self._durations[route] = Histogram()
            histogram.counts[bucket] += 1
            histogram.seconds += entry.seconds

    def count_refusal(self, status: int) -> None:
        """Count something that was not an HTTP request."""
        key = (NO_ROUTE, NO_ROUTE, status)
        with self._lock:
            self._requests[key] = self._requests.get(key, 0) + 1

    def snapshot(self) -> tuple[list[tuple[tuple[str, str, int], int]], list[tuple[str, Histogram]]]:
        """Return how many requests had a method, route and status, and the durations of each route, both in order."""
        with self._lock:
            durations = [(route, Histogram(list(one.counts), one.seconds)) for route, one in self._durations.items()]
            requests = list(self._requests.items())
        return sorted(requests), sorted(durations, key=itemgetter(0))
