"""The transport: ``http.server``, set up so that it answers quickly and cannot be held up."""

from __future__ import annotations

import contextlib
import socket
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from generator import __version__
from generator.errors import OperationalError
from generator.server.message import Request, Response

if TYPE_CHECKING:
    from generator.server.routes import Router

MAX_BODY = 1024 * 1024
"""Bytes of a request's body that are read; more is refused."""

IDLE_SECONDS = 15.0
"""How long a connection may be silent."""


class Server(ThreadingHTTPServer):
    """Listens on one address, and answers by one router once it is told to serve.

    Listening comes first, so that a port in use is known before a site is built. Raises OperationalError then.
    """

    daemon_threads = True
    # The default of five resets connections as soon as more arrive at once.
    request_queue_size = 1024

    router: Router

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            super().__init__((host, port), Handler)
        except OSError as error:
            reason = f"cannot listen on {host}:{port}: {error.strerror}"
            raise OperationalError(f"{reason}; choose another --host or --port") from None

    @property
    def url(self) -> str:
        """The address to open in a browser."""
        host, port = self.server_address[:2]
        return f"http://[{host!s}]:{port}/" if ":" in str(host) else f"http://{host!s}:{port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a client that went away go quietly; anything else is a bug and is printed."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = f"metrics-dictionary/{__version__}"
    sys_version = ""
    # Header and body leave in one segment: unbuffered writes with Nagle's algorithm stall each answer for 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        """Answer a call of any method."""
        if not self._drain_body():
            return
        target = urlsplit(self.path)
        try:
            path = unquote(target.path, errors="strict")
        except UnicodeDecodeError:
            self.send_error(HTTPStatus.BAD_REQUEST, "the path is not UTF-8")
            return
        query = dict(parse_qsl(target.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        server = cast("Server", self.server)
        self._send(server.router.answer(Request(self.command, path, query, headers)))

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def _drain_body(self) -> bool:
        """Read what the client sent along; what stays unread would be taken for the next request."""
        if "transfer-encoding" in self.headers:
            self.close_connection = True
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return False
        length = self.headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            self.close_connection = True
            self.send_error(HTTPStatus.BAD_REQUEST, "Content-Length is not a number")
            return False
        if int(length) > MAX_BODY:
            self.close_connection = True
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return False
        self.rfile.read(int(length))
        return True

    def _send(self, response: Response) -> None:
        unchanged = response.etag is not None and _matches(self.headers.get("if-none-match"), response.etag)
        self.send_response(HTTPStatus.NOT_MODIFIED if unchanged else response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.etag:
            self.send_header("ETag", response.etag)
            self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        if not unchanged and response.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD" and not unchanged:
            self.wfile.write(response.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Stay quiet: standard error belongs to whoever started the server."""


def _matches(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    return header.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in header.split(",")}


def serve_until_interrupted(server: Server, router: Router) -> None:
    """Answer requests until the process is interrupted (Ctrl-C)."""
    server.router = router
    with server, contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
