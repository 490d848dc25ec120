"""Which form of a body a client gets: plain or by gzip, or none because it has a current copy."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics_dictionary.server.transport.message import Response

WORTH_COMPRESSING = 512
"""Bytes from which gzip saves more than its header costs."""

_QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


def compressed(body: bytes) -> bytes | None:
    """Return the body by gzip, the same bytes each time; None when that is no gain."""
    if len(body) < WORTH_COMPRESSING:
        return None
    smaller = gzip.compress(body, compresslevel=6, mtime=0)
    return smaller if len(smaller) < len(body) else None


def accepts_gzip(header: str | None) -> bool:
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


def gzip_etag(etag: str) -> str:
    """Return the validator of the compressed body: a strong one names bytes, and these are others."""
    return f'{etag[:-1]}-gzip"'


def is_current(if_none_match: str | None, etag: str) -> bool:
    """Whether the client's copy, by its If-None-Match header, is the one with this validator."""
    if if_none_match is None:
        return False
    if if_none_match == etag or if_none_match == "*":
        return True
    return etag in {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}


def choose(response: Response, accept_encoding: str | None) -> tuple[bytes, str | None, bool]:
    """Return the body to send, its validator, and whether it is compressed."""
    if response.compressed is None or not accepts_gzip(accept_encoding):
        return response.body, response.etag, False
    etag = None if response.etag is None else gzip_etag(response.etag)
    return response.compressed, etag, True
