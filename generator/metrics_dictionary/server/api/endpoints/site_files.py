"""The built site, file by file."""

from __future__ import annotations

import errno
import mimetypes
import os
import re
import stat
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from metrics_dictionary.server.api.route import Route, RouteResponse
from metrics_dictionary.server.lifecycle import Phase
from metrics_dictionary.server.transport.access_log import log_warning
from metrics_dictionary.server.transport.request import public_query
from metrics_dictionary.server.transport.response import (
    Response,
    compressed,
    not_found,
    starting,
    strong_etag,
    unavailable,
)
from metrics_dictionary.tools.files import resource
from metrics_dictionary.tools.security_headers import (
    FILE,
    MAX_FILE,
    inline_scripts,
    inline_styles,
    read_headers,
    security_headers,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from metrics_dictionary.server.application import Application
    from metrics_dictionary.server.lifecycle import Lifecycle
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

MAX_CACHED_BYTES = 16 * 1024 * 1024
"""How much of the site is kept in memory, ready to be sent."""

MAX_CACHED_FILE = MAX_CACHED_BYTES // 4

NOT_THERE = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO))
"""Errors that mean that there is no such page. A link gives ELOOP, a socket ENXIO. Any other is the machine's."""

_NOT_ACCEPTED = re.compile(r"q=0(?:\.0{0,3})?")

FileState = tuple[int, int, int, int]
"""What differs between two versions of a file: its time of change, its size, its number and the device of that."""

State = tuple[FileState, Mapping[str, str]]


def site_route(application: Application) -> Route:
    """Return what answers every path that is not in the route table; it is not part of the API's documentation."""
    files = SiteFiles(application.site, application.lifecycle)
    page = {200: RouteResponse("A page.", "text/html")}
    return Route("GET", "/", "The site", files.get, page, local=True)


class SiteFiles:
    """Answers with files of one folder, which may be swapped for a newer build at any time."""

    def __init__(self, folder: Path, lifecycle: Lifecycle) -> None:
        """Serve ``folder`` once it is built. Raises OperationalError when this installation lacks its files."""
        self._folder = folder
        self._lifecycle = lifecycle
        self._not_found = _page("not_found.html", 404)
        self._building = _page("building.html", 503, starting(Phase.BUILDING.value).headers)
        self._headers: tuple[FileState | None, Mapping[str, str]] = (None, security_headers())
        self._lock = threading.Lock()
        self._cached: OrderedDict[tuple[str, ...], tuple[State, Response]] = OrderedDict()
        self._cached_bytes = 0

    def get(self, request: Request) -> Response:
        """Answer with the file at the request's path; a folder answers with its ``index.html``."""
        if self._lifecycle.phase is Phase.BUILDING:
            return self._not_yet(request)
        names = request.path.split("/")[1:]
        is_folder = names[-1] == ""
        if is_folder:
            names[-1] = "index.html"
        if any(name in {"", ".", ".."} or "\0" in name or "\\" in name for name in names):
            return self._missing(request)
        try:
            return self._file(tuple(names))
        except IsADirectoryError:
            if is_folder:
                return self._missing(request)
            query = public_query(request.query_text)
            return Response(308, headers={"Location": f"{quote(names[-1])}/{f'?{query}' if query else ''}"})
        except ValueError:
            return self._missing(request)
        except OSError as error:
            if error.errno in NOT_THERE:
                return self._missing(request)
            log_warning(request, f"cannot read a file of the site: {error.strerror}")
            return unavailable("a file of the site cannot be read")

    def _file(self, names: tuple[str, ...]) -> Response:
        """Return a file, from memory when it is still the same. Raises OSError; ValueError for an impossible name."""
        headers = self._site_headers()
        # What is in memory was read from a file of the site; that it is still the same file takes one question.
        state = _state(os.lstat(self._folder.joinpath(*names)))
        with self._lock:
            cached = self._cached.get(names)
            if cached is not None and cached[0] == (state, headers):
                self._cached.move_to_end(names)
                return cached[1]
        with _opened(self._folder, names) as descriptor:
            state = _state(os.fstat(descriptor))
            body = _read(descriptor)
        response = _answer(names[-1], body, headers)
        if _size(response) <= MAX_CACHED_FILE:
            self._cache(names, (state, headers), response)
        return response

    def _site_headers(self) -> Mapping[str, str]:
        """Return what the build says that a browser is to be told; the strictest of it where it says nothing."""
        try:
            if _state(os.lstat(self._folder / FILE)) != self._headers[0]:
                with _opened(self._folder, (FILE,)) as descriptor:
                    self._headers = _state(os.fstat(descriptor)), read_headers(os.read(descriptor, MAX_FILE))
        except (OSError, ValueError):
            self._headers = None, security_headers()
        return self._headers[1]

    def _cache(self, names: tuple[str, ...], state: State, response: Response) -> None:
        with self._lock:
            self._drop(names)
            self._cached[names] = (state, response)
            self._cached_bytes += _size(response)
            while self._cached_bytes > MAX_CACHED_BYTES:
                self._drop(next(iter(self._cached)))

    def _drop(self, names: tuple[str, ...]) -> None:
        _, response = self._cached.pop(names, (None, None))
        if response is not None:
            self._cached_bytes -= _size(response)

    def _not_yet(self, request: Request) -> Response:
        return self._building if _wants_page(request.headers.get("accept", "")) else starting(Phase.BUILDING.value)

    def _missing(self, request: Request) -> Response:
        """Answer a reader with a page, and a program as the API does."""
        if not _wants_page(request.headers.get("accept", "")):
            return not_found()
        return self._not_found


