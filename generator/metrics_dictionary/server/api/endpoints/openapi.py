"""``/api/openapi.json``: the route table as an OpenAPI 3.1 document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from metrics_dictionary import __version__
from metrics_dictionary.server.api.route import LIMITED, Route, RouteResponse
from metrics_dictionary.server.transport.response import JSON, cacheable_response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.server.api.route import Access
    from metrics_dictionary.server.transport.request import Request
    from metrics_dictionary.server.transport.response import Response

PATH = "/api/openapi.json"

SCHEMES = {
    "privateToken": {"type": "apiKey", "in": "header", "name": "PRIVATE-TOKEN"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "jobToken": {"type": "apiKey", "in": "header", "name": "JOB-TOKEN"},
    "privateTokenInQuery": {"type": "apiKey", "in": "query", "name": "private_token"},
}


def openapi_route(others: Iterable[Route]) -> Route:
    """Return the document's row. The document describes the whole table, this row included."""

    def get(_request: Request) -> Response:
        return response

    responses = {200: RouteResponse("OpenAPI 3.1.", schema={"type": "object"}), 429: LIMITED}
    route = Route("GET", PATH, "This document", get, responses, blocking=False)
    body = json.dumps(document((*others, route)), indent=2, ensure_ascii=False).encode() + b"\n"
    response = cacheable_response(body, JSON)
    return route


def document(routes: Iterable[Route]) -> dict[str, object]:
    """Return the document of these routes."""
    paths: dict[str, dict[str, object]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Usage data", "version": __version__, "description": "Service Ping, definitions and events."},
        "paths": paths,
        "components": {"securitySchemes": SCHEMES},
    }


def _operation(route: Route) -> dict[str, object]:
    operation: dict[str, object] = {
        "operationId": route.path.rpartition("/")[2].replace(".", "_"),
        "summary": route.summary,
        "description": " ".join(filter(None, (route.description, _who(route.access), _flag(route)))),
        "security": [{name: []} for name in SCHEMES] if route.access.needs_token else [],
    }
    if route.parameters:
        operation["parameters"] = [
            {"name": one.name, "in": one.place, "description": one.description, "schema": one.schema}
            for one in route.parameters
        ]
    if route.body is not None:
        content = {"schema": route.body.schema, "example": route.body.example}
        operation["requestBody"] = {
            "required": True,
            "content": dict.fromkeys(route.body.content_types, content),
        }
    operation["responses"] = {str(status): _response(route.responses[status]) for status in sorted(route.responses)}
    return operation


def _response(response: RouteResponse) -> dict[str, object]:
    if not response.content_type:
        return {"description": response.description}
    return {"description": response.description, "content": {response.content_type: {"schema": response.schema}}}


def _who(access: Access) -> str:
    if access.trusted:
        return "For callers on a trusted network."
    if access.admin:
        return "For an administrator's token."
    if access.scopes:
        return f"For a token with the scope {' or '.join(f'`{scope}`' for scope in sorted(access.scopes))}."
    return "For anyone."


def _flag(route: Route) -> str:
    return "" if route.flag is None else f"Behind the feature flag `{route.flag}`, which is off by default."
