"""`doctor` says what is wrong and what to do, changes nothing, and shows no secret."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from redis import Redis

from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import CachedPayload
from tests.events.loopback_collector import LoopbackCollector
from tests.integration.serve_process import serving, write_root
from tests.program import run
from tests.test_settings_in_force import free_port

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.services.postgres import PostgresServer
    from tests.services.redis import RedisServer

SECRET = "hunter2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation in which all is well."""
    write_root(tmp_path / "definitions", "page_viewed")
    with closing(sqlite3.connect(tmp_path / "application.db")) as connection:
        connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY)")
    set_up(tmp_path, database="sqlite:///application.db")
    for arguments in (("token", "create", "--user", 7, "--scopes", "api"), ("ping", "generate")):
        assert run(*arguments, "--settings", "settings.toml", cwd=tmp_path).returncode == 0
    return tmp_path


def set_up(folder: Path, **values: object) -> None:
    lines = [f"{name} = {json.dumps(value)}" for name, value in {"store": "sqlite:///store.db", **values}.items()]
    (folder / "settings.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "settings.toml").chmod(0o600)


def doctor(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return run("doctor", "--settings", "settings.toml", *arguments, cwd=folder)


def findings(folder: Path) -> dict[str, list[dict[str, str]]]:
    """Return the findings by what they are about."""
    found: dict[str, list[dict[str, str]]] = {}
    for finding in json.loads(doctor(folder, "--format", "json").stdout):
        found.setdefault(finding["check"], []).append(finding)
    return found


def worst(folder: Path, check: str) -> dict[str, str]:
    return max(findings(folder)[check], key=lambda one: ("ok", "warning", "problem").index(one["status"]))


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(file): b"" if file.is_dir() else file.read_bytes() for file in sorted(folder.rglob("*"))}


def test_where_all_is_well_every_line_says_so_and_the_status_is_0(folder: Path) -> None:
    result = doctor(folder)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert all(line.startswith("ok       ") for line in lines), result.stdout
    checks = {line.split()[1].rstrip(":") for line in lines}
    assert checks >= {"settings", "definitions", "database", "store", "collector", "flags", "clock", "files"}


def test_nothing_is_made_where_nothing_is(tmp_path: Path) -> None:
    write_root(tmp_path / "definitions", "page_viewed")
    before = snapshot(tmp_path)
    result = run("doctor", cwd=tmp_path)
    assert snapshot(tmp_path) == before
    assert result.returncode == 0
    assert "there is no store yet" in result.stdout


def test_nothing_but_the_probe_is_written_into_a_store(folder: Path) -> None:
    def dump() -> dict[str, list[object]]:
        with closing(sqlite3.connect(folder / "store.db")) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}

    before, files = dump(), set(snapshot(folder))
    assert doctor(folder).returncode == 0
    after = dump()
    assert {name for name in before if before[name] != after[name]} <= {"probe", "state"}
    assert set(snapshot(folder)) == files


def test_a_store_of_an_earlier_release_is_not_changed(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        connection.execute("PRAGMA user_version = 1")
    before = snapshot(folder)
    found = worst(folder, "store")
    assert (found["status"], snapshot(folder)) == ("warning", before)
    assert "an earlier release wrote it" in found["text"]


@pytest.mark.parametrize(
    ("values", "check", "text"),
    [
        ({"nonsense": 1}, "settings", "nonsense is not a setting"),
        ({"database": "sqlite:///nowhere.db"}, "database", "nowhere.db"),
        ({"database": f"postgresql://reader:{SECRET}@127.0.0.1:PORT/x"}, "database", "127.0.0.1"),
        ({"collector": f"http://user:{SECRET}@127.0.0.1:PORT"}, "collector", "refused"),
        ({"store": "sqlite:///nowhere/store.db"}, "store", "its folder does not exist"),
        ({"store": f"redis://:{SECRET}@127.0.0.1:PORT/0"}, "store", "127.0.0.1"),
        ({"audit_log": "nowhere/audit.jsonl"}, "files", "the file of audit_log cannot be written"),
    ],
)
def test_a_problem_is_named_with_what_to_do_and_without_a_secret(
    folder: Path, values: dict[str, object], check: str, text: str
) -> None:
    port = str(free_port())
    given = {name: value.replace("PORT", port) if isinstance(value, str) else value for name, value in values.items()}
    set_up(folder, **given)
    for style in ("text", "json"):
        result = doctor(folder, "--format", style)
        assert result.returncode == 1, result.stdout
        assert SECRET not in result.stdout + result.stderr
        assert "Traceback" not in result.stderr
    found = worst(folder, check)
    assert found["status"] == "problem"
    assert text in found["text"]


def test_definitions_with_errors_are_a_problem(folder: Path) -> None:
    (folder / "definitions" / "metrics" / "broken.yml").write_text("key_path: counts.broken\n", encoding="utf-8")
    found = worst(folder, "definitions")
    assert (found["status"], "metrics-dictionary validate" in found["advice"]) == ("problem", True)


def test_a_damaged_store_is_a_problem(folder: Path) -> None:
    (folder / "store.db").write_bytes(b"not a database, " * 500)
    found = worst(folder, "store")
    assert (found["status"], "store set-aside" in found["advice"]) == ("problem", True)


def test_a_store_that_is_damaged_in_the_middle_is_a_problem(folder: Path) -> None:
    with closing(open_store(f"sqlite:///{folder / 'store.db'}")) as store:
        store.save_payload(CachedPayload(datetime.now(UTC), json.dumps("x" * 100_000), "{}"))
    with (folder / "store.db").open("r+b") as file:
        file.seek((folder / "store.db").stat().st_size - 3 * 4_096)
        file.write(bytes(range(256)) * 16)
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        assert connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",)
    found = worst(folder, "store")
    assert (found["status"], "store set-aside" in found["text"]) == ("problem", True)


def test_files_with_secrets_that_others_can_read_are_named(folder: Path) -> None:
    (folder / "settings.toml").chmod(0o644)
    found = worst(folder, "files")
    assert (found["status"], "chmod go-rwx settings.toml" in found["advice"]) == ("warning", True)


def test_a_clock_that_jumped_and_tokens_that_expired_are_warnings(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "store.db")) as connection, connection:
        future = (datetime.now(UTC) + timedelta(days=60)).timestamp()
        connection.execute("UPDATE state SET value = ? WHERE name = 'trusted_time'", (str(future),))
        connection.execute("UPDATE tokens SET expires = '2020-01-01'")
    assert worst(folder, "clock")["status"] == "warning"
    assert "1 token expired" in worst(folder, "tokens")["text"]
    assert doctor(folder).returncode == 0


