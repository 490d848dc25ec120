"""The route table: every call of the API. Routing, access and ``/api/openapi.json`` all come from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.events.tracking import MOST_EVENTS
from metrics_dictionary.server.api.event_intake import LARGEST_USER, MOST_VALUES
from metrics_dictionary.server.api.route import ADMINISTRATOR, TRUSTED, Access, Answer, Body, Parameter, Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.server.api.definitions import MetricDefinitions
    from metrics_dictionary.server.api.event_intake import EventIntake
    from metrics_dictionary.server.api.exports import ServicePingExports
    from metrics_dictionary.server.api.monitoring import Health
    from metrics_dictionary.server.api.route import Call
    from metrics_dictionary.server.transport.message import Response

USAGE_DATA = "/api/v4/usage_data"
OPENAPI = "/api/openapi.json"

READS_PAYLOAD = Access(frozenset({"api", "read_service_ping"}))
TRACKS = Access(frozenset({"api", "ai_workflows"}))
INCREMENTS = Access(frozenset({"api"}))

YAML = "application/yaml"
TEXT = "text/plain"

IDENTIFIER = {"type": "integer", "minimum": 1, "maximum": LARGEST_USER}

EVENT = {
    "type": "object",
    "required": ["event"],
    "properties": {
        "event": {"type": "string", "minLength": 1, "description": "The event's `action`."},
        "send_to_snowplow": {
            "type": "boolean",
            "default": False,
            "description": "Whether the event also goes to the Snowplow collector.",
        },
        "namespace_id": IDENTIFIER,
        "project_id": IDENTIFIER,
        "additional_properties": {
            "type": "object",
            "description": "`label` and `property` are texts, `value` is a number; the event's definition declares "
            "all others, which are texts or numbers.",
            "properties": {"label": {"type": "string"}, "property": {"type": "string"}, "value": {"type": "number"}},
            "additionalProperties": {"type": ["string", "number"]},
        },
    },
}

EXAMPLE_EVENT = {
    "event": "mr_name_changed",
    "send_to_snowplow": True,
    "namespace_id": 1,
    "project_id": 1,
    "additional_properties": {"lang": "eng"},
}

DEFINITIONS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["key_path"],
        "properties": {"key_path": {"type": "string"}, "file_path": {"type": "string"}},
    },
}

MESSAGE = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}
ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
INSUFFICIENT = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("error", "error_description", "scope", "message")},
}
TREE = {"type": "object", "additionalProperties": True}

UNAUTHORIZED = Answer("No token, or one that is unknown, revoked or expired.", schema=MESSAGE)
FORBIDDEN = Answer("The token lacks the scope or the role.", schema=INSUFFICIENT)
UNAVAILABLE = Answer("The store is away, nothing was written; `Retry-After` says when to try again.", schema=MESSAGE)
WITH_TOKEN = {401: UNAUTHORIZED, 403: FORBIDDEN, 503: UNAVAILABLE}
WITH_FLAG = {**WITH_TOKEN, 404: Answer("The feature flag is off.", schema=MESSAGE)}
WITH_BODY = {
    **WITH_TOKEN,
    200: Answer("All of it is counted, durably.", schema=MESSAGE),
    400: Answer("The body cannot be read, or a value is wrong; all faults are named.", schema=ERROR),
    411: Answer("The body's length is not said.", schema=ERROR),
    413: Answer("The body is longer than 1 MiB.", schema=ERROR),
    415: Answer("The body is neither JSON nor a form.", schema=ERROR),
    422: Answer("An event has no definition, or no metric reads it; near misses are named.", schema=ERROR),
}


def routes(
    definitions: MetricDefinitions,
    exports: ServicePingExports,
    intake: EventIntake,
    health: Health,
    openapi: Callable[[Call], Response],
) -> tuple[Route, ...]:
    """Return the table, its rows in the order of the documentation."""
    return (
        *_exports(definitions, exports),
        *_events(intake),
        *_monitoring(health),
        Route(
            "GET",
            OPENAPI,
            "This document",
            openapi,
            {200: Answer("OpenAPI 3.1.", schema={"type": "object"})},
            quick=True,
        ),
    )


def _exports(definitions: MetricDefinitions, exports: ServicePingExports) -> tuple[Route, ...]:
    return (
        Route(
            "GET",
            f"{USAGE_DATA}/service_ping",
            "Export the Service Ping payload",
            exports.service_ping,
            {200: Answer("The payload that was collected last; `{}` when there is none yet.", schema=TREE)}
            | WITH_TOKEN,
            access=READS_PAYLOAD,
        ),
        Route(
            "GET",
            f"{USAGE_DATA}/metric_definitions",
            "Export all metric definitions as one YAML file",
            definitions.get,
            {
                200: Answer("One entry a metric and time frame, sorted by key path.", YAML, DEFINITIONS),
                304: Answer("The copy that `If-None-Match` names is current.", ""),
                400: Answer("A parameter is wrong.", schema=ERROR),
            },
            quick=True,
            description="Answers carry a strong `ETag`, and are compressed for clients that accept gzip.",
            parameters=(
                Parameter(
                    "include_paths",
                    {"type": "string", "enum": ["true", "false", "1", "0"], "default": "false"},
                    "Whether each definition says which file it comes from, as `file_path`.",
                ),
            ),
        ),
        Route(
            "GET",
            f"{USAGE_DATA}/queries",
            "Export the SQL queries behind the Service Ping",
            exports.queries,
            {200: Answer("The payload's tree with a statement for each database metric.", schema=TREE)} | WITH_FLAG,
            description="Facts of the instance are there with their value; metrics of other sources say so.",
            access=ADMINISTRATOR,
            flag="usage_data_queries_api",
        ),
        Route(
            "GET",
            f"{USAGE_DATA}/non_sql_metrics",
            "Export all metrics that need no SQL",
            exports.non_sql_metrics,
            {200: Answer("The payload's tree with -3 for each database metric.", schema=TREE)} | WITH_FLAG,
            access=ADMINISTRATOR,
            flag="usage_data_non_sql_metrics",
        ),
    )


def _events(intake: EventIntake) -> tuple[Route, ...]:
    events = {"type": "array", "minItems": 1, "maxItems": MOST_EVENTS, "items": EVENT}
    name = {"type": "string", "minLength": 1}
    values = {"type": "array", "minItems": 1, "maxItems": MOST_VALUES, "items": IDENTIFIER}
    example = {key: value for key, value in EXAMPLE_EVENT.items() if key != "send_to_snowplow"}
    return (
        Route(
            "POST",
            f"{USAGE_DATA}/track_event",
            "Track an event",
            intake.track_event,
            WITH_BODY,
            description="An array `events` in place of `event` is taken, too, as by `track_events`.",
            access=TRACKS,
            quick=True,
            body=Body(EVENT, EXAMPLE_EVENT),
        ),
        Route(
            "POST",
            f"{USAGE_DATA}/track_events",
            f"Track up to {MOST_EVENTS} events, all or none",
            intake.track_events,
            WITH_BODY,
            access=TRACKS,
            quick=True,
            body=Body(_object(events=events), {"events": [example, {**example, "project_id": 2}]}),
        ),
        Route(
            "POST",
            f"{USAGE_DATA}/increment_counter",
            "Count an event by its name",
            intake.increment_counter,
            WITH_BODY,
            access=INCREMENTS,
            quick=True,
            body=Body(_object(event=name), {"event": "mr_name_changed"}),
        ),
        Route(
            "POST",
            f"{USAGE_DATA}/increment_unique_users",
            "Add to the distinct users of an event",
            intake.increment_unique_users,
            WITH_BODY,
            access=INCREMENTS,
            quick=True,
            body=Body(_object(event=name, values=values), {"event": "mr_name_changed", "values": [7, 8]}),
        ),
    )


def _monitoring(health: Health) -> tuple[Route, ...]:
    status = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}
    foreign = Answer("The caller is not on a trusted network.", schema=MESSAGE)
    return (
        Route(
            "GET",
            "/-/liveness",
            "Whether the server answers",
            health.liveness,
            {200: Answer("It does.", schema=status), 404: foreign},
            quick=True,
            access=TRUSTED,
        ),
        Route(
            "GET",
            "/-/readiness",
            "Whether the server can do its work",
            health.readiness,
            {
                200: Answer("It can.", schema=status),
                404: foreign,
                503: Answer("The store is away.", schema=status),
            },
            access=TRUSTED,
        ),
        Route(
            "GET",
            "/-/metrics",
            "Counters for Prometheus",
            health.metrics,
            {200: Answer("Prometheus's text format.", TEXT, {"type": "string"}), 404: foreign},
            access=TRUSTED,
        ),
    )


def _object(**properties: object) -> dict[str, object]:
    return {"type": "object", "required": list(properties), "properties": properties}
