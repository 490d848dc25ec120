"""A Snowplow collector: takes batches of events by HTTP."""

from __future__ import annotations

import http.client
import json
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


class CollectorUnavailableError(UnavailableError):
    """The collector did not answer. The message is one line and names it."""


class Collector:
    """One collector by its address, `http://[NAME:PASSWORD@]HOST[:PORT][/PATH]` or `https://`.

    Name and password are sent as Basic authentication. Raises OperationalError for anything else.
    """

    def __init__(self, url: str, *, timeout: float = 10.0) -> None:
        """``timeout`` is in seconds, for each step of a request."""
        self._timeout = timeout
        self._address = address = web_address(url, "http://127.0.0.1:9090", "the collector's address")
        self.shown = address.shown
        self._connect = _CONNECTIONS[address.scheme]
        self._path = address.path.rstrip("/") + PATH

    def post(self, events: Sequence[Mapping[str, str]]) -> int:
        """Send events in one request and return the status of the answer; 200 means that the collector has them.

        Raises CollectorUnavailableError when the collector does not answer.
        """
        body = json.dumps({"schema": PAYLOAD_DATA, "data": events}).encode("ascii")
        connection = self._connect(self._address.host, self._address.port, timeout=self._timeout)
        try:
            connection.request("POST", self._path, body, HEADERS | self._address.authorization)
            answer = connection.getresponse()
            answer.read(MAX_RESPONSE)
        except (OSError, http.client.HTTPException) as error:
            reason = str(error) or type(error).__name__
            raise CollectorUnavailableError(f"collector {self.shown}: {reason}") from None
        finally:
            connection.close()
        return answer.status


_CONNECTIONS: dict[str, type[http.client.HTTPConnection]] = {
    "http": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
}
