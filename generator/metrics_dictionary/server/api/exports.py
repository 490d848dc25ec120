"""``service_ping``, ``queries`` and ``non_sql_metrics``: the payload, and what is behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.ping.collect.listing import non_sql_metrics, queries
from metrics_dictionary.ping.collect.payload import strict_json
from metrics_dictionary.server.transport.message import Response

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.ping.sources.evaluation import Sources
    from metrics_dictionary.server.api.route import Call
    from metrics_dictionary.stores.store import Store
    from metrics_dictionary.tools.clock import Clock

NOTHING_CACHED = "{}"


class ServicePingExports:
    """The handlers. Only the cached payload is exported; no call makes the server collect one."""

    def __init__(self, dictionary: Dictionary, sources: Sources, store: Store, *, clock: Clock) -> None:
        self._dictionary = dictionary
        self._sources = sources
        self._store = store
        self._clock = clock

    def service_ping(self, call: Call) -> Response:
        """Answer with the cached payload."""
        payload = self._store.payload()
        return Response(200, (NOTHING_CACHED if payload is None else payload.payload).encode())

    def queries(self, call: Call) -> Response:
        """Answer with the SQL behind each database metric."""
        return _tree(queries(self._dictionary, self._sources, self._clock()))

    def non_sql_metrics(self, call: Call) -> Response:
        """Answer with the values of all metrics that need no SQL."""
        return _tree(non_sql_metrics(self._dictionary, self._sources, self._clock()))


def _tree(tree: dict[str, object]) -> Response:
    return Response(200, strict_json(tree).encode())
