"""The API reference as Markdown, made from the OpenAPI document that the route table gives."""

from __future__ import annotations

import json
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.server.api.endpoints.openapi import document
from metrics_dictionary.server.api.routes import routes
from metrics_dictionary.server.application import Application
from metrics_dictionary.settings import load_settings
from metrics_dictionary.stores.open_store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

OPENING = """\
# API reference

Every call that `metrics-dictionary serve` answers. A running server publishes the same as OpenAPI 3.1 at
`/api/openapi.json`; [the HTTP API](http-api.md) shows the calls at work.

A token goes into the header `PRIVATE-TOKEN: <token>`, `JOB-TOKEN: <token>` or `Authorization: Bearer <token>`, or into
the query as `private_token=<token>`. Checks run in this order:
429 for an address with too many calls, 401 without a valid token, 429 for a token with too many calls, 403 for one that
lacks the scope or the role, 404 behind a feature flag that is off, and only then what is wrong with the request itself.
"""

Json = dict[str, Any]


def api_reference() -> str:
    """Return the whole page."""
    sections = [OPENING]
    document = openapi_document()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            sections.append("\n".join(_section(method.upper(), path, operation, document["components"]["responses"])))
    return "\n".join(sections)


def openapi_document() -> Json:
    """Return the OpenAPI document of an application without definitions."""
    with tempfile.TemporaryDirectory() as folder, closing(open_store(f"sqlite:///{folder}/store.db")) as store:
        settings = load_settings(None, environment={})
        return document(routes(Application.opened(settings, Dictionary(()), store, Path(folder))))


def _section(method: str, path: str, operation: Json, shared: Json) -> Iterator[str]:
    yield f"## {method} {path}\n"
    yield f"{operation['summary']}. {operation['description']}\n"
    yield from _parameters(operation.get("parameters", ()))
    yield from _body(operation.get("requestBody"))
    yield "| status | meaning |\n| --- | --- |"
    for status, answer in operation["responses"].items():
        described = shared[answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
        yield f"| {status} | {described['description']} |"
    yield ""


def _parameters(parameters: list[Json]) -> Iterator[str]:
    if parameters:
        yield "| parameter | values | meaning |\n| --- | --- | --- |"
        for one in parameters:
            values = ", ".join(f"`{value}`" for value in one["schema"].get("enum", ()))
            yield f"| `{one['name']}` | {values} | {one['description']} |"
        yield ""


def _body(body: Json | None) -> Iterator[str]:
    if body:
        kind, content = next(iter(body["content"].items()))
        example = content["example"]
        yield f"The body is `{kind}`. {body['description']}\n"
        yield f"```json\n{json.dumps(example, indent=2, ensure_ascii=False)}\n```\n"
