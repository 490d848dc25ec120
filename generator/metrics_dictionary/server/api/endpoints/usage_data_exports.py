"""``service_ping``, ``metric_definitions``, ``queries``, ``non_sql_metrics``: the payload and what is behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.exports.definitions import export_metrics
from metrics_dictionary.ping.collect.listing import non_sql_metrics, queries
from metrics_dictionary.ping.collect.payload import strict_json
from metrics_dictionary.server.api.route import (
    ADMINISTRATOR,
    ERROR,
    LIMITED,
    MESSAGE,
    USAGE_DATA,
    WITH_TOKEN,
    Access,
    Parameter,
    Route,
    RouteResponse,
)
from metrics_dictionary.server.transport.response import JSON, Response, cacheable_response, error_response

if TYPE_CHECKING:
    from metrics_dictionary.server.application import Application
    from metrics_dictionary.server.transport.request import Request

YAML = "application/yaml"

BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
"""How a boolean parameter may be written, as in GitLab's API."""

NO_PAYLOAD = "{}"

TREE = {"type": "object", "additionalProperties": True}
DEFINITIONS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["key_path"],
        "properties": {"key_path": {"type": "string"}, "file_path": {"type": "string"}},
    },
}
WITH_FLAG = {**WITH_TOKEN, 404: RouteResponse("The feature flag is off.", schema=MESSAGE, name="FlagOff")}
CURRENT = RouteResponse("The copy that `If-None-Match` names is current.", "", name="NotModified")
CACHED = "Answers carry a strong `ETag`, and are compressed for clients that accept gzip."

PRIVATE = {"Cache-Control": "private, no-cache"}
"""A payload is for those who may read it: no cache that others use may keep it."""


def routes(application: Application) -> tuple[Route, ...]:
    """Return the four rows."""
    exports = UsageDataExports(application)
    return (
        Route(
            "GET",
            f"{USAGE_DATA}/service_ping",
            "Export the Service Ping payload",
            exports.service_ping,
            {
                200: RouteResponse("The payload that was collected last; `{}` when there is none yet.", schema=TREE),
                304: CURRENT,
                **WITH_TOKEN,
            },
            description=CACHED,
            access=Access(frozenset({"api", "read_service_ping"})),
        ),
        Route(
            "GET",
            f"{USAGE_DATA}/metric_definitions",
            "Export all metric definitions as one YAML file",
            exports.metric_definitions,
            {
                200: RouteResponse("One entry for each metric and time frame, sorted by key path.", YAML, DEFINITIONS),
                304: CURRENT,
                400: RouteResponse("A parameter is not valid.", schema=ERROR),
                429: LIMITED,
            },
            description=CACHED,
            parameters=(
                Parameter(
                    "include_paths",
                    {"type": "string", "enum": list(BOOLEANS), "default": "false"},
                    "Whether each definition says which file it comes from, as `file_path`.",
                ),
            ),
            blocking=False,
        ),
        Route(
            "GET",
            f"{USAGE_DATA}/queries",
            "Export the SQL queries behind the Service Ping",
            exports.queries,
            {200: RouteResponse("The payload's tree with a statement for each database metric.", schema=TREE)}
            | WITH_FLAG,
            description="Facts of the instance are there with their value; metrics of other sources say so.",
            access=ADMINISTRATOR,
            flag="usage_data_queries_api",
        ),
        Route(
            "GET",
            f"{USAGE_DATA}/non_sql_metrics",
            "Export all metrics that do not need SQL",
            exports.non_sql_metrics,
            {200: RouteResponse("The payload's tree with -3 for each database metric.", schema=TREE)} | WITH_FLAG,
            access=ADMINISTRATOR,
            flag="usage_data_non_sql_metrics",
        ),
    )


class UsageDataExports:
    """The four endpoints. No call makes the server collect a payload: only the cached one is exported."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._service_ping: Response | None = None
        dictionary = application.dictionary
        self._definitions = {
            include_paths: cacheable_response(
                export_metrics(dictionary, "yaml", include_paths=include_paths).encode(), YAML
            )
            for include_paths in (False, True)
        }

    def service_ping(self, _request: Request) -> Response:
        """Answer with the cached payload."""
        payload = self._application.store.payload()
        body = (NO_PAYLOAD if payload is None else payload.payload).encode()
        response = self._service_ping
        if response is None or response.body != body:
            response = self._service_ping = cacheable_response(body, JSON, PRIVATE)
        return response

    def metric_definitions(self, request: Request) -> Response:
        """Answer with the combined definitions; ``include_paths`` adds ``file_path`` to each."""
        include_paths = BOOLEANS.get(request.query.get("include_paths", "false").lower())
        if include_paths is None:
            return error_response(400, "include_paths is invalid")
        return self._definitions[include_paths]

    def queries(self, _request: Request) -> Response:
        """Answer with the SQL behind each database metric."""
        application = self._application
        return _tree(queries(application.dictionary, application.sources, application.clock()))

    def non_sql_metrics(self, _request: Request) -> Response:
        """Answer with the values of all metrics that need no SQL."""
        application = self._application
        return _tree(non_sql_metrics(application.dictionary, application.sources, application.clock()))


def _tree(tree: dict[str, object]) -> Response:
    return Response(200, strict_json(tree).encode())
