"""A SQLite database in WAL mode whose folder cannot be written, while the application has it open and while not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.ping.database.database import DatabaseError, DatabaseUnavailableError
from metrics_dictionary.ping.database.open_database import open_database
from tests.ping.database.applications import SqliteApplication, relation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.ping.database.database import Database

NOBODY = 65534
USERS = relation("count", "users")
RUNNING = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for line in sys.stdin:
    connection.execute(line)
    print("done", flush=True)
connection.close()
"""


class ReadOnlyFolder:
    """A folder that this process cannot write to, with a database of seven users in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = SqliteApplication(path / "application.db")
        with self.writable():
            self.database.execute("PRAGMA journal_mode = WAL", "CREATE TABLE users (id INTEGER PRIMARY KEY)")
            self.database.insert("users", [(user,) for user in range(7)])

    @contextmanager
    def writable(self) -> Iterator[None]:
        """What the application does, which may write there."""
        if os.getuid() == 0:
            os.seteuid(0)
        self.path.chmod(0o755)
        yield
        self.path.chmod(0o555)
        if os.getuid() == 0:
            os.seteuid(NOBODY)

    @contextmanager
    def application(self, *statements: str) -> Iterator[subprocess.Popen[str]]:
        """The application has the database open and has run the statements."""
        with self.writable():
            command = [sys.executable, "-c", RUNNING, str(self.database.path)]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            assert process.stdin
            assert process.stdout
            for statement in statements:
                process.stdin.write(f"{statement}\n")
                process.stdin.flush()
                assert process.stdout.readline() == "done\n"
        yield process
        with self.writable():
            process.communicate()
        assert process.returncode == 0


@pytest.fixture
def folder() -> Iterator[ReadOnlyFolder]:
    path = Path(tempfile.mkdtemp(prefix="metrics-dictionary-"))  # pytest's own folders are closed to other users
    try:
        yield ReadOnlyFolder(path)
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        path.chmod(0o755)
        shutil.rmtree(path)


@pytest.fixture
def database(folder: ReadOnlyFolder) -> Iterator[Database]:
    with closing(open_database(folder.database.url, statement_timeout=60.0)) as database:
        yield database


def test_the_value_is_right_whatever_the_application_does(folder: ReadOnlyFolder, database: Database) -> None:
    assert database.compute(USERS) == 7
    with folder.application("INSERT INTO users VALUES (20)"):
        assert database.compute(USERS) == 8
    assert database.compute(USERS) == 8
    with folder.application("INSERT INTO users VALUES (21)"):
        pass
    assert database.compute(USERS) == 9
    with folder.application("INSERT INTO users VALUES (22)", "PRAGMA wal_checkpoint"):
        assert database.compute(USERS) == 10


def test_what_was_read_is_thrown_away_when_the_application_writes_meanwhile(
    folder: ReadOnlyFolder, database: Database
) -> None:
    slow = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 3000000) SELECT MAX(x) FROM n"
    assert database.compute(USERS) == 7
    answers: list[object] = []
    reader = threading.Thread(
        target=lambda: answers.extend(database.rows(f"SELECT (SELECT COUNT(*) FROM users), ({slow})"))
    )
    reader.start()
    with folder.application("INSERT INTO users VALUES (20)"):
        reader.join()
    assert answers == [(8, 3_000_000)]


def test_a_log_that_cannot_be_used_fails_with_what_is_needed(folder: ReadOnlyFolder) -> None:
    with folder.application("INSERT INTO users VALUES (20)"), folder.writable():
        copy = SqliteApplication(folder.path / "copy.db")
        shutil.copy(folder.database.path, copy.path)
        shutil.copy(f"{folder.database.path}-wal", f"{copy.path}-wal")
    with (
        closing(open_database(copy.url, statement_timeout=60.0)) as database,
        pytest.raises(DatabaseUnavailableError, match=r"WAL mode.*write to the folder \(`ReadWritePaths="),
    ):
        database.compute(USERS)


def test_a_file_that_may_not_be_read_is_named_with_that_reason(folder: ReadOnlyFolder, database: Database) -> None:
    with folder.writable():
        folder.database.path.chmod(0o000)
    with pytest.raises(DatabaseUnavailableError, match=r": cannot read the database: Permission denied$"):
        database.compute(USERS)


def test_a_database_that_is_read_as_unchanging_cannot_be_written_either(
    folder: ReadOnlyFolder, database: Database
) -> None:
    assert database.compute(USERS) == 7
    with pytest.raises(DatabaseError, match="readonly") as caught:
        database.rows("DELETE FROM users")
    assert not isinstance(caught.value, DatabaseUnavailableError)
    assert folder.database.path.exists()
