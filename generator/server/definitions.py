"""``GET /api/v4/usage_data/metric_definitions``: the combined definitions as one YAML document."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from generator.exports.formats import export_metrics
from generator.server.message import Request, Response, invalid, strong_etag

if TYPE_CHECKING:
    from generator.dictionary.dictionary import Dictionary

TRUTH = {"true": True, "1": True, "false": False, "0": False}
"""How a boolean parameter may be written, as in GitLab's API."""


class MetricDefinitions:
    """The two answers, rendered once: with and without the files' paths."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary = dictionary

    def get(self, request: Request) -> Response:
        """Answer a request; ``include_paths`` adds ``file_path`` to each definition."""
        include_paths = TRUTH.get(request.query.get("include_paths", "false").lower())
        if include_paths is None:
            return invalid("include_paths")
        return self._with_paths if include_paths else self._plain

    @cached_property
    def _plain(self) -> Response:
        return _answer(export_metrics(self._dictionary, "yaml"))

    @cached_property
    def _with_paths(self) -> Response:
        return _answer(export_metrics(self._dictionary, "yaml", include_paths=True))


def _answer(text: str) -> Response:
    body = text.encode()
    return Response(200, body, "application/yaml", etag=strong_etag(body))
