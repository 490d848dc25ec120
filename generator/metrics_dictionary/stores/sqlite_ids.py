"""The ids of events and requests that a SQLite store knows, so that a repeated one is not counted again.

They lie in three tables, of which one is filled; every 12 hours the oldest is emptied whole and filled next. So an id
is known for 24 hours at least, and is not forgotten one by one.
"""

# ruff: noqa: S608 - only names of tables are put into SQL

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from metrics_dictionary.stores.store import ChangesBuilder, Outcome, Verdict, tell_forgotten_early

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from metrics_dictionary.stores.store import Recording

TABLES = ("ids_0", "ids_1", "ids_2")

ROTATE_AFTER = 12 * 3600

ROTATION = "known_ids"
"""The name of the state that says which table is filled, since when (in seconds of trusted time), and by how many."""

EACH = "WITH RECURSIVE each (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM each WHERE i + 1 < ?2)"
"""A row for each of ``?2`` names, which stand in one blob, ``?1``: a third of the time that as many parameters take,
and all of it without Python's lock."""

NAME = "substr(?1, 16 * i + 1, 16)"

# CROSS JOIN: in this order (https://sqlite.org/lang_select.html, section 2.1).
LOOK_UP = f"{EACH} " + " UNION ALL ".join(
    f"SELECT {table}.id, {table}.digest FROM each CROSS JOIN {table} WHERE {table}.id = {NAME}" for table in TABLES
)

RECORDED, DUPLICATE, CONFLICT, OUTBOX_FULL = map(
    Verdict, (Outcome.RECORDED, Outcome.DUPLICATE, Outcome.CONFLICT, Outcome.OUTBOX_FULL)
)


@dataclass(frozen=True, slots=True)
class _Rotation:
    current: int
    since: int
    ids: int = 0


@dataclass(frozen=True, slots=True)
class Sifted:
    """The verdicts on recordings, what they change together, and the ids that were not known, with their digests.

    ``dropped`` is the number of events that the outbox has no room for.
    """

    verdicts: list[Verdict]
    changes: ChangesBuilder
    new: Mapping[bytes, bytes]
    dropped: int


def names_in(recordings: Iterable[Recording]) -> list[bytes]:
    """Return the names of the requests and the ids of the events, 16 bytes each."""
    names = [name for recording in recordings for name in recording.names]
    names += [recording.request for recording in recordings if recording.request is not None]
    return names


def has_rows(recordings: Iterable[Recording]) -> bool:
    """Whether any event goes to the collector."""
    return any(
        recording.whole.outbox
        if recording.whole is not None
        else recording.changes.outbox or any(changes.outbox for _, changes in recording.identified)
        for recording in recordings
    )


def sift(recordings: Iterable[Recording], known: Mapping[bytes, bytes], room: int | None, *, drop: bool) -> Sifted:
    """Leave out what is ``known`` already, or from an earlier one of these recordings.

    The outbox has ``room`` for so many events, None where there are none; what more there are is refused, or not sent
    with ``drop``.
    """
    verdicts, changes, new, dropped = [], ChangesBuilder(), dict[bytes, bytes](), 0
    for recording in recordings:
        request = recording.request
        if request is not None:
            digest = known.get(request, new.get(request))
            if digest is not None:
                verdicts.append(DUPLICATE if digest == recording.digest else CONFLICT)
                continue
        part = recording
        if room is not None:
            rows = _rows_of(recording, known, new)
            has_no_room = rows > max(0, room)
            if has_no_room and not drop:
                verdicts.append(OUTBOX_FULL)
                continue
            if has_no_room:
                dropped += rows
                part = _without_rows(recording)
            else:
                room -= rows
        if request is not None:
            new[request] = recording.digest
        left_out = _add(part, known, changes, new)
        verdicts.append(Verdict(Outcome.RECORDED, known=left_out) if left_out else RECORDED)
    return Sifted(verdicts, changes, new, dropped)


