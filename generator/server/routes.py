"""The route table: which call is answered by what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.server.definitions import MetricDefinitions
from generator.server.message import Request, Response, json_response, not_found
from generator.server.site_files import SiteFiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from generator.dictionary.dictionary import Dictionary

API = "/api/v4/usage_data"


@dataclass(frozen=True, slots=True)
class Route:
    """One call of the API."""

    method: str
    path: str
    summary: str
    handle: Callable[[Request], Response]


class Router:
    """Finds who answers a request: the API below ``/api/``, the site everywhere else."""

    def __init__(self, routes: tuple[Route, ...], site: SiteFiles) -> None:
        self._routes: dict[str, dict[str, Route]] = {}
        for route in routes:
            self._routes.setdefault(route.path, {})[route.method] = route
        self._site = site

    def answer(self, request: Request) -> Response:
        """Answer a request; HEAD is answered as GET, and the transport drops the body."""
        methods = self._methods(request.path)
        if methods is None:
            return not_found()
        method = "GET" if request.method == "HEAD" else request.method
        if method in methods:
            return methods[method](request)
        allowed = {"Allow": ", ".join(sorted({*methods, "OPTIONS"} | ({"HEAD"} if "GET" in methods else set())))}
        if method == "OPTIONS":
            return Response(204, headers=allowed)
        return json_response(405, {"message": "405 Method Not Allowed"}, allowed)

    def _methods(self, path: str) -> dict[str, Callable[[Request], Response]] | None:
        if routes := self._routes.get(path.removesuffix("/")):
            return {method: route.handle for method, route in routes.items()}
        return None if path.startswith("/api/") else {"GET": self._site.get}


def router(dictionary: Dictionary, site: Path) -> Router:
    """Return the router of a dictionary and its built site."""
    definitions = MetricDefinitions(dictionary)
    return Router(
        (Route("GET", f"{API}/metric_definitions", "All metric definitions as one YAML document", definitions.get),),
        SiteFiles(site),
    )
