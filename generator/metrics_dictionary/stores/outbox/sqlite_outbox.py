"""The outbox of a SQLite store: events that wait for the collector, and those that it has refused.

The functions run within a transaction of their caller, with ``now`` in seconds of trusted time. How many rows there are
is kept in one row: nobody counts a million of them to add one.

What the sender says of a row holds only for the row with the same id and the same text. Once a backup is restored, or
another store adopted, ids are given again: what has such an id now may be an event that no collector has seen.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from metrics_dictionary.stores.store import OutboxRow, OutboxState, RefusedRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

SCHEMA = (
    "ALTER TABLE outbox ADD COLUMN added INTEGER",
    "UPDATE outbox SET added = CAST(strftime('%s', 'now') AS INTEGER)",
    # retry_at: seconds since 1970, NULL for a dead letter. The id is the one that the row had in the outbox.
    """CREATE TABLE refused (id INTEGER PRIMARY KEY, text TEXT NOT NULL, added INTEGER, tries INTEGER NOT NULL,
        reason TEXT NOT NULL, retry_at INTEGER)""",
    "CREATE INDEX refused_retry_at ON refused (retry_at)",
    """CREATE TABLE outbox_counts (one INTEGER PRIMARY KEY CHECK (one = 1), kept INTEGER NOT NULL,
        dropped INTEGER NOT NULL)""",
    "INSERT INTO outbox_counts SELECT 1, count(*), 0 FROM outbox",
)
"""What brings an older file's outbox to this form. ``kept`` counts the rows of both tables."""


def kept_rows(connection: sqlite3.Connection) -> int:
    """Return how many events there are, refused ones included."""
    kept: int = connection.execute("SELECT kept FROM outbox_counts").fetchone()[0]
    return kept


def append(connection: sqlite3.Connection, texts: Sequence[str], dropped: int, now: int) -> None:
    """Add events, and count those for which there was no room."""
    connection.executemany("INSERT INTO outbox (text, added) VALUES (?, ?)", [(text, now) for text in texts])
    _count(connection, len(texts), dropped)


def waiting(connection: sqlite3.Connection, limit: int) -> list[OutboxRow]:
    """Return the oldest events that wait."""
    rows = connection.execute("SELECT id, text FROM outbox ORDER BY id LIMIT ?", (limit,))
    return [OutboxRow(str(identifier), text) for identifier, text in rows]


def due(connection: sqlite3.Connection, limit: int, now: int) -> list[OutboxRow]:
    """Return events that were refused and are to be tried again."""
    rows = connection.execute(
        "SELECT id, text, tries FROM refused WHERE retry_at <= ? ORDER BY retry_at LIMIT ?", (now, limit)
    )
    return [OutboxRow(str(identifier), text, tries) for identifier, text, tries in rows]


def delete(connection: sqlite3.Connection, rows: Iterable[OutboxRow]) -> None:
    """Delete events that the collector has."""
    sent = [(int(row.identifier), row.text) for row in rows]
    deleted = connection.executemany("DELETE FROM outbox WHERE id = ? AND text = ?", sent).rowcount
    deleted += connection.executemany("DELETE FROM refused WHERE id = ? AND text = ?", sent).rowcount
    _count(connection, -deleted)


def set_refused(
    connection: sqlite3.Connection, row: OutboxRow, tries: int, reason: str, retry_at: float | None
) -> None:
    """Note that the collector has refused an event. One that somebody has dropped meanwhile stays away."""
    event = (int(row.identifier), row.text)
    connection.execute(
        "INSERT OR IGNORE INTO refused SELECT id, text, added, 0, '', NULL FROM outbox WHERE id = ? AND text = ?", event
    )
    connection.execute("DELETE FROM outbox WHERE id = ? AND text = ?", event)
    connection.execute(
        "UPDATE refused SET tries = ?, reason = ?, retry_at = ? WHERE id = ? AND text = ?",
        (tries, reason, retry_at, *event),
    )


def refused(connection: sqlite3.Connection, limit: int) -> list[RefusedRow]:
    """Return events that were refused, those first that are tried again first, dead letters last."""
    rows = connection.execute(
        "SELECT id, text, tries, reason, added, retry_at FROM refused ORDER BY retry_at IS NULL, retry_at, id LIMIT ?",
        (limit,),
    )
    return [
        RefusedRow(str(identifier), text, tries, reason, _time(added), _time(retry_at))
        for identifier, text, tries, reason, added, retry_at in rows
    ]


def refused_ids(connection: sqlite3.Connection) -> list[str]:
    """Return the ids of all events that were refused."""
    return [str(identifier) for (identifier,) in connection.execute("SELECT id FROM refused")]


def retry(connection: sqlite3.Connection, identifiers: Iterable[str], now: int) -> list[str]:
    """Let refused events wait again, behind all others; return the ids of those that there were."""
    found = []
    for identifier in identifiers:
        row = (int(identifier),)
        connection.execute("INSERT INTO outbox (text, added) SELECT text, ? FROM refused WHERE id = ?", (now, *row))
        if connection.execute("DELETE FROM refused WHERE id = ?", row).rowcount:
            found.append(identifier)
    return found


def drop(connection: sqlite3.Connection, identifiers: Iterable[str]) -> list[str]:
    """Delete refused events; return the ids of those that there were."""
    found = [
        identifier
        for identifier in identifiers
        if connection.execute("DELETE FROM refused WHERE id = ?", (int(identifier),)).rowcount
    ]
    _count(connection, -len(found))
    return found


def state(connection: sqlite3.Connection) -> OutboxState:
    """Return how many events there are, and since when the oldest waits."""
    kept, dropped = connection.execute("SELECT kept, dropped FROM outbox_counts").fetchone()
    count = "SELECT count(*), min(id) FROM refused INDEXED BY refused_retry_at WHERE retry_at IS"
    dead, _ = connection.execute(f"{count} NULL").fetchone()
    again, first = connection.execute(f"{count} NOT NULL").fetchone()
    oldest = connection.execute("SELECT added FROM outbox ORDER BY id LIMIT 1").fetchone() or (None,)
    oldest_again = connection.execute("SELECT added FROM refused WHERE id = ?", (first,)).fetchone() or (None,)
    return OutboxState(kept - dead - again, _time(*oldest), again, _time(*oldest_again), dead, dropped)


def _count(connection: sqlite3.Connection, kept: int, dropped: int = 0) -> None:
    connection.execute("UPDATE outbox_counts SET kept = kept + ?, dropped = dropped + ?", (kept, dropped))


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
