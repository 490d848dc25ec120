"""What only the store in a file can do, and can suffer."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.stores import sqlite, sqlite_schema
from metrics_dictionary.stores.keys import KEY_LIFETIME
from metrics_dictionary.stores.sqlite import DELETION_GRACE, SqliteStore
from metrics_dictionary.stores.store import StoreUnavailableError
from metrics_dictionary.tools.errors import OperationalError
from tests.stores import recording_process
from tests.stores.stores_under_test import Clock, recording

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "{event_counters}_push"
WEEKLY = "{event_counters}_push-2026-53"
USERS = "{hll_counters}_push-user-2026-53"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(path: Path, clock: Clock) -> Iterator[SqliteStore]:
    store = SqliteStore(path, clock=clock, monotonic=clock.monotonic, busy_timeout=0.05)
    yield store
    store.close()


def number_of(path: Path, table: str) -> int:
    connection = sqlite3.connect(path)
    number: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    connection.close()
    return number


def test_only_the_owner_can_read_the_files(store: SqliteStore, path: Path) -> None:
    store.commit([recording(increments={KEY: 1})])
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}


def test_a_commit_is_on_the_disk_before_it_is_acknowledged(store: SqliteStore) -> None:
    assert store._writer.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_write_that_another_process_holds_up_is_unavailable_and_works_later(store: SqliteStore, path: Path) -> None:
    store.commit([recording(increments={KEY: 1})])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match=r"store\.db: database is locked"):
        store.commit([recording(increments={KEY: 1})])
    assert store.totals([KEY]) == {KEY: 1}
    other.execute("ROLLBACK")
    other.close()
    store.commit([recording(increments={KEY: 1})])
    assert store.totals([KEY]) == {KEY: 2}


def test_a_full_disk_writes_nothing_of_a_recording_and_recovers(store: SqliteStore) -> None:
    store.commit([recording(increments={KEY: 1})])
    store._writer.execute("PRAGMA max_page_count = 20")
    with pytest.raises(StoreUnavailableError, match="full"):
        store.commit([recording(increments={KEY: 1}, uniques={USERS: {"1"}}, outbox=("x" * 500_000,))])
    assert store.totals([KEY]) == {KEY: 1}
    assert store.distinct([USERS]) == 0
    assert store.outbox(1) == []
    store._writer.execute("PRAGMA max_page_count = 1000000")
    store.commit([recording(increments={KEY: 1})])
    assert store.totals([KEY]) == {KEY: 2}


BREAK_OFF = """
import resource, sys
from pathlib import Path
from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import Changes, OutcomeUnknownError, Recording
path, recording = Path(sys.argv[1]), Recording(Changes({sys.argv[2]: 1}))
store = open_store(f"sqlite:///{path}")
store.commit([recording])
limit = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (Path(f"{path}-wal").stat().st_size + 100, limit))
try:
    store.commit([recording])