def _page(name: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return a page of the server's own. Raises OperationalError when this installation lacks it."""
    text = (resource("templates") / "server" / name).read_text(encoding="utf-8")
    return Response(
        status,
        text.encode(),
        CONTENT_TYPES[".html"],
        {**security_headers(inline_scripts(text), inline_styles(text)), **(headers or {})},
    )


def _wants_page(accept: str) -> bool:
    """Return whether an Accept header names HTML, as browsers' do; a mere ``*/*`` is a program's."""
    kinds = (item.partition(";") for item in accept.lower().split(",")[:50])
    return any(kind.strip() == "text/html" and not _NOT_ACCEPTED.fullmatch(rest.strip()) for kind, _, rest in kinds)


@contextmanager
def _opened(folder: Path, names: Sequence[str]) -> Iterator[int]:
    """Open a file of a folder. Raises OSError for what is not a file, or is one only by way of a symbolic link.

    A link could lead out of the site, and a pipe would keep the thread that opens it until somebody writes.
    """
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for position, name in enumerate(names, start=1):
            kind = os.O_NONBLOCK if position == len(names) else os.O_DIRECTORY
            inner = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | kind, dir_fd=opened)
            os.close(opened)
            opened = inner
        mode = os.fstat(opened).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise FileNotFoundError(errno.ENOENT, "is not a regular file")
        yield opened
    finally:
        os.close(opened)


def _state(status: os.stat_result) -> FileState:
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_dev


def _read(descriptor: int) -> bytes:
    with open(descriptor, "rb", closefd=False) as file:
        return file.read()


def _size(response: Response) -> int:
    return len(response.body) + len(response.compressed or b"")


def _answer(name: str, body: bytes, headers: Mapping[str, str]) -> Response:
    suffix = Path(name).suffix
    content_type = CONTENT_TYPES.get(suffix)
    smaller = None
    if content_type is None:
        content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    elif len(body) <= MAX_CACHED_FILE:
        # A larger file would have to be compressed for each request anew.
        smaller = compressed(body)
    return Response(200, body, content_type, headers, etag=strong_etag(body), compressed=smaller)
