"""A backup of a SQLite store: a file of SQLite with all that the store holds, made and put back while servers run."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from metrics_dictionary.stores.sqlite_file import primary_code
from metrics_dictionary.stores.sqlite_schema import APPLICATION, migrate
from metrics_dictionary.stores.store import ADOPTED, IDENTIFIER, StoreUnavailableError
from metrics_dictionary.stores.trusted_time import TRUSTED
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.files import open_staged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAITING = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def write_backup(source: sqlite3.Connection, file: Path) -> None:
    """Write all that the connection sees into a file, which is there whole or not at all. Raises OperationalError."""
    with open_staged(file) as staged:
        try:
            with closing(sqlite3.connect(staged, isolation_level=None)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")  # one file, which can also be read where nobody writes
                _require_intact(target, file)
        except sqlite3.Error as error:
            raise OperationalError(f"{file}: cannot write the backup: {error}; choose a place with room") from error


@contextmanager
def opened_backup(file: Path, now: float) -> Iterator[sqlite3.Connection]:
    """Give a copy of a backup in the form of this release, in a temporary database of SQLite's.

    It is adopted at ``now``, in seconds since 1970, and nobody holds a lease in it. Raises OperationalError for a file
    that is not the backup of a SQLite store, is damaged, or was written by a newer release.
    """
    if file.exists() and not file.is_file():
        raise OperationalError(f"{file}: this is not a regular file; name the file of a backup")
    try:
        with closing(sqlite3.connect("", isolation_level=None)) as connection:
            with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as source:
                if source.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
                    raise OperationalError(f"{file}: this is not the backup of a SQLite store; name another file")
                source.backup(connection)
            _require_intact(connection, file)
            migrate(connection, file)
            connection.execute("DELETE FROM leases")
            connection.execute("INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)", (ADOPTED, str(now)))
            yield connection
    except sqlite3.OperationalError as error:
        raise OperationalError(f"{file}: the backup cannot be read: {error}; name another file") from error
    except sqlite3.DatabaseError as error:
        raise OperationalError(f"{file}: the backup is damaged: {error}; name another file") from error


def put_back(backup: sqlite3.Connection, target: sqlite3.Connection, path: Path, seconds: float) -> str:
    """Replace all that a store holds by a backup, in one transaction, and return the identifier that it has now.

    The store's time stays: an old backup must not make its clock look wrong. It waits for so many seconds for others
    who write. Raises StoreUnavailableError, and then nothing is replaced.
    """
    give_up = time.monotonic() + seconds

    def progress(status: int, _remaining: int, _total: int) -> None:
        if status in WAITING and time.monotonic() > give_up:
            raise StoreUnavailableError(f"{path}: another process keeps the store locked; try again")

    time_of_target = target.execute("SELECT value FROM state WHERE name = ?", (TRUSTED,)).fetchall()
    backup.execute("DELETE FROM state WHERE name = ?", (TRUSTED,))
    backup.executemany("INSERT INTO state (name, value) VALUES (?, ?)", [(TRUSTED, text) for (text,) in time_of_target])
    try:
        backup.backup(target, progress=progress, sleep=0.05)
    except sqlite3.Error as error:
        hint = "make room on the disk" if primary_code(error) == sqlite3.SQLITE_FULL else "try again"
        raise StoreUnavailableError(f"{path}: the backup was not restored: {error}; {hint}") from error
    return str(backup.execute("SELECT value FROM state WHERE name = ?", (IDENTIFIER,)).fetchone()[0])


def _require_intact(connection: sqlite3.Connection, file: Path) -> None:
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise OperationalError(f"{file}: the backup is damaged: {found}; name another file")
