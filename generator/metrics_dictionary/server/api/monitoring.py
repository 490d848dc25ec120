"""What a server says about itself: whether it lives, whether it is ready, and how busy it is."""

from __future__ import annotations

import bisect
import threading
import time
from typing import TYPE_CHECKING

from metrics_dictionary import __version__
from metrics_dictionary.server.transport.message import Response, json_response
from metrics_dictionary.stores.store import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.server.api.route import Call
    from metrics_dictionary.server.transport.access_log import Served
    from metrics_dictionary.stores.store import Store

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends, in seconds, of the histogram of durations."""

NO_ROUTE = "none"


class Monitor:
    """Counts what is served. May be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, str, int], int] = {}
        self._durations: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}

    def count(self, served: Served) -> None:
        """Count a request that was answered."""
        route = served.route or NO_ROUTE
        method = served.request.method if served.route else NO_ROUTE
        key = (method, route, served.status)
        bucket = bisect.bisect_left(BUCKETS, served.seconds)
        with self._lock:
            self._requests[key] = self._requests.get(key, 0) + 1
            if route not in self._durations:
                self._durations[route] = [0] * (len(BUCKETS) + 1)
                self._seconds[route] = 0.0
            self._durations[route][bucket] += 1
            self._seconds[route] += served.seconds

    def count_refusal(self, status: int) -> None:
        """Count something that was no HTTP request."""
        key = (NO_ROUTE, NO_ROUTE, status)
        with self._lock:
            self._requests[key] = self._requests.get(key, 0) + 1

    def lines(self) -> Iterator[str]:
        """Yield the counters in Prometheus's text format."""
        with self._lock:
            requests = sorted(self._requests.items())
            durations = {route: list(counts) for route, counts in sorted(self._durations.items())}
            seconds = dict(self._seconds)
        yield from _header("http_requests_total", "counter", "Requests that were answered.")
        for (method, route, status), number in requests:
            yield f'{_name("http_requests_total")}{{method="{method}",route="{route}",status="{status}"}} {number}'
        name = "http_request_duration_seconds"
        yield from _header(name, "histogram", "Time from a request's head to its answer.")
        for route, counts in durations.items():
            total = 0
            for end, number in zip((*BUCKETS, "+Inf"), counts, strict=True):
                total += number
                yield f'{_name(name)}_bucket{{route="{route}",le="{end}"}} {total}'
            yield f'{_name(name)}_sum{{route="{route}"}} {seconds[route]:.6f}'
            yield f'{_name(name)}_count{{route="{route}"}} {total}'


class Health:
    """The three answers below ``/-/``."""

    def __init__(self, monitor: Monitor, store: Store, dictionary: Dictionary) -> None:
        self._monitor = monitor
        self._store = store
        self._definitions = {"metrics": len(dictionary.expanded), "events": len(dictionary.events)}
        self._started = time.time()

    def liveness(self, call: Call) -> Response:
        """Answer that the process answers; nothing else is asked."""
        return json_response(200, {"status": "ok"})

    def readiness(self, call: Call) -> Response:
        """Answer whether the store can be reached: without it hardly any call works."""
        try:
            self._store.flags()
        except StoreUnavailableError:
            return json_response(503, {"status": "failed", "store": "unavailable"})
        return json_response(200, {"status": "ok", "store": "ok"})

    def metrics(self, call: Call) -> Response:
        """Answer with counters for Prometheus."""
        text = "\n".join([*self._facts(), *self._monitor.lines()]) + "\n"
        return Response(200, text.encode(), "text/plain; version=0.0.4; charset=utf-8")

    def _facts(self) -> Iterator[str]:
        yield from _header("build_info", "gauge", "The version that runs.")
        yield f'{_name("build_info")}{{version="{__version__}"}} 1'
        yield from _header("definitions", "gauge", "Definitions that are served.")
        for kind, number in self._definitions.items():
            yield f'{_name("definitions")}{{kind="{kind}"}} {number}'
        yield from _header("start_time_seconds", "gauge", "When the server started, in seconds since 1970.")
        yield f"{_name('start_time_seconds')} {self._started:.3f}"


def _name(name: str) -> str:
    return f"metrics_dictionary_{name}"


def _header(name: str, kind: str, text: str) -> tuple[str, str]:
    return f"# HELP {_name(name)} {text}", f"# TYPE {_name(name)} {kind}"
