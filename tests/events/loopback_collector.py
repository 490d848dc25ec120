"""A collector on loopback that holds every request against the tracker protocol."""

from __future__ import annotations

import base64
import json
import socket
import threading
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from jsonschema import Draft4Validator

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedIOBase

PAYLOAD = {
    "type": "object",
    "required": ["schema", "data"],
    "additionalProperties": False,
    "properties": {
        "schema": {"enum": ["iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"]},
        "data": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["e", "tv", "p", "eid", "dtm", "stm", "tna", "aid", "se_ca", "se_ac", "cx"],
                "additionalProperties": False,
                "properties": {
                    "e": {"enum": ["se"]},
                    "p": {"enum": ["srv"]},
                    "tna": {"enum": ["gl"]},
                    "tv": {"type": "string", "pattern": "^py-[0-9.]+$"},
                    "aid": {"type": "string", "minLength": 1},
                    "eid": {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
                    "dtm": {"type": "string", "pattern": "^[0-9]{13}$"},
                    "stm": {"type": "string", "pattern": "^[0-9]{13}$"},
                    "se_ca": {"type": "string", "minLength": 1},
                    "se_ac": {"type": "string", "minLength": 1},
                    "se_la": {"type": "string", "minLength": 1, "maxLength": 1000},
                    "se_pr": {"type": "string", "minLength": 1, "maxLength": 1000},
                    "se_va": {"type": "string", "pattern": "^-?[0-9.]+(e[+-]?[0-9]+)?$"},
                    "cx": {"type": "string", "pattern": "^[A-Za-z0-9_=-]+$"},
                },
            },
        },
    },
}
"""The form of a tracker's request, written down from the protocol's description."""


CUT = "cut"


@dataclass
class LoopbackCollector:
    """Answers what ``status`` says for the n-th request, 413 to more than ``largest`` events; keeps what it accepts.

    ``status_of`` decides by the events, and may say CUT: then the connection is closed without an answer.
    ``answer`` writes the answer in its own way, and returns CUT to have the connection closed; ``connections`` counts
    those that were opened.
    """

    status: Callable[[int], int] = lambda _: 200
    status_of: Callable[[list[dict[str, str]]], int | str] = lambda _: 200
    before_answer: Callable[[], object] = lambda: None
    answer: Callable[[BufferedIOBase, bytes], object] = lambda client, answer: client.write(answer)
    largest: int = 1000
    requests: int = 0
    connections: int = 0
    sizes: list[int] = field(default_factory=list)
    events: list[dict[str, str]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    port: int = 0
    _open: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> LoopbackCollector:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                collector.connections += 1
                collector._open.append(self.connection)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = collector.take(self.path, self.headers["Content-Type"], body)
                if status == CUT:
                    self.close_connection = True
                    return
                head = f"HTTP/1.1 {status} {HTTPStatus(int(status)).phrase}\r\nContent-Length: 2\r\n\r\n"
                self.close_connection = collector.answer(self.wfile, head.encode() + b"ok") is CUT

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.hang_up()

    def hang_up(self) -> None:
        """Close the connections that clients keep."""
        kept, self._open = self._open, []
        for connection in kept:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def take(self, path: str, content_type: str, body: bytes) -> int | str:
        self.requests += 1
        self.before_answer()
        if path != "/com.snowplowanalytics.snowplow/tp2":
            self.complaints.append(f"path {path}")
        if content_type != "application/json; charset=utf-8":
            self.complaints.append(f"content type {content_type}")
        document = json.loads(body)
        self.complaints += [error.message for error in Draft4Validator(PAYLOAD).iter_errors(document)]
        self.sizes.append(len(document["data"]))
        status: int | str = self.status(self.requests) if self.sizes[-1] <= self.largest else 413
        if status == 200:
            status = self.status_of(document["data"])
        if status in range(200, 300):
            self.events += document["data"]
        return status

    def accepted(self) -> list[dict[str, str]]:
        """Return the accepted events, of which each is well-formed and has an identifier of its own."""
        assert self.complaints == []
        identifiers = [uuid.UUID(event["eid"]) for event in self.events]
        assert len(set(identifiers)) == len(identifiers)
        return self.events


def contexts(event: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return the contexts of an event by the name of their schema."""
    envelope = json.loads(base64.urlsafe_b64decode(event["cx"]))
    assert envelope["schema"] == "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1"
    return {context["schema"]: context["data"] for context in envelope["data"]}