def test_the_collector_is_asked_and_gets_no_event(folder: Path) -> None:
    with LoopbackCollector() as collector:
        set_up(folder, database="sqlite:///application.db", collector=collector.url)
        assert worst(folder, "collector")["status"] == "ok"
        assert (collector.requests, collector.events) == (0, [])


def test_a_flag_is_shown_with_what_decides_it(folder: Path) -> None:
    name = "usage_data_queries_api"
    assert run("flag", "enable", name, "--settings", "settings.toml", cwd=folder).returncode == 0
    assert worst(folder, "flags")["text"] == f"on: {name} (flag command)"


def test_a_redis_is_looked_at_without_a_key_in_it(folder: Path, redis_server: RedisServer) -> None:
    with closing(Redis.from_url(redis_server.url)) as client:
        client.flushall()
        set_up(folder, store=redis_server.url)
        assert worst(folder, "store")["text"].endswith("it is empty")
        assert client.dbsize() == 0
        assert run("token", "create", "--user", 7, "--scopes", "api", "--settings", "settings.toml", cwd=folder).stdout
        with closing(open_store(redis_server.url)) as store:
            store.identifier()
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            assert "maxmemory-policy is allkeys-lru" in worst(folder, "store")["text"]
        finally:
            client.config_set("maxmemory-policy", "noeviction")
        assert worst(folder, "store")["status"] == "ok"
        client.flushall()


METRIC_OF_A_TABLE = """\
---
key_path: counts.{name}
description: How many there are.
product_group: testing
status: active
milestone: "18.0"
introduced_by_url: https://gitlab.com/a/b/-/merge_requests/1
value_type: number
time_frame: all
data_source: database
data_category: optional
instrumentation_class: {name}
tiers: [free]
"""


def count_tables(folder: Path, *names: str) -> None:
    """Write a metric for each table that counts its rows."""
    (folder / "definitions" / "instrumentations").mkdir(exist_ok=True)
    for name in names:
        text = METRIC_OF_A_TABLE.format(name=name)
        (folder / "definitions" / "metrics" / f"{name}.yml").write_text(text, encoding="utf-8")
        entry = f"---\n{name}:\n  source: database\n  operation: count\n  table: {name}\n"
        (folder / "definitions" / "instrumentations" / f"{name}.yml").write_text(entry, encoding="utf-8")


@pytest.mark.parametrize("content", [bytes(range(256)) * 40, b"hello\n", b""], ids=["noise", "six bytes", "nothing"])
@pytest.mark.parametrize("is_read", [True, False], ids=["read", "unread"])
def test_a_file_that_is_not_the_applications_database_is_never_well(
    folder: Path, content: bytes, *, is_read: bool
) -> None:
    if is_read:
        count_tables(folder, "users")
    (folder / "application.db").write_bytes(content)
    found = worst(folder, "database")
    expected = "problem" if is_read or content else "warning"  # an empty file is a database without a table
    assert (found["status"], "application's" in found["advice"]) == (expected, True), found


def test_the_tables_that_metrics_read_are_looked_for(folder: Path) -> None:
    count_tables(folder, "users")
    found = worst(folder, "database")
    assert found["status"] == "ok"
    assert "every table that metrics read is there (1)" in found["text"]
    count_tables(folder, "users", "boards")
    found = worst(folder, "database")
    assert found["status"] == "warning"
    assert "1 of the 2 tables that metrics read cannot be read: boards" in found["text"]


