"""``/-/liveness``, ``/-/readiness`` and ``/-/metrics``: whether a server lives, whether it is ready, how busy it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from metrics_dictionary import __version__
from metrics_dictionary.server.api.route import MESSAGE, TRUSTED, Route, RouteResponse
from metrics_dictionary.server.transport.request_counters import BUCKETS
from metrics_dictionary.server.transport.response import Response, json_response
from metrics_dictionary.stores.store import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.server.application import Application
    from metrics_dictionary.server.transport.request import Request
    from metrics_dictionary.server.transport.request_counters import RequestCounters

STATUS = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"type": "string"}, "warnings": {"type": "array", "items": {"type": "string"}}},
}
NOT_TRUSTED = RouteResponse("The caller is not on a trusted network.", schema=MESSAGE)


def routes(application: Application) -> tuple[Route, ...]:
    """Return the three rows."""
    monitoring = Monitoring(application)
    return (
        Route(
            "GET",
            "/-/liveness",
            "Whether the server answers",
            monitoring.liveness,
            {200: RouteResponse("The server answers.", schema=STATUS), 404: NOT_TRUSTED},
            access=TRUSTED,
            blocking=False,
        ),
        Route(
            "GET",
            "/-/readiness",
            "Whether the server can do its work",
            monitoring.readiness,
            {
                200: RouteResponse(
                    "The server can do its work. `warnings` names what should be looked at.", schema=STATUS
                ),
                404: NOT_TRUSTED,
                503: RouteResponse("The store is unavailable.", schema=STATUS),
            },
            access=TRUSTED,
        ),
        Route(
            "GET",
            "/-/metrics",
            "Counters for Prometheus",
            monitoring.metrics,
            {200: RouteResponse("Prometheus's text format.", "text/plain", {"type": "string"}), 404: NOT_TRUSTED},
            access=TRUSTED,
        ),
    )


class Monitoring:
    """The three endpoints."""

    def __init__(self, application: Application) -> None:
        self._store = application.store
        self._counters = application.counters
        dictionary = application.dictionary
        self._definitions = {"metrics": len(dictionary.expanded), "events": len(dictionary.events)}
        self._started = time.time()

    def liveness(self, _request: Request) -> Response:
        """Answer that the process answers; nothing else is asked."""
        return json_response(200, {"status": "ok"})

    def readiness(self, _request: Request) -> Response:
        """Answer whether the store can be reached: without it hardly any call works. A warning changes no status."""
        try:
            self._store.flags()
        except StoreUnavailableError:
            return json_response(503, {"status": "failed", "store": "unavailable"})
        warning = self._store.clock_warning()
        return json_response(200, {"status": "ok", "store": "ok"} | ({"warnings": [warning]} if warning else {}))

    def metrics(self, _request: Request) -> Response:
        """Answer with counters for Prometheus."""
        text = "\n".join([*self._facts(), *_request_lines(self._counters)]) + "\n"
        return Response(200, text.encode(), "text/plain; version=0.0.4; charset=utf-8")

    def _facts(self) -> Iterator[str]:
        yield from _header("build_info", "gauge", "The version that runs.")
        yield f'{_name("build_info")}{{version="{__version__}"}} 1'
        yield from _header("definitions", "gauge", "Definitions that are served.")
        for kind, number in self._definitions.items():
            yield f'{_name("definitions")}{{kind="{kind}"}} {number}'
        yield from _header("start_time_seconds", "gauge", "When the server started, in seconds since 1970.")
        yield f"{_name('start_time_seconds')} {self._started:.3f}"


def _request_lines(counters: RequestCounters) -> Iterator[str]:
    requests, durations = counters.snapshot()
    yield from _header("http_requests_total", "counter", "Requests that were answered.")
    for (method, route, status), number in requests:
        yield f'{_name("http_requests_total")}{{method="{method}",route="{route}",status="{status}"}} {number}'
    name = "http_request_duration_seconds"
    yield from _header(name, "histogram", "Time from a request's head to its answer.")
    for route, histogram in durations:
        total = 0
        for end, number in zip((*BUCKETS, "+Inf"), histogram.counts, strict=True):
            total += number
            yield f'{_name(name)}_bucket{{route="{route}",le="{end}"}} {total}'
        yield f'{_name(name)}_sum{{route="{route}"}} {histogram.seconds:.6f}'
        yield f'{_name(name)}_count{{route="{route}"}} {total}'


def _name(name: str) -> str:
    return f"metrics_dictionary_{name}"


def _header(name: str, kind: str, text: str) -> tuple[str, str]:
    return f"# HELP {_name(name)} {text}", f"# TYPE {_name(name)} {kind}"
