"""A PostgreSQL database in a read-only session."""

from __future__ import annotations

import math
import os
import re
import socket
import threading
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from metrics_dictionary.ping.database.bounds import BoundsCache
from metrics_dictionary.ping.database.catalogs import select_string_type
from metrics_dictionary.ping.database.counting import compute
from metrics_dictionary.ping.database.database import (
    DatabaseError,
    DatabaseUnavailableError,
    StatementTimeout,
    TableLocked,
    allowed_seconds,
)
from metrics_dictionary.ping.database.sketch import BUCKET_BITS, Sketch
from metrics_dictionary.ping.measurement import MAX_REASON_LENGTH
from metrics_dictionary.ping.query import sql
from metrics_dictionary.ping.query.relation import Between
from metrics_dictionary.tools.addresses import read_address
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.text import one_line

if TYPE_CHECKING:
    from metrics_dictionary.ping.database.database import Number
    from metrics_dictionary.ping.query.relation import Column, Relation

CONNECT_TIMEOUT = 5

CANCEL_TIMEOUT = 5.0
"""Seconds after the statement timeout within which the server must report it, or it counts as unavailable."""

UNAVAILABLE_STATES = ("08", "53", "57P", "58030", "XX001", "XX002")
"""Prefixes of SQL states that are not the statement's fault: no connection, no resources, shutdown, damage."""

SESSION = (
    "SET default_transaction_read_only = on; SET timezone = 'UTC'; SET standard_conforming_strings = on; "
    "SET lock_timeout = {}"
)

LOCK_SHARE = 1 / 2
"""How much of the statement timeout a statement may wait for a lock: a table that is locked is not a slow one."""


_USER = re.compile(r"\b(user|role) \"[^\"]*\"")
"""What a server says about the name in an address, which reaches stored reasons and the metadata of a payload."""


class PostgresDatabase:
    """Raises OperationalError for a URL that psycopg does not understand."""

    adapter = "postgresql"

    def __init__(self, url: str, statement_timeout: float) -> None:
        options = _options(url)
        host, name = (options.get(key) or "its default" for key in ("host", "dbname"))
        self.statement_timeout = statement_timeout
        self.deadline = math.inf
        self._session_timeout = 0
        self._name = f"PostgreSQL database {name} at {host}"
        self._url = url
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._lock = threading.Lock()
        self._bounds_cache = BoundsCache(self)
        self._string_types: dict[Column, str | None] = {}

    def version(self) -> str:
        """Return the version of the server, without the words that distributions add."""
        ((version,),) = self.rows("SHOW server_version")
        return str(version).split(maxsplit=1)[0]

    def compute(self, relation: Relation) -> Number | None:
        """Return the value of a relation."""
        for condition in relation.rows.conditions:
            if isinstance(condition, Between) and not isinstance(condition.start, str):
                self._require_times(condition.column)
        return compute(self, relation, self._bounds_cache)

    def _require_times(self, column: Column) -> None:
        """Raise DatabaseError for a column of strings, which a time window would compare as strings."""
        if column not in self._string_types:
            self._string_types[column] = next((name for (name,) in self.rows(select_string_type(column))), None)
        if (kind := self._string_types[column]) is not None:
            raise DatabaseError(
                f"{column.table}.{column.name} has the type {kind}, in which times do not sort; give the column the "
                "type timestamp, or name another column in `timestamp_column`"
            )

    def sketch(self, relation: Relation) -> Sketch:
        """Return the sketch of the values, which the server hashes: a row for each bucket is fetched."""
        try:
            buckets = self.rows(sql.select_buckets(relation, BUCKET_BITS))
        except DatabaseError as error:
            if type(error) is not DatabaseError:
                raise
            # A type without a hash, such as `money`; these look the same where they are equal.
            buckets = self.rows(sql.select_buckets(relation, BUCKET_BITS, by_text=True))
        return Sketch.of_buckets(buckets)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return all rows of a single statement; a connection that ended unnoticed is opened again, once."""
        with self._lock:
            if self._connection is not None:
                try:
                    return self._run(self._connection, statement)
                except DatabaseUnavailableError:
                    self._disconnect()
            try:
                return self._run(self._connected(), statement)
            except DatabaseUnavailableError:
                self._disconnect()
                raise

    def close(self) -> None:
        """Close the connection; the next statement opens one again."""
        self._string_types.clear()
        with self._lock:
            self._disconnect()

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        try:
            self._connection = psycopg.connect(
                self._url,
                autocommit=True,
                connect_timeout=CONNECT_TIMEOUT,
                client_encoding="utf8",
                application_name="metrics-dictionary",
            )
            lock_timeout = max(1, round(self.statement_timeout * 1000 * LOCK_SHARE))
            self._connection.execute(SESSION.format(lock_timeout).encode())
            self._session_timeout = 0
        except (psycopg.Error, UnicodeError) as error:
            reason = _USER.sub(r"\1", _first_line(error))
            raise DatabaseUnavailableError(f"{self._name}: {reason}") from None
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _run(self, connection: psycopg.Connection[tuple[Any, ...]], statement: str) -> list[tuple[Any, ...]]:
        seconds = allowed_seconds(self)
        milliseconds = max(1, round(seconds * 1000))
        watchdog = threading.Timer(seconds + CANCEL_TIMEOUT, _shut_down, [connection])
        watchdog.daemon = True
        watchdog.start()
        try:
            # Binary answers need the extended protocol, in which the server accepts one statement and no second.
            with connection.cursor(binary=True) as cursor:
                if milliseconds != self._session_timeout:
                    cursor.execute(f"SET statement_timeout = {milliseconds}".encode())
                    self._session_timeout = milliseconds
                return cursor.execute(statement.encode()).fetchall()
        except psycopg.Error as error:
            raise self._failure(error, lost=connection.closed) from error
        finally:
            watchdog.cancel()

    def _failure(self, error: psycopg.Error, *, lost: bool) -> DatabaseError:
        if isinstance(error, errors.LockNotAvailable):
            return TableLocked(f"{self._name}: another session locks the table; the next collection tries again")
        if isinstance(error, errors.QueryCanceled):
            allowed_seconds(self)
            return StatementTimeout(f"{self._name}: a statement took longer than {self.statement_timeout:g} s")
        if lost or (error.sqlstate or "").startswith(UNAVAILABLE_STATES):
            return DatabaseUnavailableError(f"{self._name}: {_first_line(error)}")
        return DatabaseError(f"{self._name}: {_first_line(error)}; check the instrumentation against the database")


def _options(url: str) -> dict[str, Any]:
    """Return what a URL says, by libpq's names; raises OperationalError, which repeats no part of it."""
    read_address(url, "the database's address")
    try:
        options = conninfo_to_dict(url)
        known = all(port.isdecimal() for port in str(options.get("port") or 0).split(","))
    except psycopg.Error:  # its message repeats the URL, and with it a password
        options, known = {}, False
    if not known:
        raise OperationalError("the database's address cannot be read: write postgresql://USER@HOST/NAME")
    return options


def _first_line(error: Exception) -> str:
    """Return what happened; the lines that follow quote the statement."""
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    lines = (primary or str(error)).strip().splitlines()
    return one_line(lines[0], MAX_REASON_LENGTH) if lines else type(error).__name__


def _shut_down(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Shut down the socket of a server that no longer answers, so that whoever waits for it gets an error."""
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as connected:
            connected.shutdown(socket.SHUT_RDWR)
    except (OSError, psycopg.Error):
        return  # it has ended by itself
