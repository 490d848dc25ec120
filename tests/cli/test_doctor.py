"""`doctor` says what is wrong and what to do, changes nothing, and shows no secret."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from redis import Redis

from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import CachedPayload
from tests.events.loopback_collector import LoopbackCollector
from tests.integration.serve_process import write_root
from tests.program import run
from tests.test_settings_in_force import free_port

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

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
