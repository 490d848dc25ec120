"""`store`: backups while servers run, and what sqlite3 and redis-cli find before and after."""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import redis

from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import CachedPayload, Recording, request_name
from metrics_dictionary.stores.tokens import new_token
from tests.conftest import skip_or_fail
from tests.program import COMMAND, environment, run
from tests.server.running_server import API, COUNTER, EVENT, Client, running
from tests.stores.stores_under_test import changes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.redis import RedisServer

WEEKLY = f"{COUNTER}-2026-47"
USERS = f"{{hll_counters}}_{EVENT}-user-2026-47"
SUM = f"{{event_sums}}_{EVENT}-operator:sum(value)"
IDENTIFIED = bytes(range(16))

SQLITE_TABLES = (
    "totals",
    "sets",
    "members",
    "tokens",
    "flags",
    "payload",
    "outbox",
    "refused",
    "ids_0",
    "ids_1",
    "ids_2",
)


def filled(url: str) -> str:
    """Put one of everything into a store, and return its identifier."""
    with closing(open_store(url)) as store:
        of_event = changes(
            {COUNTER: 2, WEEKLY: 2}, {SUM: 1.5}, {USERS: {"7", "8"}}, {WEEKLY, USERS}, ('{"eid":"1"}', '{"eid":"2"}')
        )
        name = request_name("7", "first")
        store.commit([Recording(of_event, ((IDENTIFIED, changes({COUNTER: 1})),), name, b"12345678")])
        store.add_token(new_token(7, frozenset({"api"}), datetime.now(UTC))[1])
        store.set_flag("usage_data_queries_api", enabled=True)
        store.save_payload(CachedPayload(datetime.now(UTC), '{"counts":{}}', "{}"))
        store.set_refused(store.outbox(1)[0], 8, "400", None)
        return store.identifier()


