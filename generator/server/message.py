"""A request and a response, as handlers see them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks. ``path`` is percent-decoded; ``query`` holds the last value of each parameter."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Response:
    """What a client gets. ``etag`` is the strong validator, quotes included, of a body that may be cached."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None


def json_response(status: int, value: object, headers: Mapping[str, str] | None = None) -> Response:
    """Return the value as a JSON body."""
    return Response(status, json.dumps(value, separators=(",", ":")).encode(), headers=headers or {})


def not_found() -> Response:
    """Return GitLab's answer to an unknown address."""
    return json_response(404, {"message": "404 Not Found"})


def invalid(parameter: str) -> Response:
    """Return GitLab's answer to a parameter of the wrong type."""
    return json_response(400, {"error": f"{parameter} is invalid"})


def strong_etag(body: bytes) -> str:
    """Return a validator that changes with any byte of the body."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'
