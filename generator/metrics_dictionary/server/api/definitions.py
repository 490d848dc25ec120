"""``GET /api/v4/usage_data/metric_definitions``: the combined definitions as one YAML document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.exports.definitions import export_metrics
from metrics_dictionary.server.transport.message import Response, invalid, strong_etag
from metrics_dictionary.server.transport.representation import compressed

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.server.api.route import Call

TRUTH = {"true": True, "1": True, "false": False, "0": False}
"""How a boolean parameter may be written, as in GitLab's API."""


class MetricDefinitions:
    """The two answers, with and without the files' paths: rendered before the first client asks."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._plain = _answer(export_metrics(dictionary, "yaml"))
        self._with_paths = _answer(export_metrics(dictionary, "yaml", include_paths=True))

    def get(self, call: Call) -> Response:
        """Answer a request; ``include_paths`` adds ``file_path`` to each definition."""
        include_paths = TRUTH.get(call.request.query.get("include_paths", "false").lower())
        if include_paths is None:
            return invalid("include_paths")
        return self._with_paths if include_paths else self._plain


def _answer(text: str) -> Response:
    body = text.encode()
    return Response(200, body, "application/yaml", etag=strong_etag(body), compressed=compressed(body))
