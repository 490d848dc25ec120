"""HTTP requests to servers that somebody configured: no redirects, http and https only."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
)

if TYPE_CHECKING:
    from urllib.request import BaseHandler


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
