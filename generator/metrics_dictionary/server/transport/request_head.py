"""The head of a request: its first line and its headers, read strictly.

What two servers could read differently is refused, because a proxy in front of this one may have read it the other way
(request smuggling): a bare line feed, a folded header, a repeated Content-Length, a length beside a transfer coding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_REQUEST_LINE = 8 * 1024
LONGEST_HEAD = 32 * 1024
MOST_HEADERS = 100
MOST_PARAMETERS = 100

SINGLE = ("host", "content-length", "content-type", "transfer-encoding", "authorization", "private-token", "expect")
"""Headers that must not be repeated: a list of them means nothing, or something else to everybody."""

_REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([!-~]+) HTTP/([0-9])\.([0-9])")
_HEADERS = re.compile(r"(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00-\x08\x0a-\x1f\x7f]*)*")
_ABSOLUTE = re.compile(r"https?://[^/?#@]+(?=[/?]|$)", re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:%\[\]-]*")
_LENGTH = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not served, and the status that says so."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A head that is understood in one way only.

    ``target`` is the path with its query as it was sent. ``length`` is the number of bytes that the body has: None when
    a body has to be expected but its length is not said.
    """

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    length: int | None
    keep_alive: bool
    old: bool
    """Whether the client speaks HTTP/1.0: it knows neither `100 Continue` nor that connections stay open."""


def parse_head(text: str) -> RequestHead | Refusal:
    """Read a head, without the empty line that ends it."""
    line, _, _ = text.partition("\r\n")
    if len(line) > LONGEST_REQUEST_LINE:
        return Refusal(414, f"the request line is longer than {LONGEST_REQUEST_LINE} bytes")
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        return Refusal(400, "the request line is not `METHOD /path HTTP/1.1`")
    method, target, major, minor = match.groups()
    if major != "1":
        return Refusal(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    headers = _headers(text[len(line) :])
    if isinstance(headers, Refusal):
        return headers
    return _head(method, target, headers, old=minor == "0")


def _headers(text: str) -> dict[str, str] | Refusal:
    if _HEADERS.fullmatch(text) is None:
        return Refusal(400, "a header is not `Name: value` on one line that ends with CR LF")
    lines = text.split("\r\n")[1:]
    if len(lines) > MOST_HEADERS:
        return Refusal(431, f"there are more than {MOST_HEADERS} headers")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name = name.lower()
        value = value.strip(" \t")
        if name in headers:
            if name in SINGLE:
                return Refusal(400, f"{name} is repeated")
            value = f"{headers[name]}, {value}"
        headers[name] = value
    return headers


def _head(method: str, target: str, headers: dict[str, str], *, old: bool) -> RequestHead | Refusal:
    host = headers.get("host")
    if (host is None and not old) or _HOST.fullmatch(host or "") is None:
        return Refusal(400, "the Host header is missing or no host")
    location = _location(method, target)
    if isinstance(location, Refusal):
        return location
    length = _length(method, headers, old=old)
    if isinstance(length, Refusal):
        return length
    connection = headers.get("connection", "").lower()
    keep_alive = "keep-alive" in connection if old else "close" not in connection
    return RequestHead(method, target, *location, headers, length, keep_alive, old)


def _location(method: str, target: str) -> tuple[str, Mapping[str, str]] | Refusal:
    """Return the decoded path and the query; a proxy's `http://host/path` means the same as `/path`."""
    if not target.startswith("/"):
        if target == "*" and method == "OPTIONS":
            return target, {}
        match = _ABSOLUTE.match(target)
        if match is None:
            return Refusal(400, "the target does not begin with a slash")
        target = target[match.end() :]
        if not target.startswith("/"):
            target = f"/{target}"
    if "#" in target:
        return Refusal(400, "the target has a fragment")
    path, _, query = target.partition("?")
    if "%" in path:
        try:
            path = unquote(path, errors="strict")
        except UnicodeDecodeError:
            return Refusal(400, "the path is not UTF-8")
    return path, _query(query)


def _query(text: str) -> Mapping[str, str]:
    """Return the parameters; of more than anybody needs, the first ones."""
    if not text:
        return {}
    return dict(parse_qsl("&".join(text.split("&", MOST_PARAMETERS)[:MOST_PARAMETERS]), keep_blank_values=True))


def _length(method: str, headers: Mapping[str, str], *, old: bool) -> int | Refusal | None:
    length = headers.get("content-length")
    if "transfer-encoding" in headers:
        if length is not None or old:
            return Refusal(400, "Transfer-Encoding stands beside a Content-Length or in HTTP/1.0")
        return None
    if length is None:
        return None if method in {"POST", "PUT", "PATCH"} else 0
    if _LENGTH.fullmatch(length) is None:
        return Refusal(400, "Content-Length is not a number of bytes")
    return int(length)