def _add(recording: Recording, known: Mapping[bytes, bytes], changes: ChangesBuilder, new: dict[bytes, bytes]) -> int:
    """Add what a recording changes, and note the ids that are new; return how many events are known, and left out."""
    fresh = dict.fromkeys(recording.names, b"")
    is_fresh = len(fresh) == len(recording.identified) and fresh.keys().isdisjoint(new)
    if recording.whole is not None and is_fresh and fresh.keys().isdisjoint(known):
        new |= fresh
        changes.add(recording.whole)
        return 0
    left_out = 0
    for name, of_event in recording.identified:
        if name in known or name in new:
            left_out += 1
        else:
            new[name] = b""
            changes.add(of_event)
    changes.add(recording.changes)
    return left_out


def _rows_of(recording: Recording, *known: Mapping[bytes, bytes]) -> int:
    """Return how many events a recording has for the collector, apart from those that are known."""
    unknown = {name: len(of_event.outbox) for name, of_event in reversed(recording.identified)}
    rows = (number for name, number in unknown.items() if not any(name in names for names in known))
    return len(recording.changes.outbox) + sum(rows)


def _without_rows(recording: Recording) -> Recording:
    return replace(
        recording,
        changes=replace(recording.changes, outbox=()),
        identified=tuple((name, replace(of_event, outbox=())) for name, of_event in recording.identified),
        whole=None,
    )


class KnownIds:
    """The three tables. Every method runs within a transaction that writes; ``now`` is trusted time in seconds."""

    def __init__(self, limit: int) -> None:
        # A third of them fit into each table: so the youngest two thirds are kept, however fast they come.
        self._limit = max(1, limit // len(TABLES))
        self._uncounted = 0
        self._rotation = _Rotation(0, 0)

    def of(self, connection: sqlite3.Connection, names: Sequence[bytes], now: int) -> dict[bytes, bytes]:
        """Return those of the names that are known, with their digests; an event has an empty one.

        Empties the tables whose time has come, before.
        """
        self._rotation = self.rotate(connection, now)
        return dict(connection.execute(LOOK_UP, (b"".join(names), len(names))))

    def add(self, connection: sqlite3.Connection, new: Mapping[bytes, bytes]) -> None:
        """Keep ids of which `of` has said, in the same transaction, that they are not known."""
        rotation = self._rotation
        table = TABLES[rotation.current]
        events = [name for name, digest in new.items() if not digest]
        if events:
            connection.execute(
                f"{EACH} INSERT INTO {table} SELECT {NAME}, x'' FROM each", (b"".join(events), len(events))
            )
        if len(events) < len(new):
            connection.executemany(
                f"INSERT INTO {table} (id, digest) VALUES (?, ?)", [entry for entry in new.items() if entry[1]]
            )
        self._uncounted += len(new)
        if self._uncounted >= self._limit // 100:  # exact enough, and not a write with each commit
            _keep(connection, _Rotation(rotation.current, rotation.since, rotation.ids + self._uncounted))
            self._uncounted = 0

    def rotate(self, connection: sqlite3.Connection, now: int) -> _Rotation:
        """Empty the tables whose time has come; return which one is filled now."""
        kept = _rotation(connection)
        rotation = kept or _Rotation(0, now)
        is_full = rotation.ids >= self._limit
        due = min(max((now - rotation.since) // ROTATE_AFTER, int(is_full)), len(TABLES))
        if is_full and now - rotation.since < ROTATE_AFTER:
            tell_forgotten_early(rotation.ids, now - rotation.since)
        for _ in range(due):
            rotation = _Rotation((rotation.current + 1) % len(TABLES), now)
            connection.execute(f"DELETE FROM {TABLES[rotation.current]}")
        if now < rotation.since:  # the trusted time was set back
            rotation = _Rotation(rotation.current, now, rotation.ids)
        if rotation != kept:
            _keep(connection, rotation)
        return rotation


def _rotation(connection: sqlite3.Connection) -> _Rotation | None:
    row = connection.execute("SELECT value FROM state WHERE name = ?", (ROTATION,)).fetchone()
    try:
        if row is None:
            return None
        rotation = _Rotation(**{name: int(number) for name, number in json.loads(row[0]).items()})
        return rotation if 0 <= rotation.current < len(TABLES) else None
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None  # not written by this program; the ids themselves are still known


def _keep(connection: sqlite3.Connection, rotation: _Rotation) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)", (ROTATION, json.dumps(asdict(rotation)))
    )
