"""A response: what an endpoint returns, and the bytes that a client gets of it: plain, by gzip, or no body at all."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from metrics_dictionary import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics_dictionary.server.transport.request import BadRequest, Request
    from metrics_dictionary.stores.store import Recording

RETRY_SECONDS = 5
"""When a client should come back while the store is unavailable."""

STARTING_RETRY_SECONDS = 1
"""When a client should come back while the server starts."""

OUTBOX_RETRY_SECONDS = 60
"""When a client should come back while the outbox is full."""

MIN_COMPRESSED = 512
"""Bytes from which gzip saves more than its header costs."""

JSON = "application/json"

_QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Response:
    """What a client gets.

    ``etag`` is the strong validator, quotes included, of a body that may be cached. ``compressed`` is the same body by
    gzip where that is worth it; its validator is another one.
    """

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    compressed: bytes | None = None


@dataclass(frozen=True, slots=True)
class Uncommitted:
    """A response that is true once the recording is committed. The server holds it back until then."""

    response: Response
    recording: Recording


def json_response(status: int, value: object, headers: Mapping[str, str] | None = None) -> Response:
    """Return the value as a JSON body."""
    return Response(status, json.dumps(value, separators=(",", ":")).encode(), headers=headers or {})


def cacheable_response(body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a body that clients may keep, with its validator, and compressed where that is a gain."""
    return Response(200, body, content_type, headers or {}, strong_etag(body), compressed(body))


def message_response(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return GitLab's answer of one line, such as ``{"message":"404 Not Found"}``."""
    return json_response(status, {"message": f"{status} {text}"}, headers)


def error_response(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return GitLab's answer to a request with something wrong in it."""
    return json_response(status, {"error": text}, headers)


def not_found() -> Response:
    """Return GitLab's answer to an unknown address."""
    return message_response(404, "Not Found")


def unavailable(reason: str, retry_seconds: int = RETRY_SECONDS) -> Response:
    """Return the answer while the store, or what else is needed, is unavailable: nothing is written."""
    body = {"message": "503 Service Unavailable", "error": reason}
    return json_response(503, body, {"Retry-After": str(retry_seconds)})


def outcome_unknown(*, is_named: bool) -> Response:
    """Return the answer when the store broke off: whether something is written is unknown.

    A request that ``is_named`` has an Idempotency-Key.
    """
    how = "repeat it with the same Idempotency-Key, and it is" if is_named else "with an Idempotency-Key it would be"
    body = {
        "message": "503 Service Unavailable",
        "outcome": "unknown",
        "error": f"the request may have been counted; {how} counted once",
    }
    return json_response(503, body, {"Retry-After": str(RETRY_SECONDS)})


def starting(reason: str) -> Response:
    """Return the answer to what a server cannot do yet."""
    return unavailable(reason, STARTING_RETRY_SECONDS)


def outbox_full() -> Response:
    """Return the answer when events for the collector find no room."""
    return unavailable(
        "nothing of the request was counted: the outbox is full of events that wait for the collector",
        OUTBOX_RETRY_SECONDS,
    )


def strong_etag(body: bytes) -> str:
    """Return a validator that changes with any byte of the body."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def compressed(body: bytes) -> bytes | None:
    """Return the body by gzip, the same bytes each time; None when that is not a gain."""
    if len(body) < MIN_COMPRESSED:
        return None
    smaller = gzip.compress(body, compresslevel=6, mtime=0)
    return smaller if len(smaller) < len(body) else None


def encode_response(request: Request, response: Response, *, keep_alive: bool) -> tuple[int, bytes, bytes]:
    """Return the status, the head and the body that are sent: what the request's headers make of the response."""
    headers, status = request.headers, response.status
    body, etag, is_compressed = _choose_form(response, headers.get("accept-encoding"))
    lines = [f"X-Request-Id: {request.identifier}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if request.response_headers is not None:
        lines += [f"{name}: {value}" for name, value in request.response_headers.items()]
    if etag is not None:
        lines.append(f"ETag: {etag}")
        if _is_current(headers.get("if-none-match"), etag) and request.method in {"GET", "HEAD"}:
            status = 304
    if "Cache-Control" not in response.headers:
        lines.append("Cache-Control: no-store" if etag is None else "Cache-Control: no-cache")
    if response.compressed is not None:
        lines.append("Vary: Accept-Encoding")
    if status not in {204, 304}:
        lines.append(f"Content-Type: {response.content_type}\r\nContent-Length: {len(body)}")
        if is_compressed:
            lines.append("Content-Encoding: gzip")
    else:
        body = b""
    if not keep_alive:
        lines.append("Connection: close")
    elif "connection" in headers:
        lines.append("Connection: keep-alive")  # clients that speak HTTP/1.0 ask for it and want to be told
    lines.append("\r\n")
    head = (_first_lines(status, int(time.time())) + "\r\n".join(lines)).encode("latin-1")
    return status, head, b"" if request.method == "HEAD" else body


def encode_refusal(refused: BadRequest) -> bytes:
    """Return the whole response to what is not a request."""
    body = error_response(refused.status, refused.reason).body
    lines = f"Content-Type: {JSON}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return (_first_lines(refused.status, int(time.time())) + lines).encode("latin-1") + body


@lru_cache(maxsize=64)
def _first_lines(status: int, second: int) -> str:
    """Return what all responses with this status begin with in this second."""
    return (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nServer: metrics-dictionary/{__version__}\r\n"
        f"Date: {formatdate(second, usegmt=True)}\r\nX-Content-Type-Options: nosniff\r\n"
    )


def _choose_form(response: Response, accept_encoding: str | None) -> tuple[bytes, str | None, bool]:
    """Return the body to send, its validator, and whether it is compressed."""
    if response.compressed is None or not _accepts_gzip(accept_encoding):
        return response.body, response.etag, False
    # A strong validator names bytes, and the compressed ones are others.
    etag = None if response.etag is None else f'{response.etag[:-1]}-gzip"'
    return response.compressed, etag, True


def _accepts_gzip(header: str | None) -> bool:
    """Whether an Accept-Encoding header prefers gzip to nothing; without a header nobody asked for it."""
    if not header:
        return False
    if header == "gzip, deflate, br":
        return True
    qualities = dict(_codings(header))
    gzip_quality = qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", 0.0)))
    return gzip_quality > 0 and gzip_quality >= qualities.get("identity", 0.0)


def _codings(header: str) -> list[tuple[str, float]]:
    codings = []
    for item in header.split(",")[:50]:
        name, *parameters = item.split(";")
        match = _QUALITY.fullmatch(parameters[0].strip()) if parameters else None
        quality = float(match[1]) if match else float(not parameters)
        codings.append((name.strip().lower(), quality))
    return codings


def _is_current(if_none_match: str | None, etag: str) -> bool:
    """Whether the client's copy, by its If-None-Match header, is the one with this validator."""
    if if_none_match is None:
        return False
    if if_none_match == etag or if_none_match == "*":
        return True
    return etag in {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
