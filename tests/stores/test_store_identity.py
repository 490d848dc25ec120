"""A store's file that is moved, replaced, emptied or held up is noticed before anything is acknowledged."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.stores.sqlite import SqliteStore
from metrics_dictionary.stores.store import OutcomeUnknownError, StoreUnavailableError
from tests.stores.stores_under_test import Clock, recording

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "{event_counters}_push"
ONE = recording(increments={KEY: 1})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with closing(opened(path)) as store:
        yield store


def opened(path: Path, busy_timeout: float = 0.05) -> SqliteStore:
    clock = Clock()
    return SqliteStore(path, clock=clock, monotonic=clock.monotonic, busy_timeout=busy_timeout)


def counted(path: Path) -> int:
    """Return what the file says, read by sqlite3 alone."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        row = connection.execute("SELECT value FROM totals WHERE key = ?", (KEY,)).fetchone()
        return 0 if row is None else int(row[0])


def acknowledged(store: SqliteStore, times: int = 1) -> int:
    """Record so many times, and return how often the store said that it is done."""
    done = 0
    for _ in range(times):
        with suppress(StoreUnavailableError):
            store.commit([ONE])
            done += 1
    return done


def test_a_store_has_a_uuid_of_its_own_that_stays(tmp_path: Path) -> None:
    found = []
    for name in ("a.db", "a.db", "b.db"):
        with closing(opened(tmp_path / name)) as store:
            found.append(uuid.UUID(store.identifier()))
    assert found[0] == found[1] != found[2]
    assert [(one.version, one.variant) for one in found] == [(4, uuid.RFC_4122)] * 3


def test_a_moved_file_takes_nothing_and_goes_on_when_it_is_put_back(store: SqliteStore, path: Path) -> None:
    done = acknowledged(store)
    away = path.with_name("away.db")
    path.rename(away)
    for _ in range(3):
        with pytest.raises(StoreUnavailableError, match=r"store\.db was moved or deleted; put the store back"):
            store.commit([ONE])
    with pytest.raises(StoreUnavailableError, match="moved or deleted"):
        store.totals([KEY])
    with pytest.raises(StoreUnavailableError, match="moved or deleted"):
        store.probe()
    assert not path.exists()
    away.rename(path)
    store.probe()
    done += acknowledged(store, 2)
    assert counted(path) == done == 3


def test_a_file_that_vanishes_during_a_commit_leaves_the_outcome_unknown(store: SqliteStore, path: Path) -> None:
    away = path.with_name("away.db")

    def vanish(statement: str) -> None:
        if statement == "COMMIT":
            path.rename(away)

    store._writer.set_trace_callback(vanish)
    with pytest.raises(OutcomeUnknownError, match=r"store\.db was moved or deleted while it was written to"):
        store.commit([ONE])


@pytest.mark.parametrize("end", ["-wal", "-shm"])
def test_a_deleted_file_of_wal_mode_loses_nothing_that_was_acknowledged(
    store: SqliteStore, path: Path, end: str
) -> None:
    done = acknowledged(store, 3)
    path.with_name(f"store.db{end}").unlink()
    done += acknowledged(store, 3)
    store.close()
    assert counted(path) >= done >= 3


def test_a_copy_with_the_same_identifier_is_opened_and_another_store_is_not(store: SqliteStore, path: Path) -> None:
    acknowledged(store)
    copy, other = path.with_name("copy.db"), path.with_name("other.db")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    opened(other).close()
    shutil.move(other, path)
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match="not the store that this server started with"):
            store.commit([ONE])
        with pytest.raises(StoreUnavailableError, match="not the store"):
            store.probe()
    assert counted(path) == 0
    shutil.move(copy, path)
    assert acknowledged(store, 2) == 2
    assert counted(path) == 3


