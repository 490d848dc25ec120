"""A Prometheus server and instant queries to it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request

from metrics_dictionary.ping.measurement import MetricFailed, SourceUnavailableError
from metrics_dictionary.tools.addresses import Address, web_address, without_credentials
from metrics_dictionary.tools.web_document import opener

if TYPE_CHECKING:
    from metrics_dictionary.ping.sources.evaluation import Evaluation

TIMEOUT = 10.0
"""Seconds."""

MAX_ANSWER_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A server by the address of its start page; a name and a password in it are sent as Basic authentication."""

    url: str = field(repr=False)
    timeout: float = TIMEOUT

    def __post_init__(self) -> None:
        """Raise OperationalError when the URL is not one of an HTTP server."""
        self._address()

    def first_value(self, query: str) -> float:
        """Return the first value of an instant query, which may be NaN.

        Raises SourceUnavailableError when the server does not answer, MetricFailed when it refuses the query or
        has no value.
        """
        return _first_value(self._answer(query))

    def _address(self) -> Address:
        return web_address(self.url, "http://127.0.0.1:9091", "the address of Prometheus")

    def _answer(self, query: str) -> object:
        address = self._address()
        url = f"{address.url.rstrip('/')}/api/v1/query?{urlencode({'query': query})}"
        try:
            headers = {"Accept": "application/json", **address.authorization}
            request = Request(url, headers=headers)  # noqa: S310 - http and https only, as checked
            with opener().open(request, timeout=self.timeout) as response:
                body = response.read(MAX_ANSWER_BYTES)
        except HTTPError as error:
            with error:
                raise MetricFailed(
                    f"Prometheus answers {error.code}: {_reason(error.read(MAX_ANSWER_BYTES))}"
                ) from None
        except (OSError, HTTPException, ValueError) as error:
            why = without_credentials(str(getattr(error, "reason", None) or error))
            raise SourceUnavailableError(f"Prometheus does not answer: {why}") from None
        return _parsed(body)


def prometheus_value(evaluation: Evaluation) -> object:
    """Return the first value of the instrumentation's query."""
    query = evaluation.entry.at("query").resolved().string()
    if evaluation.sources.prometheus is None:
        raise MetricFailed("no Prometheus server is configured; name one in the setting `prometheus`")
    return evaluation.sources.prometheus(query)


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise MetricFailed("the answer is not that of a Prometheus server: it is not JSON") from None


def _reason(body: bytes) -> str:
    """Return what Prometheus says about a refused query."""
    try:
        return str(json.loads(body)["error"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return "no reason given"


def _first_value(answer: object) -> float:
    try:
        data = answer["data"]  # type: ignore[index]  # whatever it is: what does not fit is caught
        kind, result = data["resultType"], data["result"]
        if kind == "vector" and result == []:
            raise MetricFailed("Prometheus has no value for the query")
        pair = {"scalar": lambda: result, "vector": lambda: result[0]["value"]}[kind]()
        return float(pair[1])
    except (LookupError, TypeError, ValueError):
        raise MetricFailed("the answer holds no number: the query must give an instant vector or a scalar") from None
