"""Requests to web servers: no redirects, http and https only; and documents fetched whole."""

from __future__ import annotations

from functools import cache
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from metrics_dictionary import __version__
from metrics_dictionary.tools.addresses import (
    anonymous_web_address,
    is_address,
    may_hold_secret,
    shown_address,
    without_credentials,
)
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.request import BaseHandler

TIMEOUT = 30.0
"""Seconds without an answer, or without any more of it."""


@cache
def opener() -> OpenerDirector:
    """Return what opens requests. A redirect is an HTTPError like any other: what is sent goes where it was told to.

    Without the handlers of ``urllib.request.urlopen`` for files and FTP, no URL can mean a file of this machine.
    Proxies come from the environment (``https_proxy``, ``no_proxy``).
    """
    made = OpenerDirector()
    handlers: tuple[type[BaseHandler], ...] = (
        ProxyHandler,
        HTTPHandler,
        HTTPSHandler,
        HTTPDefaultErrorHandler,
        HTTPErrorProcessor,
    )
    for handler in handlers:
        made.add_handler(handler())
    return made


def fetch(url: str, limit: int, headers: Mapping[str, str] | None = None) -> bytes:
    """Return the body of the answer to GET, at most ``limit`` bytes; a redirect is not followed.

    Raises OperationalError when the URL cannot be fetched or has a name or password in it, when nobody answers, when
    the status is not a success, and when the body is longer. No message repeats the URL's parameters.
    """
    shown = anonymous_web_address(url).shown
    request = Request(url, headers={"User-Agent": f"metrics-dictionary/{__version__}", **(headers or {})})  # noqa: S310
    try:
        with opener().open(request, timeout=TIMEOUT) as response:
            body: bytes = response.read(limit + 1)
    except HTTPError as error:
        with error:
            raise OperationalError(
                f"{shown}: answered {error.code} {one_line(error.reason)}{_advice(error)}"
            ) from error
    except (OSError, HTTPException, ValueError) as error:
        why = without_credentials(one_line(str(getattr(error, "reason", None) or error))) or type(error).__name__
        raise OperationalError(f"{shown}: no answer: {why}; check the address and the network") from error
    if len(body) > limit:
        raise OperationalError(f"{shown}: the answer has more than {limit // 1024**2} MiB; is it the right address?")
    return body


def redirect_target(error: HTTPError) -> str:
    """Return where a redirect points to, without parameters, which may be a signature."""
    location = one_line(error.headers.get("Location") or "")
    if is_address(location):
        return shown_address(location)
    path = location.partition("?")[0].partition("#")[0]
    return "another place" if may_hold_secret(path) else path or "nowhere"


def _advice(error: HTTPError) -> str:
    if error.code in (401, 403):
        return "; give a token that may read it"
    if 300 <= error.code < 400:
        return f"; it points to {redirect_target(error)}: use that URL if it is right"
    return "; check the address"
