"""A SQLite file, opened read-only.

A reader of a file in WAL mode has to write beside it. Where it cannot, because the folder is read-only, and the
application has closed the file, the file is read as one that nobody changes (``immutable=1``): after each statement it
is checked that nobody has, and otherwise the answer is thrown away.
"""

from __future__ import annotations

import math
import re
import sqlite3
import threading
import time
from dataclasses import replace
from pathlib import Path
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
from metrics_dictionary.ping.query.relation import AnyOf, Comparison, Join, Not, SubSelect
from metrics_dictionary.tools.text import one_line

if TYPE_CHECKING:
    from metrics_dictionary.ping.database.database import Number
    from metrics_dictionary.ping.query.relation import Condition, Relation, Rows

STEPS_BETWEEN_CHECKS = 20_000
"""Instructions of SQLite's virtual machine between two checks of the deadline: about a millisecond."""

OPENINGS = 4
"""How often one statement is run because the application opened or closed the file meanwhile."""

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

Stamp = tuple[int, int, int, int]
"""Device, inode, size and time of modification of a file: they differ after every change."""


class SqliteDatabase:
    """Reads the file that is at the path now: a file that replaced it is opened anew."""

    adapter = "sqlite"

    def __init__(self, path: Path, statement_timeout: float) -> None:
        self.statement_timeout = statement_timeout
        self.deadline = math.inf
        self._path = path.absolute()
        self._connection: sqlite3.Connection | None = None
        self._opened: Stamp | None = None
        self._immutable = False
        self._end = 0.0
        self._lock = threading.Lock()
        self._bounds_cache = BoundsCache(self)
        self._time_columns = TimeColumns(self, self._bounds_cache)

    def version(self) -> str:
        """Return the version of the SQLite library."""
        return sqlite3.sqlite_version

    def compute(self, relation: Relation) -> Number | None:
        """Return the value of a relation."""
        return compute(self, self._time_columns.settled(_with_glob(relation)), self._bounds_cache)

    def sketch(self, relation: Relation) -> Sketch:
        """Return the sketch of the values, each of which is fetched once: SQLite has no hash function."""
        return Sketch.of_values(value for (value,) in self.rows(sql.select_values(relation)) if value is not None)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return all rows of a single statement."""
        with self._lock:
            self._end = time.monotonic() + allowed_seconds(self)
            try:
                for _ in range(OPENINGS):
                    rows = self._answer(statement)
                    if rows is not None:
                        return rows
            except OSError as error:
                self._disconnect()
                raise DatabaseUnavailableError(f"{self._path}: cannot read the database: {error.strerror}") from None
            except (sqlite3.Error, sqlite3.Warning) as error:
                raise self._failure(error) from error
            raise DatabaseUnavailableError(f"{self._path}: cannot read the database: it changes too often. {_REMEDY}")

    def _answer(self, statement: str) -> list[tuple[Any, ...]] | None:
        """Return all rows; None when the file has to be opened in the other way."""
        try:
            rows = self._connected().execute(statement).fetchall()
        except sqlite3.Error as error:
            if self._immutable and self._is_changed():
                self._reopen(immutable=False)
            elif not self._immutable and _must_write(error) and not self._is_in_use():
                self._reopen(immutable=True)
            else:
                raise
            return None
        if self._immutable and self._is_changed():
            self._reopen(immutable=False)
            return None
        return rows

    def _reopen(self, *, immutable: bool) -> None:
        self._disconnect()
        self._immutable = immutable

    def _is_changed(self) -> bool:
        """Return whether the file is not the one that was opened, or is about to become another one."""
        return self._is_in_use() or self._stamp() != self._opened

    def _is_in_use(self) -> bool:
        """Return whether changes may lie beside the file: the application has it open, or did not close it."""
        return any(Path(f"{self._path.resolve()}{suffix}").exists() for suffix in ("-wal", "-journal"))

    def _stamp(self) -> Stamp:
        status = self._path.stat()
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns

    def close(self) -> None:
        """Close the file; the next statement opens it again."""
        self._time_columns.forget()
        with self._lock:
            self._disconnect()

    def _connected(self) -> sqlite3.Connection:
        stamp = self._stamp()
        if self._connection is None or self._opened is None or stamp[:2] != self._opened[:2]:
            self._disconnect()
            self._opened = stamp
            self._connection = sqlite3.connect(
                f"file:{quote(str(self._path))}?mode=ro{'&immutable=1' if self._immutable else ''}",
                uri=True,
                timeout=self.statement_timeout,
                isolation_level=None,
                check_same_thread=False,
            )
            self._connection.text_factory = _decoded
            self._connection.create_function(MICROSECONDS, 1, epoch_microseconds, deterministic=True)
            self._connection.set_progress_handler(self._timed_out, STEPS_BETWEEN_CHECKS)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _timed_out(self) -> bool:
        return time.monotonic() > self._end

    def _unreadable(self) -> str | None:
        """Return why the file itself cannot be read; None where it can."""
        try:
            self._path.open("rb").close()
        except OSError as error:
            return error.strerror
        return None

    def _failure(self, error: Exception) -> DatabaseError:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        message = one_line(str(error), MAX_REASON_LENGTH)
        if code == sqlite3.SQLITE_INTERRUPT:
            allowed_seconds(self)
            return StatementTimeout(f"{self._path}: a statement took longer than {self.statement_timeout:g} s")
        if _must_write(error) or code in UNAVAILABLE_CODES:
            self._reopen(immutable=False)
            why = self._unreadable() or (f"{message}. {_REMEDY}" if _must_write(error) else message)
            return DatabaseUnavailableError(f"{self._path}: cannot read the database: {why}")
        kind = SumOverflow if message == "integer overflow" else DatabaseError
        return kind(f"{self._path}: {message}; check the instrumentation against the database")


_REMEDY = (
    "SQLite has to write beside a database in WAL mode, or after a crash of its application: let this program write to "
    "the folder (`ReadWritePaths=` of a systemd unit)"
)


def _must_write(error: Exception) -> bool:
    """Return whether SQLite could not write beside the file; a statement that tries to write is another matter."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code == sqlite3.SQLITE_CANTOPEN or (
        code & 0xFF == sqlite3.SQLITE_READONLY and code != sqlite3.SQLITE_READONLY
    )


