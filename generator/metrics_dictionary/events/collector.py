"""A Snowplow collector: takes batches of events by HTTP."""

from __future__ import annotations

import http.client
import json
import selectors
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from metrics_dictionary.tools.addresses import web_address
from metrics_dictionary.tools.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATH = "/com.snowplowanalytics.snowplow/tp2"
PAYLOAD_DATA = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"
HEADERS = {"Content-Type": "application/json; charset=utf-8"}

MAX_RESPONSE = 65_536
"""How many bytes of an answer are read; nothing in it matters."""

IDLE_SECONDS = 30.0
"""How long a connection is kept without a request. After that, something between may have forgotten it in silence."""


class CollectorUnavailableError(UnavailableError):
    """The collector did not answer. The message is one line and names it."""


class Collector:
    """One collector by its address, `http://[NAME:PASSWORD@]HOST[:PORT][/PATH]` or `https://`.

    Name and password are sent as Basic authentication. Raises OperationalError for anything else. One thread sends; its
    connection is kept from one request to the next.
    """

    def __init__(self, url: str, *, timeout: float = 10.0) -> None:
        """``timeout`` is in seconds, for each step of a request."""
        self._address = address = web_address(url, "http://127.0.0.1:9090", "the collector's address")
        self.shown = address.shown
        self._path = address.path.rstrip("/") + PATH
        self._connection = _CONNECTIONS[address.scheme](address.host, address.port, timeout=timeout)
        self._last_used = 0.0

    def post(self, events: Sequence[Mapping[str, str]]) -> int:
        """Send events in one request and return the status of the answer; 2xx means that the collector has them.

        Raises CollectorUnavailableError when the collector does not answer. It may have the events even so.
        """
        body = json.dumps({"schema": PAYLOAD_DATA, "data": events}).encode("ascii")
        connection = self._connection
        self._drop_stale_connection()
        try:
            connection.request("POST", self._path, body, HEADERS | self._address.authorization)
            answer = connection.getresponse()
        except (OSError, ValueError, http.client.HTTPException) as error:  # ValueError: a host that no name can be
            connection.close()
            reason = getattr(error, "strerror", None) or str(error) or "it broke off the connection"
            raise CollectorUnavailableError(f"collector {self.shown}: {reason}") from None
        self._finish(answer)
        return answer.status

    def abort(self) -> None:
        """End the request that is under way, which another thread sent; its `post` then raises what it raises."""
        under_way = self._connection.sock
        if under_way is not None:
            with suppress(OSError):  # it has just ended by itself
                socket.socket.shutdown(under_way, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        self._connection.close()

    def _drop_stale_connection(self) -> None:
        """Close a connection that the collector has closed, and one that was idle for long."""
        kept = self._connection.sock
        if kept is not None and (time.monotonic() - self._last_used > IDLE_SECONDS or _is_readable(kept)):
            self._connection.close()

    def _finish(self, answer: http.client.HTTPResponse) -> None:
        """Read the rest of an answer, so that the connection can be used again; what it says was said by the status."""
        try:
            if not answer.will_close:
                answer.read(MAX_RESPONSE)
        except (OSError, http.client.HTTPException):
            answer.close()
            self._connection.close()
        if not answer.isclosed():
            answer.close()
            self._connection.close()
        self._last_used = time.monotonic()


_CONNECTIONS: dict[str, type[http.client.HTTPConnection]] = {
    "http": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
}


def _is_readable(kept: socket.socket) -> bool:
    """Whether something came on a connection on which nothing is awaited: its end, as a rule."""
    with selectors.DefaultSelector() as selector:  # not `select`, which knows no descriptor above 1,023
        selector.register(kept, selectors.EVENT_READ)
        return bool(selector.select(0))
