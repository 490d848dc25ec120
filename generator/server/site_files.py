"""The built site, file by file."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING
from urllib.parse import quote

from generator.server.message import Request, Response, not_found, strong_etag

if TYPE_CHECKING:
    from pathlib import Path

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
"""Said here for the types that matter: what the machine's own table says differs from one to the next."""

PAGE_HEADERS = {
    # Definitions are untrusted text. Should one ever slip through the templates' escaping, it still cannot load
    # anything from, or send anything to, another origin.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
}


class SiteFiles:
    """Answers with files of one folder, which may be swapped for a newer build at any time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, request: Request) -> Response:
        """Answer with the file at the request's path; a folder answers with its ``index.html``."""
        names = request.path.split("/")[1:]
        if any(name in {".", ".."} or "\0" in name or "\\" in name for name in names):
            return self._missing()
        path = self._folder.joinpath(*names)
        if names[-1] == "":
            return self._file(path / "index.html")
        if path.is_dir():
            return Response(308, headers={"Location": f"{quote(names[-1])}/"})
        return self._file(path)

    def _file(self, path: Path) -> Response:
        try:
            with path.open("rb") as file:
                body = file.read()
        except OSError:
            return self._missing()
        content_type = CONTENT_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
        headers = PAGE_HEADERS if path.suffix == ".html" else {}
        return Response(200, body, content_type or "application/octet-stream", headers, etag=strong_etag(body))

    def _missing(self) -> Response:
        try:
            body = (self._folder / "404.html").read_bytes()
        except OSError:
            return not_found()
        return Response(404, body, CONTENT_TYPES[".html"], PAGE_HEADERS)