def _decoded(text: bytes) -> str:
    """Return a string from bytes that need not be UTF-8: SQLite does not check."""
    return text.decode("utf-8", "surrogateescape")


_PART = re.compile(r"\\(.)|(.)", re.DOTALL)
_WILDCARDS = {"%": "*", "_": "?"}


def _with_glob(relation: Relation) -> Relation:
    """Return the relation with ``GLOB`` in the place of each ``LIKE`` that the author did not write as SQL.

    SQLite's ``LIKE`` ignores the case of ASCII letters and has no escapes, other than PostgreSQL's. A statement that is
    shown keeps it. ``PRAGMA case_sensitive_like`` would also change the author's SQL, and what indexes of the
    application stand on.
    """
    return replace(relation, rows=_rows(relation.rows))


def _glob_pattern(pattern: str) -> str:
    """Return ``GLOB``'s pattern for one of ``LIKE``, in which the character after a backslash is an ordinary one."""
    if (len(pattern) - len(pattern.rstrip("\\"))) % 2:
        raise DatabaseError("a pattern of `LIKE` must not end with a single backslash; write two for a backslash")
    return _PART.sub(lambda part: _WILDCARDS.get(part[2]) or _ordinary(part[1] or part[2]), pattern)


def _ordinary(character: str) -> str:
    return f"[{character}]" if character in "*?[" else character


def _rows(rows: Rows) -> Rows:
    joins = tuple(replace(join, on=_all(join.on)) if isinstance(join, Join) else join for join in rows.joins)
    return replace(rows, joins=joins, conditions=_all(rows.conditions))


def _all(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    return tuple(map(_condition, conditions))


def _condition(condition: Condition) -> Condition:
    match condition:
        case Comparison(operator="LIKE", operand=str(pattern)):
            return replace(condition, operator="GLOB", operand=_glob_pattern(pattern))
        case Comparison(operand=SubSelect(rows=rows) as select):
            return replace(condition, operand=replace(select, rows=_rows(rows)))
        case AnyOf(members):
            return AnyOf(tuple(map(_all, members)))
        case Not(conditions):
            return Not(_all(conditions))
        case _:
            return condition
