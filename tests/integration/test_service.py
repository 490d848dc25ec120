"""The life of a server: it answers at once, reloads without losing anybody, drains, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import signal
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.tokens import new_token
from tests.integration.serve_process import ServeProcess, serving, write_root
from tests.program import run
from tests.test_settings_in_force import free_port, make_certificate
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

API = "/api/v4/usage_data"
DEFINITIONS = f"{API}/metric_definitions"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_root(tmp_path / "definitions", "page_viewed")
    return tmp_path


@pytest.fixture
def token(folder: Path) -> str:
    secret, token = new_token(7, frozenset({"api"}), datetime.now(UTC))
    with closing(open_store(f"sqlite:///{folder / 'store.db'}")) as store:
        store.add_token(token)
    return secret


def post(connection: HTTPConnection, token: str, event: str, **more: object) -> int:
    connection.request(
        "POST",
        f"{API}/track_event",
        json.dumps({"event": event, **more}),
        {"PRIVATE-TOKEN": token, "Content-Type": "application/json"},
    )
    with connection.getresponse() as response:
        response.read()
        return response.status


def log_lines(logged: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in logged.splitlines()]


def counted(folder: Path, event: str) -> float:
    key = f"{{event_counters}}_{event}"
    with closing(open_store(f"sqlite:///{folder / 'store.db'}")) as store:
        return store.totals([key]).get(key, 0)


def test_a_server_answers_at_once_and_each_call_as_soon_as_it_can(folder: Path) -> None:
    seen: list[tuple[int, int, int, int]] = []
    port = free_port()
    with serving(folder, "--port", port, wait=False) as server:
        server.port = port
        assert eventually(lambda: server.status("/-/liveness"), 30)
        while not seen or seen[-1] != (200, 200, 200, 200):
            # In this order: what is ready later is asked for earlier, so no answer can overtake another one.
            site, ready = server.status("/"), server.status("/-/readiness")
            seen.append((site, ready, server.status(DEFINITIONS), server.status("/-/liveness")))
            assert len(seen) < 10_000, server.logged
        status, body = server.get("/metrics/counts.page_viewed/")
        assert status == 200
        assert b"counts.page_viewed" in body
        assert server.end() == 0
    assert {liveness for *_, liveness in seen} == {200}
    steps = list(dict.fromkeys((site, ready, definitions) for site, ready, definitions, _ in seen))
    assert steps[0] == (503, 503, 503)
    assert (503, 503, 200) in steps
    assert all(ready == 200 for site, ready, _ in steps if site == 200)
    assert all(definitions == 200 for site, ready, definitions in steps if 200 in (site, ready))


def test_a_server_that_is_told_to_end_says_so_serves_on_and_finishes_what_has_begun(folder: Path, token: str) -> None:
    with serving(folder, drain_seconds=1.5) as server:
        body = b'{"event": "page_viewed"}'
        head = f"POST {API}/track_event HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: {token}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as uploading:
            uploading.sendall(head.encode() + body[:5])
            assert server.status("/-/readiness") == 200
            server.send(signal.SIGTERM)
            began = time.monotonic()
            assert eventually(lambda: server.status("/-/readiness") == 503, 1)
            assert time.monotonic() - began < 1
            assert b"about to stop" in server.get("/-/readiness")[1]
            with closing(HTTPConnection("127.0.0.1", server.port, timeout=5)) as late:
                assert post(late, token, "page_viewed") == 200
            assert server.status("/-/liveness") == 200
            assert eventually(lambda: server.status("/-/liveness") == 0, 10)
            assert time.monotonic() - began >= 1.5
            uploading.sendall(body[5:])
            assert uploading.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert server.process.wait(20) == 0
    assert counted(folder, "page_viewed") == 2


@pytest.mark.parametrize(("second", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_second_signal_does_not_wait(folder: Path, second: signal.Signals, status: int) -> None:
    with serving(folder, drain_seconds=60) as server:
        server.send(signal.SIGTERM)
        assert eventually(lambda: server.status("/-/readiness") == 503, 5)
        began = time.monotonic()
        assert server.end(second) == status
        assert time.monotonic() - began < 10
        assert "Traceback" not in server.logged
        assert "error" not in server.logged
        assert "stopped at once by a second signal" in json.loads(server.logged.splitlines()[-1])["message"]


def test_each_line_of_the_log_is_json_with_a_time_and_a_level_and_has_no_name_of_pythons(
    folder: Path, token: str
) -> None:
    (folder / "definitions/metrics/broken.yml").write_text("---\nkey_path: counts.broken\n", encoding="utf-8")
    nobody = f"http://127.0.0.1:{free_port()}"
    with serving(
        folder, METRICS_DICTIONARY_COLLECTOR=nobody, METRICS_DICTIONARY_PING_ENABLED="true", drain_seconds=0.2
    ) as server:
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection:
            assert post(connection, token, "page_viewed", send_to_snowplow=True) == 200
        assert eventually(lambda: "trying again in" in server.logged, 20)
        (folder / "store.db").rename(folder / "elsewhere.db")
        assert eventually(lambda: "events cannot be recorded" in server.logged, 20)
        (folder / "elsewhere.db").rename(folder / "store.db")
        assert eventually(lambda: "can be recorded again" in server.logged, 20)
        server.send(signal.SIGHUP)
        assert eventually(lambda: "nothing is reloaded" in server.logged, 60)
        assert server.end() == 0
    lines = log_lines(server.logged)
    assert all(datetime.fromisoformat(line["time"]) for line in lines)
    levels = {line["message"]: line["level"] for line in lines}
    assert {level for text, level in levels.items() if "metrics/broken.yml" in text} == {"error"}
    assert {level for text, level in levels.items() if f"collector {nobody}" in text} == {"warning"}
    assert levels["store: events can be recorded again"] == "warning"
    assert levels["service ping: payload generated"] == "info"
    assert any(text.startswith("SIGTERM: ") and text.endswith("0.2 more seconds") for text in levels)
    assert lines[-1]["message"] == "stopped"
    assert not re.search(r"Error\b|\[Errno", server.logged)


def test_a_reload_that_failed_is_a_warning_and_a_metric_until_one_succeeds(folder: Path) -> None:
    def successful(server: ServeProcess) -> list[bytes]:
        return re.findall(rb"(?m)^metrics_dictionary_last_reload_successful (.+)$", server.get("/-/metrics")[1])

    with serving(folder) as server:
        assert successful(server) == [b"1"]
        broken = folder / "definitions" / "metrics" / "broken.yml"
        broken.write_text("---\nkey_path: counts.broken\n", encoding="utf-8")
        server.send(signal.SIGHUP)
        assert eventually(lambda: successful(server) == [b"0"], 60)
        (warning,) = json.loads(server.get("/-/readiness")[1])["warnings"]
        assert re.fullmatch(r"the reload at \S+Z failed, and what was in force still is; the log says why", warning)
        broken.unlink()
        server.send(signal.SIGHUP)
        assert eventually(lambda: successful(server) == [b"1"], 60)
        assert json.loads(server.get("/-/readiness")[1])["warnings"] == []
        assert server.end() == 0


def test_a_reload_takes_over_what_has_changed_and_drops_nobody(folder: Path, token: str) -> None:
    settings, log = folder / "settings.toml", folder / "access.jsonl"
    settings.write_text(f'[server]\naccess_log = "{log}"\n', encoding="utf-8")
    statuses: list[int] = []
    done = threading.Event()

    with serving(folder, "--settings", settings) as server:

        def report() -> None:
            with closing(HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
                while not done.wait(0.01):
                    statuses.append(post(connection, token, "page_viewed"))

        clients = [threading.Thread(target=report) for _ in range(4)]
        for client in clients:
            client.start()
        before = server.process.pid
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=10)) as kept:
            assert post(kept, token, "button_pressed") == 422
            write_root(folder / "definitions", "button_pressed")
            settings.write_text(
                f'port = 1\nhost = "127.0.0.1"\n[server]\naccess_log = "{log}"\ntrusted_networks = ["10.0.0.0/8"]\n'
                "threads = 3\n",
                encoding="utf-8",
            )
            log.rename(folder / "rotated.jsonl")
            server.send(signal.SIGHUP)
            assert eventually(lambda: '"message":"reloaded: ' in server.logged, 60), server.logged
            # The same connection, and what it may do now.
            assert post(kept, token, "button_pressed") == 200
        done.set()
        for client in clients:
            client.join(20)
        assert server.status("/metrics/counts.button_pressed/") == 200
        assert b"counts.button_pressed" in server.get(DEFINITIONS)[1]
        assert server.status("/-/liveness") == 404
        assert server.process.pid == before
        assert server.end() == 0
    assert set(statuses) == {200}
    assert counted(folder, "page_viewed") == len(statuses)
    assert counted(folder, "button_pressed") == 1
    lines = [*(folder / "rotated.jsonl").read_text().splitlines(), *log.read_text().splitlines()]
    assert sum(json.loads(line)["status"] == 200 for line in lines if "track_event" in line) == len(statuses) + 1
    assert '"path":"/metrics/counts.button_pressed/"' in log.read_text()
    assert "a restart is needed for server.threads: the old value is in force" in server.logged


def test_what_cannot_be_reloaded_is_said_and_everything_stays_as_it_was(folder: Path) -> None:
    settings = folder / "settings.toml"
    settings.write_text("", encoding="utf-8")
    with serving(folder, "--settings", settings) as server:
        page = server.get("/metrics/counts.page_viewed/")
        broken = folder / "definitions" / "metrics" / "broken.yml"
        broken.write_text("---\nkey_path: counts.broken\nstatus: unheard_of\n", encoding="utf-8")
        server.send(signal.SIGHUP)
        assert eventually(lambda: "nothing is reloaded: the definitions have errors" in server.logged, 60)
        assert "definitions/metrics/broken.yml" in server.logged
        assert b"counts.broken" not in server.get(DEFINITIONS)[1]
        broken.unlink()

        settings.write_text("port = \n", encoding="utf-8")
        server.send(signal.SIGHUP)
        assert eventually(lambda: "settings.toml: not a TOML file" in server.logged, 60)
        settings.write_text("[server]\nidle_seconds = -1\n", encoding="utf-8")
        server.send(signal.SIGHUP)
        assert eventually(lambda: "server.idle_seconds must be more than 0" in server.logged, 60)
        assert server.get("/metrics/counts.page_viewed/") == page
        assert server.status("/-/readiness") == 200
        assert server.end() == 0


def test_a_server_whose_terminal_is_closed_ends_and_before_that_reloads(folder: Path) -> None:
    screen, terminal = pty.openpty()
    with serving(folder, terminal=terminal) as server:
        os.close(terminal)
        server.send(signal.SIGHUP)
        assert eventually(lambda: '"message":"reloaded: ' in server.logged, 60), server.logged
        os.close(screen)  # the system tells whoever runs in it by SIGHUP
        assert server.process.wait(20) == 0
    assert server.logged.count('"message":"reloading') == 1


def test_a_reload_brings_a_new_certificate_to_new_connections(folder: Path) -> None:
    make_certificate(folder)
    certificate = str(folder / "both.pem")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with serving(folder, METRICS_DICTIONARY_SERVER_TLS_CERTIFICATE=certificate) as server:
        first = ssl.get_server_certificate(("127.0.0.1", server.port))
        with context.wrap_socket(socket.create_connection(("127.0.0.1", server.port))) as kept:
            make_certificate(folder)
            server.send(signal.SIGHUP)
            assert eventually(lambda: '"message":"reloaded: ' in server.logged, 60), server.logged
            kept.sendall(b"GET /-/liveness HTTP/1.1\r\nHost: x\r\n\r\n")
            assert kept.recv(65536).startswith(b"HTTP/1.1 200 ")
        second = ssl.get_server_certificate(("127.0.0.1", server.port))
        assert server.end() == 0
    assert first != second
    assert second.replace("\n", "") in (folder / "certificate.pem").read_text().replace("\n", "")


def test_a_server_shows_what_its_store_holds_and_promtool_finds_nothing_wrong(
    folder: Path, token: str, promtool: str
) -> None:
    write_root(folder / "definitions", "button_pressed")
    store = f"sqlite:///{folder / 'store.db'}"
    assert run("ping", "generate", "--definitions", folder / "definitions", "--store", store).returncode == 0
    nobody = f"http://127.0.0.1:{free_port()}"
    with serving(folder, METRICS_DICTIONARY_COLLECTOR=nobody) as before:
        with closing(HTTPConnection("127.0.0.1", before.port, timeout=5)) as connection:
            for _ in range(3):
                assert post(connection, token, "button_pressed", send_to_snowplow=True) == 200
        assert before.end() == 0
    with serving(folder, METRICS_DICTIONARY_SERVER_ADDRESS_RATE="1000") as server:
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection:
            for _ in range(5):
                assert post(connection, token, "page_viewed") == 200
        assert eventually(lambda: b"outbox_events{" in server.get("/-/metrics")[1], 20)
        text = server.get("/-/metrics")[1].decode()
        assert server.end() == 0
    values = dict(line.rpartition(" ")[::2] for line in text.splitlines() if not line.startswith("#"))

    def value(name: str) -> float:
        return float(values[f"metrics_dictionary_{name}"])

    with closing(sqlite3.connect(folder / "store.db")) as by_hand:
        (recorded,) = by_hand.execute("SELECT recorded_at FROM payload").fetchone()
        (total,) = by_hand.execute("SELECT value FROM totals WHERE key = '{event_counters}_page_viewed'").fetchone()
        (waiting,) = by_hand.execute("SELECT count(*) FROM outbox").fetchone()
    assert value('outbox_events{state="waiting"}') == waiting == 3
    assert value('events_total{outcome="accepted"}') == total == 5
    assert value(f'http_requests_total{{method="POST",route="{API}/track_event",status="200"}}') == 5
    assert value("commit_duration_seconds_count") == value("commit_recordings_count") <= 5
    assert value("commit_recordings_sum") == value('recordings_total{outcome="recorded"}') == 5
    assert value("payload_recorded_timestamp_seconds") == datetime.fromisoformat(recorded).timestamp()
    assert value('payload_metrics{result="computed"}') == 2
    assert value('payload_metrics{result="failed"}') == value('outbox_events{state="dead_letters"}') == 0
    assert value("store_available") == 1
    assert value('store_errors_total{by="commit"}') == value('http_connections_closed_total{reason="evicted"}') == 0
    assert {
        "http_connections",
        "rate_limited_requests_total",
        "outbox_oldest_age_seconds",
        "payload_duration_seconds",
        "values_left_out_total",
    } <= {name.removeprefix("# TYPE metrics_dictionary_").partition(" ")[0] for name in text.splitlines()}
    checked = subprocess.run([promtool, "check", "metrics"], input=text, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_what_a_killed_server_left_is_removed_by_the_next_and_what_a_living_one_has_is_not(folder: Path) -> None:
    def folders() -> set[str]:
        return {path.name for path in (folder / "temporary").iterdir() if path.is_dir()}

    with serving(folder) as living:
        kept = folders()
        with serving(folder) as killed:
            left = folders() - kept
            assert killed.end(signal.SIGKILL) == -signal.SIGKILL
        assert len(kept) == len(left) == 1
        assert left <= folders()
        with serving(folder) as following:
            assert not left & folders()
            assert kept <= folders()
            assert living.status("/metrics/counts.page_viewed/") == 200
            assert following.end() == 0
        assert living.end() == 0
    assert [path.name for path in (folder / "temporary").iterdir()] == []


def test_a_server_that_cannot_start_ends_with_one_line(folder: Path) -> None:
    with serving(folder, "--definitions", folder / "nowhere", wait=False) as server:
        assert server.process.wait(60) == 2
    assert server.logged.startswith("error: ")
    assert server.logged.count("\n") == 1


def test_a_demo_prints_a_call_with_an_event_that_the_definitions_have_or_none(folder: Path) -> None:
    def calls(server: ServeProcess) -> list[list[str]]:
        lines = map(shlex.split, (line for line in server.said.splitlines() if "/track_event" in line))
        return [[word for word in words if word != "curl"] for words in lines]

    with serving(folder, "--demo", folder / "demo") as server:
        assert re.search(r"glpat-\S+  tracks events \(scope api\)\n", server.said)
        ((_, header, _, body, url),) = calls(server)
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection:
            name, _, value = header.partition(": ")
            connection.request("POST", url, body, {name: value, "Content-Type": "application/json"})
            assert connection.getresponse().status == 200
        assert server.end() == 0
    with closing(sqlite3.connect(folder / "demo" / "store.db")) as by_hand:
        assert by_hand.execute("SELECT key, value FROM totals").fetchall() == [("{event_counters}_page_viewed", 1)]
    (folder / "definitions/events/page_viewed.yml").unlink()
    with serving(folder, "--demo", folder / "demo") as server:
        assert "/service_ping" in server.said
        assert calls(server) == []
        assert server.end() == 0