def test_a_postgresql_without_the_tables_is_a_problem(folder: Path, postgres_server: PostgresServer) -> None:
    count_tables(folder, "tables_of_another_application")
    set_up(folder, database=postgres_server.url)
    found = worst(folder, "database")
    assert (found["status"], "tables_of_another_application" in found["text"]) == ("problem", True)


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ('{"status": "success", "data": {"resultType": "vector", "result": [{"value": [1, "1"]}]}}', "ok", "answers"),
        ("<html>another program</html>", "problem", "not JSON"),
        (None, "problem", "refused"),
    ],
)
def test_prometheus_is_asked(folder: Path, body: str | None, status: str, text: str) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    port = server.server_port if body else free_port()
    with server:
        Thread(target=server.serve_forever, daemon=True).start()
        set_up(folder, database="sqlite:///application.db", prometheus=f"http://user:{SECRET}@127.0.0.1:{port}")
        found = worst(folder, "prometheus")
        server.shutdown()
    assert (found["status"], text in found["text"], SECRET in str(found)) == (status, True, False), found


def test_every_wrong_setting_is_named_and_the_rest_is_looked_at(folder: Path) -> None:
    with (folder / "settings.toml").open("a") as file:
        file.write('nonsense = 1\nport = "no"\n')
    texts = [finding["text"] for finding in findings(folder)["settings"]]
    assert len(texts) == 2
    assert "nonsense is not a setting" in texts[0]
    assert "port must be a whole number" in texts[1]


def test_a_missing_certificate_and_other_refused_settings_do_not_end_the_look(folder: Path) -> None:
    (folder / "settings.toml").write_text(
        'store = "sqlite:///store.db"\n[server]\ntls_certificate = "nowhere.pem"\ndrain_seconds = -1\n'
    )
    found = findings(folder)
    assert {one["status"] for one in found["settings"]} == {"problem"}
    assert len(found["settings"]) == 2
    assert {"definitions", "database", "store", "tokens"} <= set(found)


def test_a_missing_definitions_folder_is_one_problem(folder: Path) -> None:
    set_up(folder, definitions=["nowhere"])
    problems = [one["check"] for some in findings(folder).values() for one in some if one["status"] == "problem"]
    assert problems == ["definitions"]


def test_the_advice_names_the_roots_that_were_looked_at(folder: Path) -> None:
    (folder / "definitions").rename(folder / "my definitions")
    (folder / "my definitions" / "metrics" / "broken.yml").write_text("key_path: counts.broken\n", encoding="utf-8")
    set_up(folder, definitions=["my definitions"])
    assert "`metrics-dictionary validate 'my definitions'`" in worst(folder, "definitions")["advice"]


def test_a_full_outbox_that_refuses_calls_is_a_problem(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "store.db")) as connection, connection:
        columns = [row for row in connection.execute("PRAGMA table_info(outbox)") if row[3] and not row[5]]
        names = ", ".join(row[1] for row in columns)
        values = ", ".join("1" if row[2] == "INTEGER" else "x'00'" for row in columns)
        for _ in range(3):
            connection.execute(f"INSERT INTO outbox ({names}) VALUES ({values})")
        connection.execute("UPDATE outbox_counts SET kept = 3")
    (folder / "settings.toml").write_text('store = "sqlite:///store.db"\n[events]\noutbox_limit = 3\n')
    found = worst(folder, "outbox")
    assert (found["status"], "refused with 503" in found["text"]) == ("problem", True)


def test_a_payload_that_no_server_collects_is_not_promised(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "store.db")) as connection, connection:
        connection.execute("DELETE FROM payload")
    (folder / "settings.toml").write_text('store = "sqlite:///store.db"\n[ping]\nenabled = false\n')
    assert "`ping.enabled` is false" in worst(folder, "payload")["advice"]


def test_an_environment_variable_that_nothing_reads_is_named_with_the_one_that_was_meant(folder: Path) -> None:
    variables = {
        "METRICS_DICTIONARY_COLECTOR": f"http://user:{SECRET}@127.0.0.1:1",
        "METRICS_DICTIONARY_PORT_FILE": "x",
        "METRICS_DICTIONARY_STORE_FILE": "",
    }
    result = run("doctor", "--settings", "settings.toml", cwd=folder, **variables)
    assert (result.returncode, SECRET in result.stdout) == (0, False)
    warnings = [line for line in result.stdout.splitlines() if line.startswith("warning  settings")]
    assert len(warnings) == 2, result.stdout
    assert "METRICS_DICTIONARY_COLECTOR" in warnings[0]
    assert "did you mean METRICS_DICTIONARY_COLLECTOR?" in warnings[0]
    assert "METRICS_DICTIONARY_PORT_FILE" in warnings[1]
    assert "every setting makes sense" not in result.stdout


def test_a_server_says_at_its_start_which_variable_nothing_reads(folder: Path) -> None:
    with serving(folder, METRICS_DICTIONARY_SERVER_TREADS="4") as server:
        assert '"level":"warning","message":"METRICS_DICTIONARY_SERVER_TREADS' in server.logged
        assert "did you mean METRICS_DICTIONARY_SERVER_THREADS?" in server.logged
        server.end()
