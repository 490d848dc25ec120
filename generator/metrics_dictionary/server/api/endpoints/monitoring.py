"""``/-/liveness``, ``/-/readiness`` and ``/-/metrics``: whether a server lives, whether it is ready, how busy it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from metrics_dictionary import __version__
from metrics_dictionary.server.api.route import MESSAGE, TRUSTED, Route, RouteResponse
from metrics_dictionary.server.transport.response import Response, json_response
from metrics_dictionary.stores.store import StoreUnavailableError
from metrics_dictionary.tools.instruments import CONTENT_TYPE, Gauge, prometheus_text

if TYPE_CHECKING:
    from metrics_dictionary.server.application import Application
    from metrics_dictionary.server.transport.request import Request

BUILD = Gauge("build_info", "The version that runs.", ("version",))
DEFINITIONS = Gauge("definitions", "Definitions that are served.", ("kind",))
STARTED = Gauge("start_time_seconds", "When the server started, in seconds since 1970.")

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
        dictionary = application.dictionary
        BUILD.set(1, __version__)
        DEFINITIONS.set(len(dictionary.expanded), "metrics")
        DEFINITIONS.set(len(dictionary.events), "events")
        STARTED.set(round(time.time(), 3))

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
        """Answer with what this process counts about itself, for Prometheus."""
        return Response(200, prometheus_text().encode(), CONTENT_TYPE)
