"""Every setting changes what happens: for each one an experiment, without it and with it."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from metrics_dictionary.cli.main import program
from metrics_dictionary.cli.options import opened_store
from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.ping.collect.publication import PayloadHeldError
from metrics_dictionary.server.api.router import Router
from metrics_dictionary.server.application import Application
from metrics_dictionary.server.transport.server import Server, ServerOptions
from metrics_dictionary.settings import BY_NAME, load_settings
from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import CachedPayload, Changes, Recording
from metrics_dictionary.stores.tokens import new_token
from metrics_dictionary.tools.errors import OperationalError
from tests.events.loopback_collector import LoopbackCollector
from tests.integration.serve_process import serving, write_root
from tests.ping.collection_samples import counted, dictionary, metric, web
from tests.program import run
from tests.server.running_server import API, Answer, Client
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from metrics_dictionary.settings import Settings
    from metrics_dictionary.site.build.build import BuildOptions

EVENT = "button_pressed"

DICTIONARY = replace(
    dictionary(
        *(
            metric(f"of.{category}", data_category=category, data_source="internal_events", events=[{"name": EVENT}])
            for category in ("operational", "optional", "standard", "subscription")
        ),
        metric("of.database", "Rows"),
        metric("of.slow_view", "Slow"),
        metric("of.prometheus", "Asked"),
        metric("of.structure", "Structure", value_type="object"),
        entries={
            "Rows": counted("users"),
            "Slow": counted("slow"),
            "Asked": {"source": "prometheus", "query": "up"},
            "Structure": {"source": "database_schema"},
        },
    ),
    event_definitions=(EventDefinition({"action": EVENT}, "definitions/events/button_pressed.yml"),),
)

SLOW_VIEW = """CREATE VIEW slow AS
WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n LIMIT 100000) SELECT id FROM n"""


@dataclass(frozen=True)
class Place:
    """Where experiments are made: a folder with a database, a store, a certificate; and two servers on loopback."""

    folder: Path
    collector: LoopbackCollector
    prometheus: str

    def settings_file(self, text: str) -> Path:
        file = self.folder / "settings.toml"
        file.write_text(self.filled(text), encoding="utf-8")
        return file

    def filled(self, text: str) -> str:
        return (
            text.replace("FOLDER", str(self.folder))
            .replace("COLLECTOR", self.collector.url)
            .replace("PROMETHEUS", self.prometheus)
            .replace("FREE_PORT", str(free_port()))
        )


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect(tmp_path / "application.db")) as connection:
        connection.executescript(
            f"CREATE TABLE users (id INTEGER PRIMARY KEY); INSERT INTO users VALUES (1), (2);{SLOW_VIEW};"
        )
    answer = {"status": "success", "data": {"resultType": "vector", "result": [{"value": [1, "3"]}]}}
    with LoopbackCollector() as collector, web(lambda _: (200, {}, json.dumps(answer))) as prometheus:
        yield Place(tmp_path, collector, prometheus.url)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@dataclass(frozen=True)
class Served:
    application: Application
    server: Server
    administrator: dict[str, str]

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def call(self, method: str, path: str, body: object = None) -> Answer:
        with closing(Client(self.port)) as client:
            if method == "GET":
                return client.call("GET", path, None, self.administrator)
            return client.post_json(path, body, self.administrator)


@contextmanager
def opened(place: Place, settings: Settings) -> Iterator[Application]:
    for file in place.folder.glob("store.db*"):
        file.unlink()
    with closing(open_store(f"sqlite:///{place.folder}/store.db")) as store:
        yield Application.opened(settings, DICTIONARY, store, place.folder)


@contextmanager
def served(place: Place, settings: Settings) -> Iterator[Served]:
    with opened(place, settings) as application, Server(ServerOptions.of(settings)) as server:
        secret, token = new_token(1, frozenset({"api"}), datetime.now(UTC), admin=True)
        application.store.add_token(token)
        server.router = Router(application)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Served(application, server, {"PRIVATE-TOKEN": secret})
        server.shutdown()
        thread.join(10)


def exported(place: Place, _settings: Settings) -> object:
    for root in ("definitions", "others"):
        (place.folder / root / "metrics").mkdir(parents=True, exist_ok=True)
        (place.folder / root / "metrics" / "one.yml").write_text(f"---\nkey_path: of.{root}\n")
    result = CliRunner().invoke(program, ["export", "--settings", "settings.toml"])
    return result.stdout.strip().splitlines()[-1]


FLAG = "usage_data_queries_api"


def store_files(place: Place, _settings: Settings) -> object:
    assert run("flag", "enable", FLAG, "--settings", "settings.toml", cwd=place.folder).returncode == 0
    return sorted(str(file.relative_to(place.folder)) for file in place.folder.rglob("*store.db"))


def built_for(_place: Place, _settings: Settings) -> object:
    with pytest.MonkeyPatch.context() as patch:
        asked: list[object] = []

        def build(_root: Path, _output: Path, options: BuildOptions, _draw: object) -> None:
            asked.append(options.repository_url)
            raise OperationalError("enough is known")

        patch.setattr("metrics_dictionary.site.build.build.build", build)
        CliRunner().invoke(program, ["build", "--settings", "settings.toml"])
        return asked[0]


def address(place: Place, settings: Settings) -> object:
    """Return the host, and whether the port is the one that the settings name."""
    with served(place, settings) as running:
        host, port = running.server.server_address[:2]
        return host, port == settings.number("port")


def scheme(_place: Place, settings: Settings) -> object:
    try:
        with Server(ServerOptions.of(settings)) as server:
            return server.url.partition(":")[0]
    except OperationalError:
        return "refused"


def at_once(place: Place, settings: Settings) -> object:
    """Say whether three requests that wait for the store are in it at the same time."""
    with served(place, settings) as running:
        all_there = threading.Barrier(3, timeout=0.5)

        def payload() -> None:
            all_there.wait()

        running.application.store.payload = payload  # type: ignore[method-assign]
        statuses: list[int] = []
        callers = [
            threading.Thread(target=lambda: statuses.append(running.call("GET", f"{API}/service_ping").status))
            for _ in range(3)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(10)
        return statuses == [200] * 3


def silence_ends(place: Place, settings: Settings) -> object:
    with (
        served(place, settings) as running,
        socket.create_connection(("127.0.0.1", running.port), timeout=0.7) as connection,
    ):
        try:
            return connection.recv(1) == b""
        except TimeoutError:
            return False


def serves_on(place: Place, _settings: Settings) -> object:
    """Return whether a server still answers a second after it was told to stop."""
    write_root(place.folder / "definitions", EVENT)
    (place.folder / "temporary").mkdir(exist_ok=True)
    with serving(place.folder, "--settings", place.folder / "settings.toml", drain_seconds=None) as server:
        server.send(signal.SIGTERM)
        time.sleep(1)
        return server.status("/-/liveness") == 200


def liveness(place: Place, settings: Settings) -> object:
    with served(place, settings) as running:
        return running.call("GET", "/-/liveness").status


def caller(place: Place, settings: Settings) -> object:
    """Return whom the access log names for a request that a proxy passed on."""
    with served(place, settings) as running, closing(Client(running.port)) as client:
        client.get("/-/liveness", X_Forwarded_For="203.0.113.7")
    return json.loads((place.folder / "access.log").read_text().splitlines()[-1])["client"]


def preflight(place: Place, settings: Settings) -> object:
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    with served(place, settings) as running, closing(Client(running.port)) as client:
        answer = client.call("OPTIONS", f"{API}/track_event", None, headers)
        return answer.headers.get("access-control-allow-origin")


def second_call(place: Place, settings: Settings) -> object:
    with served(place, settings) as running:
        return [running.call("GET", f"{API}/service_ping").status for _ in range(2)][1]


def logged(place: Place, settings: Settings) -> object:
    with served(place, settings) as running:
        running.call("GET", "/-/liveness")
    log = place.folder / "access.log"
    return len(log.read_text().splitlines()) if log.exists() else None


def audited(place: Place, _settings: Settings) -> object:
    CliRunner().invoke(program, ["flag", "enable", "usage_data_queries_api", "--settings", "settings.toml"])
    log = place.folder / "audit.log"
    return len(log.read_text().splitlines()) if log.exists() else None


def unknown_event(place: Place, settings: Settings) -> object:
    with served(place, settings) as running:
        return running.call("POST", f"{API}/track_event", {"event": "unheard_of"}).status


def undeclared_property(place: Place, settings: Settings) -> object:
    with served(place, settings) as running:
        event = {"event": EVENT, "additional_properties": {"color": "red"}}
        return running.call("POST", f"{API}/track_event", event).status


def event_of_a_month_ago(place: Place, settings: Settings) -> object:
    with served(place, settings) as running:
        moment = datetime.now(UTC) - timedelta(days=30)
        return running.call("POST", f"{API}/track_event", {"event": EVENT, "occurred_at": moment.isoformat()}).status


def counted_in_all(place: Place, settings: Settings) -> object:
    """Record four events, and then the first of them again: how many count."""
    for file in place.folder.glob("var/*"):
        file.unlink()
    with closing(opened_store(settings)) as store:
        for number in (1, 2, 3, 4, 1):
            event = (number.to_bytes(16, "big"), Changes({"counter": 1}))
            store.commit([Recording(Changes(), (event,))])
        return store.totals(["counter"])["counter"]


def kept_in_the_outbox(place: Place, settings: Settings) -> object:
    """Record four events for the collector: what becomes of each, and how many of them are kept."""
    for file in place.folder.glob("var/*"):
        file.unlink()
    with closing(opened_store(settings)) as store:
        event = Recording(Changes({"counter": 1}, outbox=("{}",)))
        outcomes = [verdict.outcome.name for _ in range(4) for verdict in store.commit([event])]
        return outcomes.count("RECORDED"), store.outbox_state().depth


def sent(place: Place, settings: Settings) -> object:
    with served(place, settings) as running, running.application.background_threads():
        event = {"event": EVENT, "send_to_snowplow": True}
        assert running.call("POST", f"{API}/track_event", event).status == 200
        assert eventually(lambda: not running.application.store.outbox(1))
        return [event["se_ac"] for event in place.collector.events]


def exports(call: str) -> Callable[[Place, Settings], object]:
    def status(place: Place, settings: Settings) -> object:
        with served(place, settings) as running:
            return running.call("GET", f"{API}/{call}").status

    return status


def payload_value(key: str) -> Callable[[Place, Settings], object]:
    """Return what a payload says of a metric; nothing when it leaves it out."""

    def value(place: Place, settings: Settings) -> object:
        with opened(place, settings) as application:
            application.generate_payload()
            payload = application.store.payload()
            assert payload is not None
            found: dict[str, Any] = json.loads(payload.payload)
            return found.get("of", {}).get(key)

    return value


def is_scheduled(place: Place, settings: Settings) -> object:
    with opened(place, settings) as application, application.background_threads():
        return eventually(application.store.payload, 10 if settings.flag("ping.enabled") else 0.2)


def collected_after_three_days(place: Place, settings: Settings) -> object:
    recorded = datetime.now(UTC) - timedelta(days=3)
    with opened(place, settings) as application:
        store = application.store
        store.save_payload(CachedPayload(recorded, "{}", "{}"))
        store.set_state("payload_saved_at", str(recorded.timestamp()))

        def is_new() -> bool:
            payload = store.payload()
            return payload is not None and payload.recorded_at != recorded

        with application.background_threads():
            return eventually(is_new, 10 if settings.number("ping.interval_days") < 3 else 0.2)


def without_the_database(place: Place, settings: Settings) -> object:
    with opened(place, settings) as application:
        application.store.save_payload(CachedPayload(datetime.now(UTC) - timedelta(days=7), "{}", "{}"))
        try:
            application.generate_payload()
        except PayloadHeldError:
            return "held"
        return "replaced"


def inconsistencies(place: Place, settings: Settings) -> object:
    (place.folder / "expected.json").write_text(
        CliRunner().invoke(program, ["database", "snapshot", "--settings", "settings.toml"]).stdout
    )
    return payload_value("structure")(place, settings)


CERTIFICATE = 'server.tls_certificate = "FOLDER/certificate.pem"'
DATABASE = 'database = "sqlite:///FOLDER/application.db"'


@dataclass(frozen=True)
class Row:
    """What an experiment sees without a setting and with it; ``given`` stands in the settings file in both cases."""

    experiment: Callable[[Place, Settings], object]
    value: str
    without: object
    changed: object
    given: str = ""


ROWS = {
    "definitions": Row(exported, '"others"', "- key_path: of.definitions", "- key_path: of.others"),
    "host": Row(address, '"127.0.0.2"', ("127.0.0.1", False), ("127.0.0.2", False)),
    "port": Row(address, "FREE_PORT", ("127.0.0.1", False), ("127.0.0.1", True)),
    "store": Row(
        store_files, '"sqlite:///FOLDER/other_store.db"', ["var/store.db"], ["other_store.db", "var/store.db"]
    ),
    "database": Row(payload_value("database"), '"sqlite:///FOLDER/application.db"', -1, 2),
    "repository_url": Row(built_for, '"https://git.example/a/b"', None, "https://git.example/a/b"),
    "collector": Row(sent, '"COLLECTOR"', [], [EVENT]),
    "prometheus": Row(payload_value("prometheus"), '"PROMETHEUS"', -1, 3),
    "server.threads": Row(at_once, "1", True, False),
    "server.idle_seconds": Row(silence_ends, "0.05", False, True),
    "server.drain_seconds": Row(serves_on, "0.0", True, False),
    "server.tls_certificate": Row(scheme, '"FOLDER/both.pem"', "http", "https"),
    "server.tls_key": Row(scheme, '"FOLDER/key.pem"', "refused", "https", CERTIFICATE),
    "server.trusted_networks": Row(liveness, '["10.0.0.0/8"]', 200, 404),
    "server.trusted_proxies": Row(
        caller, '["127.0.0.1"]', "127.0.0.1", "203.0.113.7", 'server.access_log = "FOLDER/access.log"'
    ),
    "server.address_rate": Row(second_call, "0.001", 200, 429, "server.rate_burst = 1"),
    "server.token_rate": Row(second_call, "0.001", 200, 429, "server.rate_burst = 1"),
    "server.rate_burst": Row(second_call, "1", 200, 429, "server.token_rate = 0.001"),
    "server.cors_origins": Row(preflight, '["https://app.example"]', None, "https://app.example"),
    "audit_log": Row(audited, '"FOLDER/audit.log"', None, 1),
    "server.access_log": Row(logged, '"FOLDER/access.log"', None, 1),
    "events.unknown": Row(unknown_event, '"ignore"', 422, 200),
    "events.undeclared_properties": Row(undeclared_property, '"reject"', 200, 400),
    "events.max_age_days": Row(event_of_a_month_ago, "31", 422, 200),
    "events.outbox_limit": Row(kept_in_the_outbox, "2", (4, 4), (2, 2)),
    "events.outbox_full": Row(kept_in_the_outbox, '"drop"', (2, 2), (4, 2), "events.outbox_limit = 2"),
    "store.idempotency_limit": Row(counted_in_all, "3", 4, 5),
    "ping.enabled": Row(is_scheduled, "false", True, False),
    "ping.interval_days": Row(collected_after_three_days, "1", False, True, DATABASE),
    "ping.statement_timeout": Row(payload_value("slow_view"), "0.001", 100_000, -1, DATABASE),
    "ping.time_limit": Row(payload_value("database"), "0.000001", 2, -1, DATABASE),
    "ping.hold_hours": Row(without_the_database, "0", "held", "replaced", 'database = "sqlite:///FOLDER/nowhere.db"'),
    "ping.schema_snapshot": Row(inconsistencies, '"FOLDER/expected.json"', -1, [], DATABASE),
    **{
        f"ping.{category}": Row(payload_value(category), "false", 0, None)
        for category in ("operational", "optional", "standard", "subscription")
    },
    "flags.usage_data_queries_api": Row(exports("queries"), "true", 404, 200),
    "flags.usage_data_non_sql_metrics": Row(exports("non_sql_metrics"), "true", 404, 200),
}


def test_every_setting_has_an_experiment() -> None:
    assert set(ROWS) == set(BY_NAME)


@pytest.mark.parametrize("name", ROWS)
def test_a_setting_changes_what_happens(place: Place, name: str) -> None:
    row = ROWS[name]
    if "tls" in name:
        make_certificate(place.folder)
    port = "" if name == "port" else "port = 0\n"
    assert seen(place, row, f"port = 0\n{row.given}") == row.without
    assert seen(place, row, f"{port}{row.given}\n{name} = {row.value}") == row.changed


def seen(place: Place, row: Row, text: str) -> object:
    return row.experiment(place, load_settings(place.settings_file(text), environment={}))


def make_certificate(folder: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem", "-days", "2", "-subj", "/CN=x"]
    subprocess.run(command, check=True, capture_output=True)
    both = (folder / "key.pem").read_text() + (folder / "certificate.pem").read_text()
    (folder / "both.pem").write_text(both)