def test_a_store_may_be_a_link_and_is_followed_where_the_link_leads(tmp_path: Path) -> None:
    folders = tmp_path / "old", tmp_path / "new"
    for folder in folders:
        folder.mkdir()
    old, new = (folder / "real.db" for folder in folders)
    opened(old).close()
    link = tmp_path / "store.db"
    link.symlink_to(old)
    with closing(opened(link)) as store:
        done = acknowledged(store, 3)
        assert (counted(old), counted(link), done) == (3, 3, 3)
        store.probe()
        with closing(sqlite3.connect(old)) as source, closing(sqlite3.connect(new)) as target:
            source.backup(target)
        link.unlink()
        assert acknowledged(store) == 0
        link.symlink_to(new)
        store.probe()
        assert acknowledged(store, 2) == 2
        assert (counted(old), counted(new)) == (3, 5)
        link.unlink()
        link.symlink_to(old)
        assert acknowledged(store) == 0  # the old file lacks two
        with pytest.raises(StoreUnavailableError, match="lacks what was recorded"):
            store.probe()
    assert (counted(old), counted(new)) == (3, 5)
    assert (
        sorted(file.name for folder in folders for file in folder.iterdir() if file.suffix == ".db") == ["real.db"] * 2
    )


def test_another_store_that_was_adopted_is_taken(store: SqliteStore, path: Path) -> None:
    acknowledged(store)
    path.unlink()
    with pytest.raises(StoreUnavailableError, match="moved or deleted"):
        store.probe()
    with closing(opened(path)) as other:
        assert other.adopt() == other.identifier() != store.identifier()
        store.probe()
        assert acknowledged(store, 2) == 2
        assert store.identifier() == other.identifier()
    assert counted(path) == 2


def test_an_emptied_file_is_noticed_and_never_filled_again(store: SqliteStore, path: Path) -> None:
    acknowledged(store, 3)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.truncate(path, 0)
    assert acknowledged(store, 3) == 0
    with pytest.raises(StoreUnavailableError):
        store.probe()
    with pytest.raises(StoreUnavailableError):
        store.totals([KEY])


def test_another_store_written_into_the_same_file_is_noticed(store: SqliteStore, path: Path) -> None:
    acknowledged(store)
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE state SET value = 'another' WHERE name = 'store_identifier'")
        other.commit()
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match="not the store that this server started with"):
            store.commit([ONE])
        with pytest.raises(StoreUnavailableError, match="not the store"):
            store.probe()
    assert counted(path) == 1


def test_a_probe_says_that_the_file_is_locked_and_holds_nobody_up(path: Path) -> None:
    with closing(opened(path, busy_timeout=5.0)) as store, closing(sqlite3.connect(path, isolation_level=None)) as lock:
        lock.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match=r"store\.db: database is locked; try again"):
            store.probe()
        assert store.totals([KEY]) == {}
        lock.execute("ROLLBACK")
        store.probe()


def test_a_store_in_use_is_not_unlocked_by_a_second_one_in_the_same_process(store: SqliteStore, path: Path) -> None:
    """A program that closes the file last deletes its -wal: it must not take itself for the last one."""
    acknowledged(store)
    opened(path).close()
    program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM totals'); c.close()"
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)
    assert path.with_name("store.db-wal").exists()
    assert acknowledged(store) == 1
    assert counted(path) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a file system")
def test_a_full_disk_acknowledges_nothing_that_is_not_there_and_recovers(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("this machine does not let root mount a file system")
    try:
        with closing(opened(disk / "store.db")) as store:
            done = acknowledged(store)
            ballast = disk / "ballast"
            with suppress(OSError), ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 4096)
            large = recording(increments={KEY: 1}, outbox=("x" * 200_000,))
            for _ in range(3):
                with pytest.raises(StoreUnavailableError, match=r"disk"):
                    store.commit([large])
            done += acknowledged(store, 3)
            ballast.unlink()
            store.probe()
            done += acknowledged(store, 2)
            assert counted(disk / "store.db") == done >= 3
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def test_a_read_only_file_is_named_as_what_it_is(store: SqliteStore) -> None:
    acknowledged(store)
    store._writer.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreUnavailableError, match=r"readonly database; make the file and its folder writable"):
        store.commit([ONE])
