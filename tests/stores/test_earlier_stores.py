"""A store that an earlier release made opens with all that it holds, and goes on.

`earlier_schemas/N.sql` are the statements of the release of schema version N, and a row of everything that it knew.
"""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from metrics_dictionary.stores.sqlite import SqliteStore
from metrics_dictionary.stores.sqlite_schema import MIGRATIONS
from metrics_dictionary.stores.store import Recording
from tests.program import run
from tests.stores.stores_under_test import Clock, changes

SCHEMAS = {int(file.stem): file for file in Path(__file__).with_name("earlier_schemas").glob("*.sql")}

KEY = "{event_counters}_push"
WEEKLY = "{event_counters}_push-2026-53"
USERS = "{hll_counters}_push-user-2026-53"
KNOWN_ID = bytes(range(16))


def made(file: Path, version: int) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(SCHEMAS[version].read_text(encoding="utf-8"))


def rows(file: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(file)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in names}


def known_columns(rows: list[tuple[object, ...]], before: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Return the rows without the columns that came later, which stand behind the others."""
    return [row[: len(before[0])] for row in rows] if before else rows


def test_there_are_statements_of_every_earlier_version() -> None:
    assert sorted(SCHEMAS) == list(range(1, len(MIGRATIONS)))


@pytest.mark.parametrize("version", SCHEMAS)
def test_every_row_stays_and_the_store_gets_a_uuid(tmp_path: Path, version: int) -> None:
    path, clock = tmp_path / "store.db", Clock()
    made(path, version)
    before = rows(path)
    with closing(SqliteStore(path, clock=clock, monotonic=clock.monotonic)) as store:
        assert uuid.UUID(store.identifier()).version == 4
        store.probe()
    after = rows(path)
    assert after["probe"] == [(1, 1)]
    for table, held in before.items():
        if table == "probe":  # written to just now
            continue
        added = {name for name, _ in after[table]} - {name for name, _ in held} if table == "state" else set()
        assert known_columns([row for row in after[table] if row[0] not in added], held) == held
        assert added <= {"store_identifier", "trusted_time"}
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("version", SCHEMAS)
def test_it_counts_on(tmp_path: Path, version: int) -> None:
    path, clock = tmp_path / "store.db", Clock()
    made(path, version)
    with closing(SqliteStore(path, clock=clock, monotonic=clock.monotonic)) as store:
        of_event = changes({KEY: 1, WEEKLY: 1}, {}, {USERS: {"9"}}, {WEEKLY, USERS})
        store.commit([Recording(of_event, ((KNOWN_ID, changes({KEY: 100})),))])
        known = version >= 3  # before, there were no ids
        assert store.totals([KEY, WEEKLY]) == {KEY: 13 if known else 113, WEEKLY: 6}
        assert store.distinct([USERS]) == 3
        assert [row.text for row in store.outbox(2)] == ['{"event": "push"}']
        assert [(token.user, token.identifier) for token in store.tokens()] == [(7, "a1")]
        assert store.flags() == {"usage_data_queries_api": True}
        payload = store.payload()
        assert payload is not None
        assert payload.payload == '{"counts": {"push": 12}}'
        assert (payload.saved_at is not None) is (version >= 2)


@pytest.mark.parametrize("version", SCHEMAS)
def test_a_backup_of_an_earlier_release_is_restored_in_the_form_of_this_one(tmp_path: Path, version: int) -> None:
    copy, path = tmp_path / "copy.db", tmp_path / "store.db"
    made(copy, version)
    before, bytes_before = rows(copy), copy.read_bytes()
    restored = run("store", "restore", copy, "--store", f"sqlite:///{path}", cwd=tmp_path)
    assert restored.returncode == 0, restored.stderr
    after = rows(path)
    for table in ("totals", "sets", "members", "tokens", "flags", "payload", "outbox"):
        assert known_columns(after[table], before[table]) == before[table]
    assert copy.read_bytes() == bytes_before
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