def tables(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all that a SQLite file holds, read by sqlite3 alone."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return {table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr) for table in SQLITE_TABLES}


def counted_in(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT value FROM totals WHERE key = ?", (COUNTER,)).fetchone()[0])


def identifier_in(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        return str(connection.execute("SELECT value FROM state WHERE name = 'store_identifier'").fetchone()[0])


def test_a_backup_brings_a_deleted_sqlite_store_back(tmp_path: Path) -> None:
    path, copy = tmp_path / "store.db", tmp_path / "copy.db"
    url = f"sqlite:///{path}"
    identifier = filled(url)
    before = tables(path)
    assert run("store", "backup", copy, "--store", url, cwd=tmp_path).returncode == 0
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.db", "store.db"]
    path.unlink()
    restored = run("store", "restore", copy, "--store", url, cwd=tmp_path)
    assert restored.returncode == 0, restored.stderr
    assert tables(path) == before
    assert identifier_in(path) == identifier


def test_a_backup_is_one_moment_of_a_store_that_is_written_to_and_is_restored_while_servers_run(tmp_path: Path) -> None:
    path, copy = tmp_path / "store.db", tmp_path / "copy.db"
    done, stopping = [0], threading.Event()
    with running(tmp_path) as served:

        def track() -> None:
            with closing(Client(served.port)) as client:
                body = {"events": [{"event": EVENT, "user_id": 7}] * 2}
                while not stopping.is_set():
                    answer = client.post_json(f"{API}/track_events", body, served.headers("tracker"))
                    done[0] += 2 * (answer.status == 200)

        thread = threading.Thread(target=track)
        thread.start()
        while done[0] < 20:
            time.sleep(0.01)
        at_least = done[0]
        assert run("store", "backup", copy, "--store", f"sqlite:///{path}", cwd=tmp_path).returncode == 0
        at_most = done[0] + 2
        stopping.set()
        thread.join()
        held = counted_in(copy)
        assert at_least <= held <= at_most
        assert held % 2 == 0  # of two events in one call it has both
        refused = run("store", "restore", copy, "--store", f"sqlite:///{path}", cwd=tmp_path)
        assert refused.returncode == 2
        assert "a backup replaces all of that: confirm with --yes" in refused.stderr
        assert "is not empty (counters and sums: " in refused.stderr
        assert ", tokens: 5)" in refused.stderr
        assert run("store", "restore", copy, "--store", f"sqlite:///{path}", "--yes", cwd=tmp_path).returncode == 0
        with closing(Client(served.port)) as client:
            event = {"event": EVENT}
            assert client.post_json(f"{API}/track_event", event, served.headers("tracker")).status == 200
            assert client.get("/-/readiness").status == 200
    assert counted_in(path) == held + 1


def test_a_running_server_goes_on_with_the_backup_of_another_store_once_it_is_restored(tmp_path: Path) -> None:
    other, copy = tmp_path / "other.db", tmp_path / "copy.db"
    identifier = filled(f"sqlite:///{other}")
    assert run("store", "backup", copy, "--store", f"sqlite:///{other}", cwd=tmp_path).returncode == 0
    with running(tmp_path) as served, closing(Client(served.port)) as client:
        headers = served.headers("tracker")
        assert client.post_json(f"{API}/track_event", {"event": EVENT}, headers).status == 200
        restored = run("store", "restore", copy, "--store", f"sqlite:///{tmp_path}/store.db", "--yes", cwd=tmp_path)
        assert restored.returncode == 0, restored.stderr
        # Within three seconds a token that the backup lacks is still remembered.
        assert client.post_json(f"{API}/track_event", {"event": EVENT}, headers).status == 200
    assert identifier_in(tmp_path / "store.db") == identifier
    assert counted_in(tmp_path / "store.db") == 3 + 1


def a_metric_with_a_key_of_its_own(folder: Path) -> None:
    """Write a definition whose counter is `USAGE_SOURCE_CODE_PUSHES`."""
    metrics = folder / "definitions" / "metrics"
    metrics.mkdir(parents=True)
    (metrics / "pushes.yml").write_text(
        "---\nkey_path: counts.pushes\ndata_source: redis\noptions:\n  prefix: source_code\n  event: pushes\n"
    )


def by_key(client: Any) -> dict[bytes, tuple[Any, bool]]:
    """Return what a Redis holds, as its own commands show it, and which keys end."""
    read = {b"string": client.get, b"hash": client.hgetall, b"stream": client.xrange}
    read[b"zset"] = lambda key: client.zrange(key, 0, -1, withscores=True)
    return {
        key: (read[client.type(key)](key), client.ttl(key) > 0)
        for key in client.keys("*")
        if not key.startswith((b"{metrics_dictionary_lease}", b"{metrics_dictionary_probe}"))
    }


def test_a_backup_brings_a_deleted_redis_store_back_and_leaves_what_is_not_the_stores(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    a_metric_with_a_key_of_its_own(tmp_path)
    url, copy = redis_server.url, tmp_path / "copy.jsonl"
    with redis.Redis.from_url(url) as client:
        client.flushall()
        identifier = filled(url)
        client.set("USAGE_SOURCE_CODE_PUSHES", "12")
        client.set("somebody else's", "1")
        before = by_key(client)
        assert before[WEEKLY.encode()] == (b"2", True)
        made = run("store", "backup", copy, "--store", url, cwd=tmp_path)
        assert made.returncode == 0, made.stderr
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        client.flushall()
        client.set("somebody else's", "1")
        client.set(f"{COUNTER}-2026-40", "99")  # came after the backup
        refused = run("store", "restore", copy, "--store", url, cwd=tmp_path)
        assert (refused.returncode, "(counters and sums: 1)" in refused.stderr) == (2, True)
        restored = run("store", "restore", copy, "--store", url, "--yes", cwd=tmp_path)
        assert restored.returncode == 0, restored.stderr
        after = by_key(client)
        state = after[b"{metrics_dictionary_state}"][0]
        assert state.pop(b"adopted_at", None) is not None
        before[b"{metrics_dictionary_state}"][0].pop(b"trusted_time")  # the time is not set back
        assert after == before
        assert state[b"store_identifier"] == identifier.encode()
        assert client.pfcount(USERS) == 2
        assert client.get("USAGE_SOURCE_CODE_PUSHES") == b"12"
    with closing(open_store(url)) as store:
        again = Recording(changes({COUNTER: 1}), ((IDENTIFIED, changes({COUNTER: 1})),))
        store.commit([again])
        assert store.totals([COUNTER]) == {COUNTER: 4}  # the id is known, as before


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_a_restore_names_the_revoked_tokens_that_it_brings_back(
    tmp_path: Path, redis_server: RedisServer, kind: str
) -> None:
    a_metric_with_a_key_of_its_own(tmp_path)
    path, copy = tmp_path / "store.db", tmp_path / "copy"
    url = f"sqlite:///{path}" if kind == "sqlite" else redis_server.url

    def digests() -> set[str]:
        if kind == "sqlite":
            with closing(sqlite3.connect(path)) as connection:
                return {digest for (digest,) in connection.execute("SELECT digest FROM tokens")}
        with redis.Redis.from_url(url) as client:
            return {digest.decode() for digest in client.hkeys("{metrics_dictionary_tokens}")}

    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    kept, revoked, later = (new_token(user, frozenset({"api"}), datetime.now(UTC))[1] for user in (1, 2, 3))
    with closing(open_store(url)) as store:
        store.add_token(kept)
        store.add_token(revoked)
    assert run("store", "backup", copy, "--store", url, cwd=tmp_path).returncode == 0
    assert run("token", "revoke", revoked.identifier, "--store", url, cwd=tmp_path).returncode == 0
    with closing(open_store(url)) as store:
        store.add_token(later)
    assert digests() == {kept.digest, later.digest}
    restored = run("store", "restore", copy, "--store", url, "--yes", cwd=tmp_path)
    assert digests() == {kept.digest, revoked.digest}
    assert f"It brings back 1 token: {revoked.identifier}." in restored.stdout
    assert kept.identifier not in restored.stdout
    again = run("store", "restore", copy, "--store", url, "--yes", cwd=tmp_path)
    assert (again.returncode, "token" in again.stdout) == (0, False)


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_an_old_backup_does_not_make_the_clock_look_wrong(tmp_path: Path, redis_server: RedisServer, kind: str) -> None:
    a_metric_with_a_key_of_its_own(tmp_path)
    url = f"sqlite:///{tmp_path}/store.db" if kind == "sqlite" else redis_server.url
    ten_days_ago = json.dumps({"time": time.time() - 10 * 86_400})
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
        with closing(open_store(url)) as store:
            store.set_flag("usage_data_queries_api", enabled=True)
            store.set_state("trusted_time", ten_days_ago)
        assert run("store", "backup", tmp_path / "copy", "--store", url, cwd=tmp_path).returncode == 0
        client.flushall()
        (tmp_path / "store.db").unlink(missing_ok=True)
        assert run("store", "restore", tmp_path / "copy", "--store", url, cwd=tmp_path).returncode == 0
    with closing(open_store(url)) as store:
        assert store.flags() == {"usage_data_queries_api": True}
        assert abs(store.trusted_now().timestamp() - time.time()) < 60
        assert store.clock_warning() is None


def test_a_file_that_is_damaged_or_not_a_backup_replaces_nothing(tmp_path: Path, redis_server: RedisServer) -> None:
    a_metric_with_a_key_of_its_own(tmp_path)
    path, url = tmp_path / "store.db", redis_server.url
    filled(f"sqlite:///{path}")
    with redis.Redis.from_url(url) as client:
        client.flushall()
        filled(url)
        good = {"sqlite": tmp_path / "good.db", "redis": tmp_path / "good.jsonl"}
        stores = {"sqlite": f"sqlite:///{path}", "redis": url}
        for kind, store in stores.items():
            assert run("store", "backup", good[kind], "--store", store, cwd=tmp_path).returncode == 0
        damaged = tmp_path / "damaged.db"
        damaged.write_bytes(good["sqlite"].read_bytes()[:20_000] + os.urandom(30_000))
        cut, bent = tmp_path / "cut.jsonl", tmp_path / "bent.jsonl"
        lines = good["redis"].read_text().splitlines(keepends=True)
        cut.write_text("".join(lines[:-2]))
        bent.write_text("".join(lines).replace('"key":"{event_counters}', '"key":"{event_counterz}', 1))
        newer, foreign = tmp_path / "newer.db", tmp_path / "foreign.db"
        shutil.copy(good["sqlite"], newer)
        for file, statement in ((newer, "PRAGMA user_version = 99"), (foreign, "CREATE TABLE users (id)")):
            with closing(sqlite3.connect(file)) as by_hand:
                by_hand.execute(statement)
        before = tables(path), by_key(client)
        for store, file, says in (
            ("sqlite", damaged, "damaged"),
            ("sqlite", good["redis"], "file is not a database"),
            ("sqlite", foreign, "not the backup of a SQLite store"),
            ("sqlite", newer, "written by a newer release (version 99"),
            ("sqlite", tmp_path / "nowhere", "cannot be read"),
            ("redis", good["sqlite"], "not the backup of a Redis store"),
            ("redis", cut, "the backup is damaged"),
            ("redis", bent, "the backup is damaged"),
        ):
            refused = run("store", "restore", file, "--store", stores[store], "--yes", cwd=tmp_path)
            assert (refused.returncode, says in refused.stderr) == (2, True), refused.stderr
            assert "Traceback" not in refused.stderr
        assert (tables(path), by_key(client)) == before
        assert not list(tmp_path.glob(".*"))


def test_a_command_that_only_reads_makes_no_store_and_a_file_is_not_overwritten(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    for words in (("info",), ("backup", tmp_path / "copy.db")):
        refused = run("store", *words, "--store", url, cwd=tmp_path)
        assert (refused.returncode, "there is no store" in refused.stderr) == (2, True)
    assert not list(tmp_path.iterdir())
    filled(url)
    (tmp_path / "copy.db").write_text("mine")
    refused = run("store", "backup", tmp_path / "copy.db", "--store", url, cwd=tmp_path)
    assert (refused.returncode, "replace it with --yes" in refused.stderr) == (2, True)
    assert (tmp_path / "copy.db").read_text() == "mine"


@pytest.mark.parametrize("name", ["store.db", "link.db", "hard.db", "store.db-wal", "store.db-shm", "link-wal"])
def test_a_store_is_not_its_own_backup(tmp_path: Path, name: str) -> None:
    """The oracle is the number of rows that sqlite3 alone finds before and after, and whose file stands at the path."""
    path = tmp_path / "store.db"
    filled(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as other:  # keeps -wal in place
        other.execute("UPDATE totals SET value = 41 WHERE key = ?", (COUNTER,))
        other.commit()
        (tmp_path / "link.db").symlink_to(path)
        (tmp_path / "link-wal").symlink_to(tmp_path / "store.db-wal")
        os.link(path, tmp_path / "hard.db")
        before = tables(path), path.stat().st_ino, {file.name for file in tmp_path.iterdir()}
        for command in ("backup", "restore"):
            refused = run("store", command, tmp_path / name, "--yes", "--store", f"sqlite:///{path}", cwd=tmp_path)
            assert (refused.returncode, "is the store itself" in refused.stderr) == (2, True), refused.stderr
        assert (tables(path), path.stat().st_ino, {file.name for file in tmp_path.iterdir()}) == before
        other.execute("UPDATE totals SET value = 42 WHERE key = ?", (COUNTER,))
        other.commit()
    assert counted_in(path) == 42


def test_a_backup_leaves_a_pipe_alone_and_goes_where_a_link_leads(tmp_path: Path, redis_server: RedisServer) -> None:
    pipe, link, real = tmp_path / "pipe", tmp_path / "link", tmp_path / "elsewhere" / "real"
    os.mkfifo(pipe)
    real.parent.mkdir()
    real.write_text("old")
    link.symlink_to(real)
    a_metric_with_a_key_of_its_own(tmp_path)
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    for url in (f"sqlite:///{tmp_path}/store.db", redis_server.url):
        filled(url)
        refused = run("store", "backup", pipe, "--yes", "--store", url, cwd=tmp_path)
        assert (refused.returncode, "is not a regular file" in refused.stderr) == (2, True), refused.stderr
        assert stat.S_ISFIFO(pipe.lstat().st_mode)
        assert run("store", "backup", link, "--yes", "--store", url, cwd=tmp_path).returncode == 0
        assert (link.is_symlink(), real.read_bytes()[:6]) == (True, b"SQLite" if url[0] == "s" else b'{"form')
        assert [file.name for file in real.parent.iterdir()] == ["real"]
    refused = run("store", "restore", pipe, "--yes", "--store", f"sqlite:///{tmp_path}/store.db", cwd=tmp_path)
    assert (refused.returncode, "is not a regular file" in refused.stderr) == (2, True), refused.stderr


def test_info_names_the_store_and_counts_what_it_holds(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    identifier = filled(url)
    shown = run("store", "info", "--store", url, cwd=tmp_path).stdout
    rows = dict(line.rsplit("  ", 1) for line in shown.splitlines())
    cells = {name.strip(): value.strip() for name, value in rows.items()}
    assert cells["identifier"] == identifier
    assert (cells["counters and sums"], cells["sets"], cells["tokens"], cells["payloads"]) == ("3", "1", "1", "1")


def test_info_counts_in_redis_what_it_can_where_there_are_no_definitions(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    url = redis_server.url
    with redis.Redis.from_url(url) as client:
        client.flushall()
        filled(url)
        client.set("USAGE_SOURCE_CODE_PUSHES", "12")
    without = run("store", "info", "--store", url, cwd=tmp_path)
    assert (without.returncode, re.findall(r"counters and sums +(\d+)", without.stdout)) == (0, ["3"])
    assert "definitions: no such folder, so counters with names of their own are left out" in without.stderr
    wrong = run("store", "info", "--store", url, "--definitions", tmp_path / "nowhere", cwd=tmp_path)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    backup = run("store", "backup", tmp_path / "copy", "--store", url, cwd=tmp_path)
    assert (backup.returncode, (tmp_path / "copy").exists()) == (2, False)  # which would lack a counter
    a_metric_with_a_key_of_its_own(tmp_path)
    whole = run("store", "info", "--store", url, cwd=tmp_path)
    assert (re.findall(r"counters and sums +(\d+)", whole.stdout), whole.stderr) == (["4"], "")


def test_adopt_makes_a_store_only_when_it_is_told_to(tmp_path: Path) -> None:
    path = tmp_path / "nothere.db"
    url = f"sqlite:///{path}"
    refused = run("store", "adopt", "--store", url, cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"{path}: there is no store; name the one that is meant with --store, or make an" in refused.stderr
    assert list(tmp_path.iterdir()) == []
    made = run("store", "adopt", "--create", "--store", url, cwd=tmp_path)
    assert (made.returncode, made.stdout.splitlines()[0]) == (0, f"{url} is a new store, and empty.")
    identifier = identifier_in(path)
    again = run("store", "adopt", "--create", "--store", url, cwd=tmp_path)
    assert (again.returncode, again.stdout) == (0, f"Servers that use {url} take it from now on.\n")
    assert identifier_in(path) == identifier


def test_a_damaged_store_is_refused_with_the_command_that_sets_it_aside(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    url = f"sqlite:///{path}"
    filled(url)
    kept = run("store", "set-aside", "--store", url, cwd=tmp_path)
    assert (kept.returncode, "this store can be read" in kept.stderr) == (2, True)
    path.write_bytes(b"rubbish" * 1_000)
    refused = run("token", "list", "--store", url, cwd=tmp_path)
    assert refused.returncode == 2
    advice = refused.stderr.split("`")[1]
    assert advice.startswith("metrics-dictionary store set-aside")
    assert run(*advice.split(" ")[1:], cwd=tmp_path).returncode == 0
    assert [file.read_bytes()[:7] for file in tmp_path.glob("store.db.set-aside-*")] == [b"rubbish"]
    assert run("token", "list", "--store", url, cwd=tmp_path).returncode == 0


def test_a_server_does_not_start_with_a_store_that_is_damaged_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    url = f"sqlite:///{path}"
    with closing(open_store(url)) as store:
        store.commit([Recording(changes({f"{COUNTER}_{number}": 1 for number in range(2_000)}))])
    a_metric_with_a_key_of_its_own(tmp_path)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 8_192)
        file.write(os.urandom(4_096))
    with closing(sqlite3.connect(path)) as by_hand:
        assert by_hand.execute("PRAGMA quick_check(1)").fetchone() != ("ok",)
    assert run("token", "list", "--store", url, cwd=tmp_path).returncode == 0  # it touches other pages
    refused = run("serve", "--port", "0", "--store", url, cwd=tmp_path)
    assert (refused.returncode, "store set-aside" in refused.stderr) == (2, True), refused.stderr
    assert "Traceback" not in refused.stderr


def test_each_change_has_a_line_that_says_who_made_it_and_no_secret(tmp_path: Path) -> None:
    url, log = f"sqlite:///{tmp_path}/store.db", tmp_path / "audit.log"
    before = datetime.now(UTC)
    secret = run(
        *("token", "create", "--user", 7, "--scopes", "api", "--store", url),
        cwd=tmp_path,
        METRICS_DICTIONARY_AUDIT_LOG=str(log),
    ).stdout.strip()
    with closing(sqlite3.connect(tmp_path / "store.db")) as by_hand:
        token = by_hand.execute("SELECT identifier FROM tokens").fetchone()[0]
    for words in (
        ("flag", "enable", "usage_data_queries_api"),
        ("token", "revoke", token),
        ("token", "revoke", "unknown"),
        ("store", "backup", tmp_path / "copy.db"),
        ("store", "restore", tmp_path / "copy.db", "--yes"),
        ("store", "adopt"),
        ("outbox", "drop", "--all"),
        ("token", "list"),
    ):
        run(*words, "--store", url, cwd=tmp_path, METRICS_DICTIONARY_AUDIT_LOG=str(log))
    text = log.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    done = ["token create", "flag enable", "token revoke", "store backup", "store restore", "store adopt"]
    done.append("outbox drop")
    assert [line["command"] for line in lines] == done
    assert {(line["user"], line["uid"], line["outcome"]) for line in lines} == {
        (getpass.getuser() if "SUDO_USER" not in os.environ else lines[0]["user"], os.getuid(), "done")
    }
    assert before <= datetime.fromisoformat(lines[0]["time"]) <= datetime.now(UTC)
    assert (lines[0]["token"], lines[0]["for_user"], lines[1]["flag"]) == (token, 7, "usage_data_queries_api")
    assert secret.startswith("glpat-")
    assert secret not in text
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_what_cannot_be_audited_is_not_done(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    nowhere = str(tmp_path / "nowhere" / "audit.log")
    refused = run(
        *("token", "create", "--user", 7, "--scopes", "api", "--store", url),
        cwd=tmp_path,
        METRICS_DICTIONARY_AUDIT_LOG=nowhere,
    )
    assert (refused.returncode, "nothing was changed" in refused.stderr) == (2, True)
    with closing(sqlite3.connect(tmp_path / "store.db")) as by_hand:
        assert by_hand.execute("SELECT count(*) FROM tokens").fetchone() == (0,)


def test_sqlite3_can_read_a_backup_where_nobody_may_write(tmp_path: Path) -> None:
    program = shutil.which("sqlite3")
    if program is None:
        skip_or_fail("no sqlite3 here")
    url, copy = f"sqlite:///{tmp_path}/store.db", tmp_path / "copy.db"
    filled(url)
    assert run("store", "backup", copy, "--store", url, cwd=tmp_path).returncode == 0
    copy.chmod(0o400)
    query = f"SELECT value FROM totals WHERE key = '{COUNTER}'; PRAGMA journal_mode;"
    found = subprocess.run([str(program), "-readonly", str(copy), query], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["3", "delete"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a file system")
def test_a_restore_on_a_full_disk_replaces_nothing(tmp_path: Path) -> None:
    copy, disk = tmp_path / "copy.db", tmp_path / "disk"
    with closing(open_store(f"sqlite:///{tmp_path}/large.db")) as large:
        large.commit([Recording(changes({f"{COUNTER}_{number}": 1 for number in range(20_000)}))])
        large.backup(copy)
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("this machine does not let root mount a file system")
    try:
        url = f"sqlite:///{disk}/store.db"
        filled(url)
        before = tables(disk / "store.db")
        refused = run("store", "restore", copy, "--store", url, "--yes", cwd=tmp_path)
        assert (refused.returncode, "Traceback" in refused.stderr) == (2, False), refused.stderr
        assert "make room" in refused.stderr
        assert tables(disk / "store.db") == before
        assert [file.name for file in disk.iterdir() if file.name.endswith(".part")] == []
        backed_up = run("store", "backup", disk / "copy.db", "--store", f"sqlite:///{tmp_path}/large.db", cwd=tmp_path)
        assert (backed_up.returncode, (disk / "copy.db").exists()) == (2, False)
        assert {file.name.removeprefix("store.db") for file in disk.iterdir()} <= {"", "-wal", "-shm"}
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=False)


def test_a_restore_that_is_killed_leaves_the_old_store_or_the_new_one(tmp_path: Path) -> None:
    path, copy = tmp_path / "store.db", tmp_path / "copy.db"
    url = f"sqlite:///{path}"
    with closing(open_store(f"sqlite:///{tmp_path}/large.db")) as large:
        large.commit([Recording(changes({f"{COUNTER}_{number}": 1 for number in range(20_000)}))])
        large.backup(copy)
    filled(url)
    with closing(open_store(url)) as store:
        store.backup(tmp_path / "old.db")
    old, new = tables(path), tables(copy)
    wal = path.with_name("store.db-wal")
    for kilobytes in (0, 100, 400, 1_000):
        command = [*COMMAND, "store", "restore", str(copy), "--yes", "--store", url]
        with subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and not (wal.exists() and wal.stat().st_size > kilobytes * 1024):
                time.sleep(0.0005)
            process.kill()
        assert tables(path) in (old, new)
        with closing(open_store(url)) as store:
            store.probe()
            store.restore(tmp_path / "old.db")


def test_help_says_what_yes_confirms() -> None:
    assert re.search(r"--yes +Set aside a store that can be read, too\.", run("store", "set-aside", "--help").stdout)