except OutcomeUnknownError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
store.commit([recording])
"""
"""Lets the kernel refuse what the second commit writes, as a failing disk does, and then no more."""


def test_a_commit_during_which_the_disk_fails_is_called_unknown_and_the_next_one_works(path: Path) -> None:
    command = [sys.executable, "-c", BREAK_OFF, str(path), KEY]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == f"{path}: disk I/O error while it was being written\n"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT value FROM totals WHERE key = ?", (KEY,)).fetchone() == (2,)


def test_what_has_expired_is_deleted_in_passing(store: SqliteStore, path: Path, clock: Clock) -> None:
    store.commit([recording({WEEKLY: 1, KEY: 1}, {}, {USERS: {"1", "2"}}, {WEEKLY, USERS})])
    clock.now += KEY_LIFETIME + DELETION_GRACE + timedelta(seconds=1)
    store.commit([recording(increments={KEY: 1})])
    assert [number_of(path, table) for table in ("totals", "sets", "members", "ended_sets")] == [1, 0, 0, 0]


def test_a_large_set_that_has_ended_is_deleted_in_steps(
    store: SqliteStore, path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "MAX_MEMBERS_PER_SWEEP", 10)
    store.commit([recording(uniques={USERS: set(map(str, range(25)))}, expiring={USERS})])
    clock.now += KEY_LIFETIME + DELETION_GRACE + timedelta(seconds=1)
    left = []
    for _ in range(4):
        store.commit([recording(uniques={USERS: {"new"}}, expiring={USERS})])
        left.append(number_of(path, "members"))
        assert store.distinct([USERS]) == 1
    assert left == [16, 6, 1, 1]
    assert number_of(path, "ended_sets") == 0


def test_processes_that_share_the_file_lose_nothing(store: SqliteStore, path: Path) -> None:
    command = [sys.executable, "-m", recording_process.__name__, f"sqlite:///{path}", "4"]
    processes = [
        subprocess.Popen([*command, str(first), "150"], stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[2])
        for first in (0, 1_000, 2_000)
    ]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert store.totals([recording_process.COUNTER]) == {recording_process.COUNTER: 450}
    assert store.distinct([recording_process.SET]) == 450


@pytest.mark.parametrize("text", ["\ud800", object()])
def test_a_recording_that_cannot_be_written_fails_by_itself(store: SqliteStore, text: str) -> None:
    with pytest.raises((UnicodeEncodeError, sqlite3.Error)):
        store.commit([recording(increments={KEY: 1}, outbox=("fine", text))])
    assert store.totals([KEY]) == {}
    store.commit([recording(increments={KEY: 1})])
    assert store.totals([KEY]) == {KEY: 1}


def test_reading_goes_on_while_another_process_writes(store: SqliteStore, path: Path) -> None:
    store.commit([recording(increments={KEY: 1})])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("DELETE FROM totals")
    assert store.totals([KEY]) == {KEY: 1}
    other.close()


def test_another_applications_database_is_left_alone(path: Path, clock: Clock) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE users (id INTEGER)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(OperationalError, match="another application's database"):
        SqliteStore(path, clock=clock, monotonic=clock.monotonic)
    assert number_of(path, "users") == 0
    assert path.read_bytes() == before


def test_a_file_of_a_newer_release_is_refused(store: SqliteStore, path: Path, clock: Clock) -> None:
    store._writer.execute("PRAGMA user_version = 99")
    with pytest.raises(OperationalError, match=r"newer release \(version 99"):
        SqliteStore(path, clock=clock, monotonic=clock.monotonic)


def test_a_file_of_an_older_release_is_brought_up_to_date_and_keeps_what_it_holds(
    store: SqliteStore, path: Path
) -> None:
    store.commit([recording(increments={KEY: 1})])
    newer = (*sqlite_schema.MIGRATIONS, ("CREATE TABLE notes (text TEXT)", "INSERT INTO notes VALUES ('new')"))
    connection = sqlite3.connect(path, isolation_level=None)
    for _ in range(2):
        sqlite_schema.migrate(connection, path, newer)
    assert connection.execute("SELECT text FROM notes").fetchall() == [("new",)]
    assert connection.execute("PRAGMA user_version").fetchone() == (len(newer),)
    assert connection.execute("SELECT key, value FROM totals").fetchall() == [(KEY, 1)]
    connection.close()


@pytest.mark.usefixtures("store")
def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    broken = (*sqlite_schema.MIGRATIONS, ("CREATE TABLE notes (text TEXT)", "CREATE TABLE totals (key TEXT)"))
    connection = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        sqlite_schema.migrate(connection, path, broken)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    assert "notes" not in tables
    assert connection.execute("PRAGMA user_version").fetchone() == (len(sqlite_schema.MIGRATIONS),)
    connection.close()


def test_a_file_that_is_no_database_is_refused(path: Path, clock: Clock) -> None:
    path.write_text("recorded_at: yesterday\n" * 100)
    with pytest.raises(OperationalError, match=r"store\.db: file is not a database"):
        SqliteStore(path, clock=clock, monotonic=clock.monotonic)


def test_a_missing_folder_is_named(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(OperationalError, match=r"nowhere/store\.db: .*create it first"):
        SqliteStore(tmp_path / "nowhere" / "store.db", clock=clock)
    with pytest.raises(OperationalError, match="cannot be opened: Is a directory"):
        SqliteStore(tmp_path, clock=clock)


def test_a_damaged_file_is_unavailable_never_a_wrong_number(store: SqliteStore, path: Path, clock: Clock) -> None:
    store.commit([recording(increments={f"{KEY}_{number}": 1 for number in range(2_000)})])
    store.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(80_000)  # beyond the first page of each table
        file.write(os.urandom(size - 80_000))
    damaged = SqliteStore(path, clock=clock, monotonic=clock.monotonic)
    with pytest.raises(StoreUnavailableError, match=r"store\.db: .*malformed"):
        damaged.totals([f"{KEY}_{number}" for number in range(2_000)])
    damaged.close()


def test_a_file_that_is_damaged_from_the_start_is_refused(store: SqliteStore, path: Path, clock: Clock) -> None:
    store.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(8_192)
        file.write(os.urandom(size - 8_192))
    with pytest.raises(OperationalError, match=r"store\.db: .*malformed.*`metrics-dictionary store set-aside"):
        SqliteStore(path, clock=clock)
