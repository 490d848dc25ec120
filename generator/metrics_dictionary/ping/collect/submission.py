"""Submitting a payload: the client that posts it, and then its metadata."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import Request

from metrics_dictionary import __version__
from metrics_dictionary.tools.addresses import anonymous_web_address, shown_address, without_credentials
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.text import one_line
from metrics_dictionary.tools.web_document import TIMEOUT, opener, redirect_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.stores.store import CachedPayload

MAX_ATTEMPTS = 5
MAX_BACKOFF = 60.0
"""Seconds between two attempts: 1, 2, 4, ... and never more than this, also when the server asks for more."""

RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})

EXAMPLE = "https://HOST/usage_data"

PAYLOAD_PATH = "usage_data"
METADATA_PATH = "usage_ping_metadata"

MAX_SHOWN_BYTES = 200
"""How much of a refusal's body is shown."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The status codes that the server answered with."""

    payload_status: int
    metadata_status: int


def submit(
    url: str,
    payload: CachedPayload,
    *,
    timeout: float = TIMEOUT,
    sleep: Callable[[float], None] = time.sleep,
    report: Callable[[str], None] = lambda _: None,
) -> Submission:
    """Post the payload as JSON, then ``{"metadata": ...}`` to `metadata_url`.

    After what may pass (no connection, a timeout, 429, 5xx) it tries again, five times in all, and calls ``report``
    with a line for each failed attempt. ``timeout`` is in seconds. Raises OperationalError when nothing can be posted
    to the URL, and when the server cannot be reached or refuses; the message says which of the two it has.
    """
    anonymous_web_address(url, EXAMPLE)
    client = _Client(timeout, sleep, report)
    payload_status = client.post(url, payload.payload, "the payload was not submitted")
    metadata = json.dumps({"metadata": json.loads(payload.metadata)}, ensure_ascii=False)
    missing = "the payload was accepted, but its metadata was not submitted"
    metadata_status = client.post(metadata_url(url), metadata, missing)
    return Submission(payload_status, metadata_status)


def metadata_url(url: str) -> str:
    """Return where the metadata of a payload for this URL goes.

    Beside ``usage_data`` that is ``usage_ping_metadata``, as with GitLab's own receiver; otherwise the same URL.
    """
    parts = urlsplit(url)
    folder, _, name = parts.path.rpartition("/")
    return urlunsplit(parts._replace(path=f"{folder}/{METADATA_PATH}")) if name == PAYLOAD_PATH else url


@dataclass(frozen=True, slots=True)
class _Client:
    timeout: float
    sleep: Callable[[float], None]
    report: Callable[[str], None]

    def post(self, url: str, body: str, failure: str) -> int:
        """Return the status of success. Raises OperationalError that starts with ``failure``."""
        attempt = 1
        while (answer := self._attempt(url, body)).may_pass and attempt < MAX_ATTEMPTS:
            attempt += 1
            backoff = min(max(2.0 ** (attempt - 2), answer.retry_after), MAX_BACKOFF)
            self.report(f"{shown_address(url)}: {answer.problem}; attempt {attempt} of {MAX_ATTEMPTS} in {backoff:g} s")
            self.sleep(backoff)
        if answer.problem is None:
            return answer.status
        tried = f" ({attempt} attempts)" if attempt > 1 else ""
        raise OperationalError(f"{failure}: {shown_address(url)}: {answer.problem}{tried}")

    def _attempt(self, url: str, body: str) -> _Answer:
        headers = {"Content-Type": "application/json", "User-Agent": f"metrics-dictionary/{__version__}"}
        request = Request(url, body.encode(), headers, method="POST")  # noqa: S310 - http and https only, as checked
        try:
            with opener().open(request, timeout=self.timeout) as response:
                response.read(MAX_SHOWN_BYTES)
                return _Answer(response.status)
        except HTTPError as error:
            with error:
                return _refused(error)
        except TimeoutError:
            return _Answer(0, f"no answer within {self.timeout:g} s", may_pass=True)
        except (OSError, HTTPException, ValueError) as error:
            why = without_credentials(one_line(str(getattr(error, "reason", None) or error)))
            return _Answer(0, f"no answer: {why}", may_pass=True)


@dataclass(frozen=True, slots=True)
class _Answer:
    """``problem`` is None for a success; ``retry_after`` is what the server asks for, in seconds."""

    status: int
    problem: str | None = None
    may_pass: bool = False
    retry_after: float = 0.0


def _refused(error: HTTPError) -> _Answer:
    said = _body(error)
    if 300 <= error.code < 400:
        said = f"it points to {redirect_target(error)}; submit to that URL if it is right"
    after = error.headers.get("Retry-After", "")
    return _Answer(
        error.code,
        f"answered {error.code} {one_line(error.reason)}" + (f": {said}" if said else ""),
        may_pass=error.code in RETRYABLE,
        retry_after=float(after) if after.isascii() and after.isdigit() else 0.0,
    )


def _body(error: HTTPError) -> str:
    try:
        return one_line(error.read(MAX_SHOWN_BYTES).decode("utf-8", "replace"))
    except (OSError, HTTPException):
        return ""
