"""A SQLite file, opened read-only."""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from metrics_dictionary.ping.database.bounds import BoundsCache
from metrics_dictionary.ping.database.counting import compute
from metrics_dictionary.ping.database.database import (
    DatabaseError,
    DatabaseUnavailableError,
    StatementTimeout,
    SumOverflow,
    allowed_seconds,
)
from metrics_dictionary.ping.database.sketch import Sketch
from metrics_dictionary.ping.database.time_columns import MICROSECONDS, TimeColumns, epoch_microseconds
from metrics_dictionary.ping.measurement import MAX_REASON_LENGTH
from metrics_dictionary.ping.query import sql
from metrics_dictionary.tools.text import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.ping.database.database import Number
    from metrics_dictionary.ping.query.relation import Relation

STEPS_BETWEEN_CHECKS = 20_000
"""Instructions of SQLite's virtual machine between two checks of the deadline: about a millisecond."""

UNAVAILABLE_CODES = {
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
}
"""Primary error codes that are not the statement's fault."""


class SqliteDatabase:
    """Reads the file that is at the path now: a file that replaced it is opened anew."""

    adapter = "sqlite"

    def __init__(self, path: Path, statement_timeout: float) -> None:
        self.statement_timeout = statement_timeout
        self.deadline = math.inf
        self._path = path.absolute()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._end = 0.0
        self._lock = threading.Lock()
        self._bounds_cache = BoundsCache(self)
        self._time_columns = TimeColumns(self, self._bounds_cache)

    def version(self) -> str:
        """Return the version of the SQLite library."""
        return sqlite3.sqlite_version

    def compute(self, relation: Relation) -> Number | None:
        """Return the value of a relation."""
        return compute(self, self._time_columns.settled(relation), self._bounds_cache)

    def sketch(self, relation: Relation) -> Sketch:
        """Return the sketch of the values, each of which is fetched once: SQLite has no hash function."""
        return Sketch.of_values(value for (value,) in self.rows(sql.select_values(relation)) if value is not None)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return all rows of a single statement."""
        with self._lock:
            try:
                connection = self._connected()
                self._end = time.monotonic() + allowed_seconds(self)
                return connection.execute(statement).fetchall()
            except OSError as error:
                self._disconnect()
                raise DatabaseUnavailableError(f"{self._path}: cannot read the database: {error.strerror}") from None
            except (sqlite3.Error, sqlite3.Warning) as error:
                raise self._failure(error) from error

    def close(self) -> None:
        """Close the file; the next statement opens it again."""
        self._time_columns.forget()
        with self._lock:
            self._disconnect()

    def _connected(self) -> sqlite3.Connection:
        status = self._path.stat()
        identity = (status.st_dev, status.st_ino)
        if self._connection is None or identity != self._identity:
            self._disconnect()
            self._connection = sqlite3.connect(
                f"file:{quote(str(self._path))}?mode=ro",
                uri=True,
                timeout=self.statement_timeout,
                isolation_level=None,
                check_same_thread=False,
            )
            self._connection.text_factory = _decoded
            self._connection.create_function(MICROSECONDS, 1, epoch_microseconds, deterministic=True)
            self._connection.set_progress_handler(self._timed_out, STEPS_BETWEEN_CHECKS)
            self._identity = identity
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _timed_out(self) -> bool:
        return time.monotonic() > self._end

    def _failure(self, error: Exception) -> DatabaseError:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        message = one_line(str(error), MAX_REASON_LENGTH)
        if code == sqlite3.SQLITE_INTERRUPT:
            allowed_seconds(self)
            return StatementTimeout(f"{self._path}: a statement took longer than {self.statement_timeout:g} s")
        if code in UNAVAILABLE_CODES:
            self._disconnect()
            return DatabaseUnavailableError(f"{self._path}: cannot read the database: {message}")
        kind = SumOverflow if message == "integer overflow" else DatabaseError
        return kind(f"{self._path}: {message}; check the instrumentation against the database")


def _decoded(text: bytes) -> str:
    """Return a string from bytes that need not be UTF-8: SQLite does not check."""
    return text.decode("utf-8", "surrogateescape")
