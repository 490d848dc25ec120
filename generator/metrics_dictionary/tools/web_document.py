"""A document from the web, such as a payload or the combined definitions of an instance."""

from __future__ import annotations

from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request

from metrics_dictionary import __version__
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.http_request import opener

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT = 30.0
"""Seconds without an answer, or without any more of it."""


def is_web_address(text: str) -> bool:
    """Return whether a text is an http or https URL."""
    return text.lower().startswith(("http://", "https://"))


def fetch(url: str, limit: int, headers: Mapping[str, str] | None = None) -> bytes:
    """Return the body of the answer to GET, at most ``limit`` bytes; a redirect is not followed.

    Raises OperationalError when the URL is none, nobody answers, the status is no success, or the body is longer.
    """
    try:
        if not urlsplit(url).hostname or not (url.isascii() and url.isprintable()) or " " in url:
            raise ValueError
        request = Request(url, headers={"User-Agent": f"metrics-dictionary/{__version__}", **(headers or {})})  # noqa: S310
    except ValueError as error:
        raise OperationalError(f"{url!r}: no URL that can be fetched; write it as https://HOST/PATH") from error
    try:
        with opener().open(request, timeout=TIMEOUT) as response:
            body: bytes = response.read(limit + 1)
    except HTTPError as error:
        with error:
            raise OperationalError(f"{url}: answered {error.code} {_plain(error.reason)}{_advice(error)}") from error
    except (OSError, HTTPException, ValueError) as error:
        why = _plain(str(getattr(error, "reason", None) or error)) or type(error).__name__
        raise OperationalError(f"{url}: no answer: {why}; check the address and the network") from error
    if len(body) > limit:
        raise OperationalError(f"{url}: the answer has more than {limit // 1024**2} MiB; is it the right address?")
    return body


def _advice(error: HTTPError) -> str:
    if error.code in (401, 403):
        return "; give a token that may read it"
    if 300 <= error.code < 400:
        return f"; it points to {_plain(error.headers.get('Location') or 'nowhere')}: use that URL if it is right"
    return "; check the address"


def _plain(text: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())[:200]
