"""Cross-origin resource sharing: which web pages of other origins may make the track calls (https://fetch.spec.whatwg.org).

A browser asks before it lets a page of another origin send a token (the *preflight*), and shows the page only answers
that name the page's origin. Nothing here protects the server: whoever is not a browser can send any ``Origin``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.server.transport.response import Response
from metrics_dictionary.tools.addresses import anonymous_web_address
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.server.transport.request import Request

SETTING = "server.cors_origins"

EXAMPLE = "https://app.example.com"

DEFAULT_PORTS = {"http": 80, "https": 443}
"""Scheme -> the port that a browser leaves out of an origin."""

SHOWN = (
    *("RateLimit-Limit", "RateLimit-Name", "RateLimit-Remaining", "RateLimit-Reset"),
    *("Retry-After", "X-Request-Id", "X-Unknown-Properties"),
)
"""Headers of a response that a page may read."""

ACCEPTED = ("Authorization", "Content-Type", "Idempotency-Key", "JOB-TOKEN", "PRIVATE-TOKEN", "X-Request-Id")
"""Headers that a page may send."""

PREFLIGHT = Response(
    204,
    headers={
        "Allow": "OPTIONS, POST",
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": ", ".join(ACCEPTED),
        # Seconds that a browser may remember it. Chromium takes two hours at most.
        "Access-Control-Max-Age": "600",
    },
)

NOT_ADMITTED = {"Vary": "Origin"}


class CrossOrigin:
    """The origins of ``server.cors_origins``. False without any."""

    def __init__(self, origins: Iterable[str]) -> None:
        """Read them. Raises OperationalError for what is not an origin."""
        self._headers = {origin: _headers(origin) for origin in map(_origin, origins)}

    def __bool__(self) -> bool:
        return bool(self._headers)

    def admit(self, request: Request) -> Response | None:
        """Have each response to a request for a track call name its origin; return the answer to a preflight."""
        origin = request.headers.get("origin")
        headers = None if origin is None else self._headers.get(origin)
        request.response_headers = headers or NOT_ADMITTED
        is_preflight = request.method == "OPTIONS" and "access-control-request-method" in request.headers
        return PREFLIGHT if headers is not None and is_preflight else None


def _headers(origin: str) -> dict[str, str]:
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": ", ".join(SHOWN),
        "Vary": "Origin",
    }


def _origin(text: str) -> str:
    """Return an origin as browsers write it."""
    address = anonymous_web_address(text, EXAMPLE, SETTING)
    if address.path or "?" in text or "#" in text:
        raise OperationalError(f"{SETTING}: an origin has no path: write one like {EXAMPLE}")
    host = f"[{address.host}]" if ":" in address.host else address.host
    port = "" if address.port in {None, DEFAULT_PORTS[address.scheme]} else f":{address.port}"
    return f"{address.scheme}://{host}{port}"
