"""Dictionaries, sources and a local HTTP server for the tests of collecting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast

from metrics_dictionary.dictionary.dictionary import Dictionary, Instrumentation
from tests.small_root import short_metric

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.ping.database.database import Database
    from metrics_dictionary.ping.query.relation import Relation

NOW = datetime(2024, 1, 15, 23, 33, 50, 387_000, tzinfo=UTC)

Entries = Mapping[str, Mapping[str, object]]


def metric(key_path: str, instrumentation_class: str | None = None, **fields: object) -> MetricDefinition:
    if instrumentation_class is not None:
        fields["instrumentation_class"] = instrumentation_class
    return short_metric(key_path, **fields)


def dictionary(
    *metrics: MetricDefinition, entries: Entries | None = None, schemas: Mapping[str, object] | None = None
) -> Dictionary:
    file = "definitions/instrumentations/samples.yml"
    found = {name: Instrumentation(name, fields, file) for name, fields in (entries or {}).items()}
    return Dictionary(metrics, instrumentations=found, object_schemas=schemas or {})


def setting(name: str) -> dict[str, object]:
    return {"source": "setting", "setting": name}


def counted(table: str) -> dict[str, object]:
    return {"source": "database", "operation": "count", "table": table}


def added(*key_paths: str) -> dict[str, object]:
    return {"source": "numbers", "operation": "add", "metrics": list(key_paths)}


class FakeDatabase:
    """Answers by table; an answer that is an exception is raised."""

    adapter = "sqlite"

    def __init__(self, answers: Mapping[str, object]) -> None:
        self.answers = answers
        self.asked: list[Relation] = []

    def compute(self, relation: Relation) -> object:
        self.asked.append(relation)
        answer = self.answers[relation.rows.table]
        if isinstance(answer, BaseException):
            raise answer
        return answer


def database(**answers: object) -> Database:
    return cast("Database", FakeDatabase(answers))


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Web:
    """A server on loopback. ``answer`` gives status, headers and body for a request."""

    url: str
    requests: list[Request] = field(default_factory=list)


Answer = tuple[int, dict[str, str], str]


@contextmanager
def web(answer: Callable[[Request], Answer]) -> Iterator[Web]:
    served: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            request = Request(self.command, self.path, dict(self.headers), self.rfile.read(length).decode())
            served.append(request)
            status, headers, body = answer(request)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET  # noqa: N815 - the name that http.server asks for

        def log_message(self, *_: Any) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield Web(f"http://127.0.0.1:{server.server_port}", served)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
