"""``/api/openapi.json``: the route table as an OpenAPI 3.1 document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from metrics_dictionary import __version__
from metrics_dictionary.server.transport.message import Response, strong_etag
from metrics_dictionary.server.transport.representation import compressed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.server.api.route import Access, Answer, Call, Route

SCHEMES = {
    "privateToken": {"type": "apiKey", "in": "header", "name": "PRIVATE-TOKEN"},
    "bearer": {"type": "http", "scheme": "bearer"},
}


class OpenApi:
    """The document's handler. It is part of the table that it documents, so the table is given afterwards."""

    def __init__(self) -> None:
        self._response = Response(200)

    def describe(self, routes: Iterable[Route]) -> None:
        """Write the document once, for all who will ask."""
        body = json.dumps(document(routes), indent=2, ensure_ascii=False).encode() + b"\n"
        self._response = Response(200, body, etag=strong_etag(body), compressed=compressed(body))

    def get(self, call: Call) -> Response:
        """Answer with the document."""
        return self._response


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
            {"name": one.name, "in": "query", "description": one.description, "schema": one.schema}
            for one in route.parameters
        ]
    if route.body is not None:
        content = {"schema": route.body.schema, "example": route.body.example}
        operation["requestBody"] = {
            "required": True,
            "content": dict.fromkeys(route.body.content_types, content),
        }
    operation["responses"] = {str(status): _answer(route.answers[status]) for status in sorted(route.answers)}
    return operation


def _answer(answer: Answer) -> dict[str, object]:
    if not answer.content_type:
        return {"description": answer.description}
    return {"description": answer.description, "content": {answer.content_type: {"schema": answer.schema}}}


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
