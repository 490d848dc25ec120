"""The tables of a store file, and how an older file becomes a newer one."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from metrics_dictionary.stores.outbox.sqlite_outbox import SCHEMA as OUTBOX_SCHEMA
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

APPLICATION = 0x4D446963
"""`MDic`: tells a store from another application's database, which must not be written to."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # expires: seconds since 1970, NULL for never.
        "CREATE TABLE totals (key TEXT PRIMARY KEY, value NOT NULL, expires INTEGER) WITHOUT ROWID",
        "CREATE TABLE sets (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, expires INTEGER)",
        "CREATE TABLE members (set_id INTEGER, value TEXT, PRIMARY KEY (set_id, value)) WITHOUT ROWID",
        # Sets that have ended: their members are deleted little by little.
        "CREATE TABLE ended_sets (id INTEGER PRIMARY KEY)",
        "CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL)",
        """CREATE TABLE tokens (digest TEXT PRIMARY KEY, identifier TEXT NOT NULL, user INTEGER NOT NULL,
            scopes TEXT NOT NULL, admin INTEGER NOT NULL, expires TEXT, created TEXT NOT NULL) WITHOUT ROWID""",
        "CREATE TABLE flags (name TEXT PRIMARY KEY, enabled INTEGER NOT NULL) WITHOUT ROWID",
        """CREATE TABLE payload (one INTEGER PRIMARY KEY CHECK (one = 1), recorded_at TEXT NOT NULL,
            payload TEXT NOT NULL, metadata TEXT NOT NULL)""",
        "CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, expires REAL NOT NULL) WITHOUT ROWID",
    ),
    ("CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",),
    # Ids of events and names of requests, which have a digest of what they asked; filled in turn.
    tuple(
        f"CREATE TABLE ids_{number} (id BLOB PRIMARY KEY, digest BLOB NOT NULL) WITHOUT ROWID" for number in range(3)
    ),
    (
        # A random UUID (RFC 9562, version 4) tells this store from every other one.
        """INSERT INTO state VALUES ('store_identifier', lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4'
            || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))))""",
        # What a readiness probe writes to.
        "CREATE TABLE probe (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL)",
        "INSERT INTO probe VALUES (1, 0)",
    ),
    OUTBOX_SCHEMA,
    (
        """CREATE TABLE totals_by_value (key TEXT, value TEXT, total INTEGER NOT NULL, expires INTEGER,
            PRIMARY KEY (key, value)) WITHOUT ROWID""",
    ),
)
"""Entry n brings a file from version n to n + 1; `user_version` says where a file is. Entries are never changed."""


def refuse_another_application(connection: sqlite3.Connection, path: Path) -> None:
    """Raise OperationalError for a database that is not a store, and leave it as it was."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != APPLICATION and tables:
        raise OperationalError(f"{path}: this is another application's database, not a store; name another file")


def migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Bring the file to the newest version, in one transaction.

    Raises OperationalError for a file that a newer release wrote.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(migrations):
            raise OperationalError(
                f"{path}: this store was written by a newer release (version {version}, this one knows"
                f" {len(migrations)}); install that release, or use another file"
            )
        for statement in itertools.chain.from_iterable(migrations[version:]):
            connection.execute(statement)
        if version < len(migrations):
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
