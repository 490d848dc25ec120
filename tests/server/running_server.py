"""A server for tests: the whole application on a free port, with a real store."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from metrics_dictionary.cli.options import opened_store
from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.server.api.router import Router
from metrics_dictionary.server.application import Application
from metrics_dictionary.server.transport.server import Server, ServerOptions
from metrics_dictionary.settings import load_settings
from metrics_dictionary.stores.tokens import new_token

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from metrics_dictionary.settings import Value
    from metrics_dictionary.stores.store import Store

API = "/api/v4/usage_data"
EVENT = "mr_name_changed"
COUNTER = f"{{event_counters}}_{EVENT}"

ROLES = {
    "reader": ({"read_service_ping"}, False, None),
    "tracker": ({"api"}, False, None),
    "assistant": ({"ai_workflows"}, False, None),
    "administrator": ({"api"}, True, None),
    "expired": ({"api"}, True, date(2020, 1, 1)),
}

OPTIONS = ServerOptions("127.0.0.1", 0, threads=4, idle_seconds=5.0, stop_seconds=5.0)


def sample_dictionary() -> Dictionary:
    """Return two metrics that read one event, and a second event that is removed."""
    long = {"description": "How often the name of a merge request was changed, by whomever. " * 10}
    counted = {**long, "key_path": "counts.mr_name_changed", "time_frame": "all", "data_source": "internal_events"}
    users = {"key_path": "redis_hll_counters.x", "time_frame": ["7d", "28d"], "data_source": "internal_events"}
    event = {"action": EVENT, "additional_properties": {"lang": {"description": "The language."}}}
    return Dictionary(
        metrics=(
            MetricDefinition({**counted, "events": [{"name": EVENT}]}, "definitions/metrics/a.yml"),
            MetricDefinition({**users, "events": [{"name": EVENT, "unique": "user.id"}]}, "definitions/metrics/b.yml"),
        ),
        event_definitions=(
            EventDefinition(event, "definitions/events/a.yml"),
            EventDefinition({"action": "old_event", "status": "removed"}, "definitions/events/b.yml"),
        ),
        instrumentations={},
    )


@dataclass(frozen=True)
class Running:
    """A server that answers, and what it works with. ``tokens`` is role -> secret, ``identifiers`` role -> id."""

    server: Server
    store: Store
    application: Application
    tokens: Mapping[str, str]
    identifiers: Mapping[str, str]
    loop: threading.Thread

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def headers(self, role: str) -> dict[str, str]:
        return {"PRIVATE-TOKEN": self.tokens[role]}

    def count(self) -> float:
        """Return how often the sample's event was counted."""
        return self.store.totals([COUNTER]).get(COUNTER, 0)


@contextmanager
def running(
    folder: Path,
    options: ServerOptions = OPTIONS,
    *,
    settings: Mapping[str, Value] | None = None,
    store: str | None = None,
    dictionary: Dictionary | None = None,
    settings_file: Path | None = None,
) -> Iterator[Running]:
    """Serve while the context lasts; ``folder`` gets a store unless one is named, and a site if it has none."""
    site = folder / "site"
    site.mkdir(exist_ok=True)
    url = store or f"sqlite:///{folder / 'store.db'}"
    in_force = load_settings(settings_file, {"store": url, **(settings or {})}, environment={})
    with closing(opened_store(in_force, announce=False)) as opened:
        secrets, identifiers = {}, {}
        for user, (role, (scopes, admin, expires)) in enumerate(ROLES.items(), start=1):
            secret, token = new_token(user, frozenset(scopes), datetime.now(UTC), admin=admin, expires=expires)
            opened.add_token(token)
            secrets[role], identifiers[role] = secret, token.identifier
        application = Application.opened(in_force, dictionary or sample_dictionary(), opened, site)
        server = Server(options)
        server.router = Router(application)
        thread = threading.Thread(target=server.serve_forever, name="loop", daemon=True)
        with server, application.probe.running():
            thread.start()
            try:
                yield Running(server, opened, application, secrets, identifiers, thread)
            finally:
                server.shutdown()
                thread.join(5)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> object:
        return json.loads(self.body)


class Client:
    """One keep-alive connection, from one of this machine's addresses."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(source, 0))

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        self.connection.request(method, path, body, dict(headers or {}))
        response = self.connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, None, {name.replace("_", "-"): value for name, value in headers.items()})

    def post_json(self, path: str, value: object, headers: Mapping[str, str]) -> Answer:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.call("POST", path, body, {"Content-Type": "application/json", **headers})

    def close(self) -> None:
        self.connection.close()


def raw(port: int, data: bytes, *, timeout: float = 5.0) -> bytes:
    """Send bytes and return all that comes back until the server closes, or nothing more comes for a moment."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(data)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    received = b""
    try:
        while data := connection.recv(65536):
            received += data
    except (TimeoutError, ConnectionResetError):
        return received
    return received
