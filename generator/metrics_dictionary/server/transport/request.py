"""A request: its head, read strictly, and what is learned about it on its way to an endpoint.

What two servers could read differently is refused, because a proxy in front of this one may have read it the other way
(request smuggling): a bare line feed, a folded header, a repeated Content-Length, a length beside a transfer coding.
"""

from __future__ import annotations

import itertools
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, unquote_plus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics_dictionary.stores.tokens import Token

    Remembered = tuple[float, Token | None]

MAX_REQUEST_LINE = 8 * 1024
MAX_HEAD = 32 * 1024
MAX_HEADERS = 100
MAX_PARAMETERS = 100

NOT_REPEATABLE = frozenset(
    (
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "authorization",
        "private-token",
        "job-token",
        "expect",
        "idempotency-key",
    )
)
"""Headers that must not be repeated: a list of them means nothing, or something else to everybody."""

SECRET_PARAMETERS = frozenset(("private_token", "access_token", "job_token"))
"""Where GitLab's clients may write a token. None is repeated, and only `private_token` in the query is looked at."""

_REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([!-~]+) HTTP/([0-9])\.([0-9])")
_HEADERS = re.compile(r"(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00-\x08\x0a-\x1f\x7f]*)*")
_ABSOLUTE = re.compile(r"https?://[^/?#@]+(?=[/?]|$)", re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:%\[\]-]*")
_LENGTH = re.compile(r"[0-9]{1,18}")
_IDENTIFIER = re.compile(r"[A-Za-z0-9._-]{1,128}")

_new_identifiers = map(f"{secrets.token_hex(6)}-{{:x}}".format, itertools.count(1))


@dataclass(slots=True)
class Request:
    """What a client asks.

    ``path`` is percent-decoded; ``query`` holds the last value of each parameter, ``query_text`` is all of it as it
    came; the names in ``headers`` are in lower case. ``length`` is the number of bytes of the body, None when the
    client does not say. A client that ``expects_continue`` waits to be told before it sends the body. ``client`` is the
    address that the connection comes from, ``identifier`` names the request in logs and responses.

    The rest is added on the way. The router makes ``client`` the address for which a trusted proxy asks, and says by
    ``is_forwarded`` that it did; it adds ``route``, the path of the route table's row, ``user``, the id of the token's
    user, with ``is_admin``, and ``response_headers``, which every response to this request gets. ``remembered`` is what
    authentication knows of the token, if anything. The connection adds ``body``; an endpoint that takes events adds
    ``events``, their number.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    length: int | None
    keep_alive: bool
    expects_continue: bool
    client: str
    identifier: str
    query_text: str = ""
    is_forwarded: bool = False
    route: str | None = None
    user: int | None = None
    is_admin: bool = False
    response_headers: Mapping[str, str] | None = None
    remembered: Remembered | None = None
    body: bytes = b""
    events: int = 0

    @property
    def content_type(self) -> str:
        """The type of the body in lower case, without parameters; empty when the client does not say."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class BadRequest:
    """Why something is not a request that can be served, and the status that says so."""

    status: int
    reason: str


