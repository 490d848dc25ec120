"""``/api/openapi.json``: the route table as an OpenAPI 3.1 document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from metrics_dictionary import __version__
from metrics_dictionary.server.api.route import FORMS, LIMITED, Route, RouteResponse
from metrics_dictionary.server.transport.response import JSON, cacheable_response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.server.api.route import Access
    from metrics_dictionary.server.transport.request import Request
    from metrics_dictionary.server.transport.response import Response

PATH = "/api/openapi.json"

Components = dict[str, dict[str, object]]
"""What several calls share: kind -> name -> description."""

ALSO_AS_FORM = (
    f"The same parameters are also taken as a form, {' or '.join(f'`{form}`' for form in FORMS)}, nested with brackets "
    "such as `additional_properties[lang]=eng`, and from the query."
)

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
    components: Components = {"schemas": {}, "responses": {}}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Usage data",
            "version": __version__,
            "description": "Service Ping, definitions and events.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "The server that this document comes from."}],
        "paths": paths,
        "components": {"securitySchemes": SCHEMES, **components},
    }


def _operation(route: Route, components: Components) -> dict[str, object]:
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
        content = {"schema": _shared(route.body.schema, components), "example": route.body.example}
        operation["requestBody"] = {
            "required": True,
            "description": ALSO_AS_FORM,
            # Clients made for several types with one schema send the last one, which cannot nest objects.
            "content": {JSON: content},
        }
    operation["responses"] = {
        str(status): _response(route.responses[status], components) for status in sorted(route.responses)
    }
    return operation


def _response(response: RouteResponse, components: Components) -> dict[str, object]:
    described: dict[str, object] = {"description": response.description}
    if response.content_type:
        described["content"] = {response.content_type: {"schema": _shared(response.schema, components)}}
    if not response.name:
        return described
    if components["responses"].setdefault(response.name, described) != described:
        raise ValueError(f"two responses have the name {response.name}")
    return {"$ref": f"#/components/responses/{response.name}"}


def _shared(schema: object, components: Components) -> object:
    """Return a schema with references in the place of those in it that have a title, which become components."""
    if isinstance(schema, list):
        return [_shared(item, components) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: _shared(value, components) for key, value in schema.items()}
    title = inner.get("title")
    if not isinstance(title, str):
        return inner
    if components["schemas"].setdefault(title, inner) != inner:
        raise ValueError(f"two schemas have the title {title}")
    return {"$ref": f"#/components/schemas/{title}"}


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
