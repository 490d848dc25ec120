"""The built site, file by file."""

from __future__ import annotations

import mimetypes
import re
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING
from urllib.parse import quote

from metrics_dictionary.server.api.route import Route, RouteResponse
from metrics_dictionary.server.transport.request import public_query
from metrics_dictionary.server.transport.response import Response, compressed, not_found, strong_etag
from metrics_dictionary.tools.files import resource

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.server.application import Application
    from metrics_dictionary.server.transport.request import Request

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml",
    ".yml": "application/yaml",
}
"""Said here for the types that matter: what the machine's own table says differs from one to the next. All of them
are text, and worth compressing."""

PAGE_HEADERS = {
    # Definitions are untrusted text. Should one ever slip through the templates' escaping, it still cannot load
    # anything from, or send anything to, another origin.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
}

MAX_CACHED_BYTES = 16 * 1024 * 1024
"""How much of the site is kept in memory, ready to be sent."""

MAX_CACHED_FILE = MAX_CACHED_BYTES // 4

_NOT_ACCEPTED = re.compile(r"q=0(?:\.0{0,3})?")

State = tuple[int, int, int]


def site_route(application: Application) -> Route:
    """Return what answers every path that is not in the route table; it is not part of the API's documentation."""
    page = {200: RouteResponse("A page.", "text/html")}
    return Route("GET", "/", "The site", SiteFiles(application.site).get, page, local=True)


class SiteFiles:
    """Answers with files of one folder, which may be swapped for a newer build at any time."""

    def __init__(self, folder: Path) -> None:
        """Serve ``folder``. Raises OperationalError when this installation lacks its files."""
        self._folder = folder
        self._not_found = (resource("templates") / "server" / "not_found.html").read_bytes()
        self._lock = threading.Lock()
        self._cached: OrderedDict[Path, tuple[State, Response]] = OrderedDict()
        self._cached_bytes = 0

    def get(self, request: Request) -> Response:
        """Answer with the file at the request's path; a folder answers with its ``index.html``."""
        names = request.path.split("/")[1:]
        if any(name in {".", ".."} or "\0" in name or "\\" in name for name in names):
            return self._missing(request)
        path = self._folder.joinpath(*names)
        if names[-1] == "":
            path = path / "index.html"
        try:
            response = self._file(path)
        except IsADirectoryError:
            query = public_query(request.query_text)
            return Response(308, headers={"Location": f"{quote(names[-1])}/{f'?{query}' if query else ''}"})
        except (OSError, ValueError):
            return self._missing(request)
        return response

    def _file(self, path: Path) -> Response:
        """Return a file, from memory when it is still the same. Raises OSError; ValueError for an impossible name."""
        state = _state(path)
        with self._lock:
            cached = self._cached.get(path)
            if cached is not None and cached[0] == state:
                self._cached.move_to_end(path)
                return cached[1]
        with path.open("rb") as file:
            response = _answer(path, file.read())
        if _size(response) <= MAX_CACHED_FILE:
            self._cache(path, state, response)
        return response

    def _cache(self, path: Path, state: State, response: Response) -> None:
        with self._lock:
            self._drop(path)
            self._cached[path] = (state, response)
            self._cached_bytes += _size(response)
            while self._cached_bytes > MAX_CACHED_BYTES:
                self._drop(next(iter(self._cached)))

    def _drop(self, path: Path) -> None:
        _, response = self._cached.pop(path, (None, None))
        if response is not None:
            self._cached_bytes -= _size(response)

    def _missing(self, request: Request) -> Response:
        """Answer a reader with a page, and a program as the API does."""
        if not _wants_page(request.headers.get("accept", "")):
            return not_found()
        return Response(404, self._not_found, CONTENT_TYPES[".html"], PAGE_HEADERS)


def _wants_page(accept: str) -> bool:
    """Return whether an Accept header names HTML, as browsers' do; a mere ``*/*`` is a program's."""
    kinds = (item.partition(";") for item in accept.lower().split(",")[:50])
    return any(kind.strip() == "text/html" and not _NOT_ACCEPTED.fullmatch(rest.strip()) for kind, _, rest in kinds)


def _state(path: Path) -> State:
    """Return what differs between two versions of a file. Raises OSError."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _size(response: Response) -> int:
    return len(response.body) + len(response.compressed or b"")


def _answer(path: Path, body: bytes) -> Response:
    content_type = CONTENT_TYPES.get(path.suffix)
    smaller = None
    if content_type is None:
        content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    elif len(body) <= MAX_CACHED_FILE:
        # A larger file would have to be compressed for each request anew.
        smaller = compressed(body)
    headers = PAGE_HEADERS if path.suffix == ".html" else {}
    return Response(200, body, content_type, headers, etag=strong_etag(body), compressed=smaller)
