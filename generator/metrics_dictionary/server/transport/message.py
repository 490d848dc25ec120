"""A request and a response, as handlers see them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

RETRY_SECONDS = 5
"""When a client should come back to a store that was away."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks, without its body.

    ``path`` is percent-decoded; ``query`` holds the last value of each parameter; the names in ``headers`` are in lower
    case. ``length`` is the number of bytes of the body, None when the client does not say. ``client`` is the address
    that the connection comes from, ``identifier`` names the request in logs and answers. A client that
    ``expects_continue`` waits to be told before it sends the body.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = 0
    client: str = ""
    identifier: str = ""
    expects_continue: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """What a client gets.

    ``etag`` is the strong validator, quotes included, of a body that may be cached. ``compressed`` is the same body by
    gzip where that is worth it; its validator is another one.
    """

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    compressed: bytes | None = None


def json_response(status: int, value: object, headers: Mapping[str, str] | None = None) -> Response:
    """Return the value as a JSON body."""
    return Response(status, json.dumps(value, separators=(",", ":")).encode(), headers=headers or {})


def message(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return GitLab's answer of one line, such as ``{"message":"404 Not Found"}``."""
    return json_response(status, {"message": f"{status} {text}"}, headers)


def error(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return GitLab's answer to a request with something wrong in it."""
    return json_response(status, {"error": text}, headers)


def not_found() -> Response:
    """Return GitLab's answer to an unknown address."""
    return message(404, "Not Found")


def invalid(parameter: str) -> Response:
    """Return GitLab's answer to a parameter of the wrong type."""
    return error(400, f"{parameter} is invalid")


def unavailable() -> Response:
    """Return the answer while the store is away: nothing was written, and it is worth trying again."""
    return message(503, "Service Unavailable", {"Retry-After": str(RETRY_SECONDS)})


def strong_etag(body: bytes) -> str:
    """Return a validator that changes with any byte of the body."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'