def parse_request(head: str, client: str) -> Request | BadRequest:
    """Read a head, without the empty line that ends it. ``client`` is the address that it came from."""
    line, _, _ = head.partition("\r\n")
    if len(line) > MAX_REQUEST_LINE:
        return BadRequest(414, f"the request line is longer than {MAX_REQUEST_LINE} bytes")
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        return BadRequest(400, "the request line is not `METHOD /path HTTP/1.1`")
    method, target, major, minor = match.groups()
    if major != "1":
        return BadRequest(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    headers = _headers(head[len(line) :])
    if isinstance(headers, BadRequest):
        return headers
    return _request(method, target, headers, client, http_1_0=minor == "0")


def bad_unfinished_head(buffer: bytearray) -> BadRequest | None:
    """Return what is wrong with a head whose end has not arrived: too long already, or its lines end in another way."""
    if len(buffer) > MAX_REQUEST_LINE and buffer.find(b"\r\n", 0, MAX_REQUEST_LINE) < 0:
        return BadRequest(414, f"the request line is longer than {MAX_REQUEST_LINE} bytes")
    if len(buffer) > MAX_HEAD:
        return BadRequest(431, f"the headers are longer than {MAX_HEAD} bytes")
    if buffer.count(b"\n") != buffer.count(b"\r\n"):
        return BadRequest(400, "a line of the head does not end with CR LF")
    return None


def _headers(text: str) -> dict[str, str] | BadRequest:
    if _HEADERS.fullmatch(text) is None:
        return BadRequest(400, "a header is not `Name: value` on one line that ends with CR LF")
    lines = text.split("\r\n")[1:]
    if len(lines) > MAX_HEADERS:
        return BadRequest(431, f"there are more than {MAX_HEADERS} headers")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name = name.lower()
        value = value.strip(" \t")
        if name in headers:
            if name in NOT_REPEATABLE:
                return BadRequest(400, f"{name} is repeated")
            value = f"{headers[name]}, {value}"
        headers[name] = value
    return headers


def _request(method: str, target: str, headers: dict[str, str], client: str, *, http_1_0: bool) -> Request | BadRequest:
    """Return the request. A client of HTTP/1.0 knows neither `100 Continue` nor that connections stay open."""
    host = headers.get("host")
    if (host is None and not http_1_0) or _HOST.fullmatch(host or "") is None:
        return BadRequest(400, "the Host header is missing or no host")
    location = _location(method, target)
    if isinstance(location, BadRequest):
        return location
    length = _length(headers, http_1_0=http_1_0)
    if isinstance(length, BadRequest):
        return length
    connection = headers.get("connection", "").lower()
    keep_alive = "keep-alive" in connection if http_1_0 else "close" not in connection
    expects_continue = "expect" in headers and not http_1_0
    path, query_text = location
    query = _query(query_text)
    identifier = _identifier(headers)
    return Request(method, path, query, headers, length, keep_alive, expects_continue, client, identifier, query_text)


def _identifier(headers: Mapping[str, str]) -> str:
    """Return what the client calls its request, or a new name when it gives none or an unsafe one."""
    given = headers.get("x-request-id")
    return next(_new_identifiers) if given is None or _IDENTIFIER.fullmatch(given) is None else given


def _location(method: str, target: str) -> tuple[str, str] | BadRequest:
    """Return the decoded path and the query as it came; a proxy's `http://host/path` means the same as `/path`."""
    if not target.startswith("/"):
        if target == "*" and method == "OPTIONS":
            return target, ""
        match = _ABSOLUTE.match(target)
        if match is None:
            return BadRequest(400, "the target does not begin with a slash")
        target = target[match.end() :]
        if not target.startswith("/"):
            target = f"/{target}"
    if "#" in target:
        return BadRequest(400, "the target has a fragment")
    path, _, query = target.partition("?")
    if "%" in path:
        try:
            path = unquote(path, errors="strict")
        except UnicodeDecodeError:
            return BadRequest(400, "the path is not UTF-8")
    return path, query


def _query(text: str) -> Mapping[str, str]:
    """Return the parameters; of more than anybody needs, the first ones."""
    if not text:
        return {}
    return dict(parse_qsl("&".join(text.split("&", MAX_PARAMETERS)[:MAX_PARAMETERS]), keep_blank_values=True))


def public_query(text: str) -> str:
    """Return a query without what is secret in it; what remains stands as it came."""
    return "&".join(item for item in text.split("&") if _parameter(item) not in SECRET_PARAMETERS)


def _parameter(item: str) -> str:
    return unquote_plus(item.partition("=")[0]).strip().lower()


def _length(headers: Mapping[str, str], *, http_1_0: bool) -> int | BadRequest | None:
    length = headers.get("content-length")
    if "transfer-encoding" in headers:
        if length is not None or http_1_0:
            return BadRequest(400, "Transfer-Encoding stands beside a Content-Length or in HTTP/1.0")
        return None
    if length is None:
        return 0  # RFC 9112, 6.3: there is no body
    if _LENGTH.fullmatch(length) is None:
        return BadRequest(400, "Content-Length is not a number of bytes")
    return int(length)
