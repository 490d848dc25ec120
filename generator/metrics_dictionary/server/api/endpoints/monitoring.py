"""``/-/liveness``, ``/-/readiness`` and ``/-/metrics``: whether a server lives, whether it is ready, how busy it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from metrics_dictionary import __version__
from metrics_dictionary.server.api.route import MESSAGE, TRUSTED, Route, RouteResponse
from metrics_dictionary.server.transport.response import Response, json_response
from metrics_dictionary.tools.instruments import CONTENT_TYPE, Gauge, prometheus_text

if TYPE_CHECKING:
    from metrics_dictionary.server.application import Application
    from metrics_dictionary.server.transport.request import Request

BUILD = Gauge("build_info", "The version that runs.", ("version",))
DEFINITIONS = Gauge("definitions", "Definitions that are served.", ("kind",))
STARTED = Gauge("start_time_seconds", "When the server started, in seconds since 1970.")

OK_OR_FAILED = {"type": "string", "enum": ["ok", "failed"]}
STATUS = {"title": "Status", "type": "object", "required": ["status"], "properties": {"status": OK_OR_FAILED}}
READINESS = {
    "title": "Readiness",
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": OK_OR_FAILED,
        "reason": {"type": "string", "description": "Why a server that starts or stops takes no calls."},
        "store": {
            "type": "object",
            "required": ["status", "seconds_since_checked", "reason"],
            "properties": {
                "status": {"type": "string", "enum": ["ok", "unavailable"]},
                "seconds_since_checked": {"type": ["number", "null"], "minimum": 0},
                "reason": {"type": ["string", "null"]},
            },
        },
        "warnings": {"type": "array", "items": {"type": "string"}},
    },
}
NOT_TRUSTED = RouteResponse("The caller is not on a trusted network.", schema=MESSAGE, name="NotTrusted")


def not_ready(reason: str) -> Response:
    """Return what readiness answers while there is nothing yet that it could look at."""
    return json_response(503, {"status": "failed", "reason": reason})


def _liveness(_request: Request) -> Response:
    """Answer that the process answers; nothing else is asked."""
    return json_response(200, {"status": "ok"})


LIVENESS = Route(
    "GET",
    "/-/liveness",
    "Whether the server answers",
    _liveness,
    {200: RouteResponse("The server answers.", schema=STATUS), 404: NOT_TRUSTED},
    access=TRUSTED,
    blocking=False,
)
"""The only call that is answered before the definitions are loaded."""


READINESS_PATH = "/-/readiness"


def routes(application: Application) -> tuple[Route, ...]:
    """Return the three rows."""
    monitoring = Monitoring(application)
    return (
        LIVENESS,
        Route(
            "GET",
            READINESS_PATH,
            "Whether the server can do its work",
            monitoring.readiness,
            {
                200: RouteResponse(
                    "The server can do its work: the store, which is the one that it started with, took a write at "
                    "most 15 seconds ago. `warnings` names what should be looked at.",
                    schema=READINESS,
                ),
                404: NOT_TRUSTED,
                503: RouteResponse(
                    "The server is starting or about to stop, as `reason` says; or events cannot be recorded, "
                    "`store.reason` says why.",
                    schema=READINESS,
                ),
            },
            description="The store is probed every 5 seconds, and every second while that fails. This call never waits "
            "for it.",
            access=TRUSTED,
            blocking=False,
        ),
        Route(
            "GET",
            "/-/metrics",
            "Counters for Prometheus",
            monitoring.metrics,
            {200: RouteResponse("Prometheus's text format.", "text/plain", {"type": "string"}), 404: NOT_TRUSTED},
            access=TRUSTED,
            blocking=False,
        ),
    )


class Monitoring:
    """The three endpoints."""

    def __init__(self, application: Application) -> None:
        self._probe = application.probe
        self._lifecycle = application.lifecycle
        dictionary = application.dictionary
        BUILD.set(1, __version__)
        DEFINITIONS.set(len(dictionary.expanded), "metrics")
        DEFINITIONS.set(len(dictionary.events), "events")
        STARTED.set(round(time.time(), 3))

    def readiness(self, _request: Request) -> Response:
        """Answer whether calls should come here: as far as the server has come, and as of the last probe of the store.

        A warning changes no status.
        """
        status, reason = self._probe.status(), self._lifecycle.not_ready()
        is_ready = status.is_available and reason is None
        store = {
            "status": "ok" if status.is_available else "unavailable",
            "seconds_since_checked": None if status.seconds is None else round(status.seconds, 1),
            "reason": status.reason,
        }
        body: dict[str, object] = {"status": "ok" if is_ready else "failed"}
        if reason is not None:
            body["reason"] = reason
        body |= {"store": store, "warnings": (*self._lifecycle.warnings(), *self._probe.warnings())}
        return json_response(200 if is_ready else 503, body)

    def metrics(self, _request: Request) -> Response:
        """Answer with what this process counts about itself, for Prometheus."""
        return Response(200, prometheus_text().encode(), CONTENT_TYPE)
