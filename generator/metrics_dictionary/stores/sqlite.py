"""A store in one SQLite file: durable, exact, shared by the processes of one machine."""

# ruff: noqa: D102, S608
# D102: Store explains its methods, once. S608: only constants of this module and question marks are put into SQL.

from __future__ import annotations

import json
import logging
import math
import sqlite3
import sys
import threading
import time
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from metrics_dictionary.stores.keys import KEY_LIFETIME, LEFT_OUT_PREFIX, left_out_key
from metrics_dictionary.stores.outbox import sqlite_outbox
from metrics_dictionary.stores.sqlite_backup import opened_backup, put_back, write_backup
from metrics_dictionary.stores.sqlite_file import StoreFile, holds_the_same, primary_code
from metrics_dictionary.stores.sqlite_ids import KnownIds, has_rows, names_in, sift
from metrics_dictionary.stores.sqlite_schema import migrate, refuse_another_application
from metrics_dictionary.stores.store import (
    ADOPTED,
    ADOPTION_SECONDS,
    IDENTIFIER,
    IDS_LIMIT,
    MAX_VALUES,
    OUTBOX_LIMIT,
    PROBE_SECONDS,
    CachedPayload,
    OutboxLimit,
    OutcomeUnknownError,
    StoreUnavailableError,
    UnreadableError,
    short_values,
    tell_dropped,
    tell_left_out,
)
from metrics_dictionary.stores.tokens import Token
from metrics_dictionary.stores.trusted_time import TRUSTED, TrustedTime, since_boot
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from metrics_dictionary.stores.store import Changes, OutboxRow, OutboxState, Recording, RefusedRow, Verdict
    from metrics_dictionary.tools.clock import Clock

BUSY_TIMEOUT = 5.0
"""How long a write waits for another process that writes."""

SETTLED_SECONDS = 5.0
"""How long a refused file at the path has to stay as it is before it counts as copied to its end."""

ANOTHER_STORE = "it is not the store that this server started with"

NOTHING_REFUSED: tuple[tuple[object, ...], float, str] = ((), 0.0, "")
"""What a refused file is remembered by: its stamp, when it was refused, why."""

SWEEP_EVERY = timedelta(hours=1)
"""How often a commit also deletes what has expired."""

DELETION_GRACE = timedelta(days=7)
"""How long what has expired stays in the file, where it counts for nothing: time for somebody to see a wrong clock."""

MAX_MEMBERS_PER_SWEEP = 5_000
"""How many members of ended sets one commit deletes: a large set goes in steps, so that no request waits for it."""

LONGEST_LEASE = timedelta(hours=2)

SAVED_AT = "payload_saved_at"
"""The name of a state: seconds since 1970, in decimal."""

MAX_KEYS_PER_QUERY = 500

MAX_TOTAL = sys.float_info.max

ADD_TO_TOTAL = f"""
INSERT INTO totals (key, value, expires) VALUES (?, max({-MAX_TOTAL!r}, min({MAX_TOTAL!r}, ?)), ?)
ON CONFLICT (key) DO UPDATE SET expires = excluded.expires, value = CASE WHEN totals.expires <= ?
  THEN excluded.value
  ELSE max({-MAX_TOTAL!r}, min({MAX_TOTAL!r}, totals.value + excluded.value)) END
"""
"""Adds to a total, or begins it anew once it has expired. The limits keep a sum finite."""

ADD_TO_VALUE = """
INSERT INTO totals_by_value (key, value, total, expires) VALUES (?, ?, ?, ?)
ON CONFLICT (key, value) DO UPDATE SET expires = excluded.expires,
  total = CASE WHEN totals_by_value.expires <= ? THEN excluded.total ELSE totals_by_value.total + excluded.total END
"""

NOT_EXPIRED = "(expires IS NULL OR expires > ?)"

TOKEN_COLUMNS = "identifier, digest, user, scopes, admin, expires, created"  # noqa: S105 - columns, not a token

REVOKE = "delete its row from the table tokens"

HOLDINGS = {
    "counters and sums": f"totals WHERE key NOT GLOB '{LEFT_OUT_PREFIX}*'",
    "sets": "sets",
    "totals by value": "(SELECT DISTINCT key FROM totals_by_value)",
    "tokens": "tokens",
    "flags": "flags",
    "events that wait for the collector": "outbox",
    "events that the collector refused": "refused",
    "payloads": "payload",
}
"""What `holdings` counts -> its rows."""

log = logging.getLogger(__name__)


class SqliteStore:
    """A file in WAL mode with `synchronous=FULL`: what `commit` returned from survives a power cut.

    Reads have connections of their own and never wait for a write.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        monotonic: Callable[[], float] = since_boot,
        busy_timeout: float = BUSY_TIMEOUT,
        ids_limit: int = IDS_LIMIT,
        outbox_limit: OutboxLimit = OUTBOX_LIMIT,
    ) -> None:
        """Open or create the file, readable by its owner only. It keeps at most ``ids_limit`` ids, or a few more.

        Raises OperationalError for a path that cannot hold a store, StoreUnavailableError when the file stays locked.
        """
        self._path = path
        self._file = StoreFile(path)
        self._clock = clock
        self._time = TrustedTime(clock, monotonic)
        self._busy_timeout = busy_timeout
        self._closed = False
        self._writer_lock = threading.RLock()
        self._readers: list[sqlite3.Connection] = []
        self._last_sweep: int | None = None
        self._known_ids = KnownIds(ids_limit)
        self._outbox_limit = outbox_limit
        self._written_at = -math.inf
        self._identifier: str | None = None
        self._rescued: Path | None = None
        self._refused = NOTHING_REFUSED
        self._holds_all = False
        self._file.create()
        self._writer = self._open_writer()

    def commit(self, recordings: Sequence[Recording]) -> list[Verdict]:
        names = names_in(recordings)
        with self._writing() as connection:
            now = int(self._moved_now(connection))
            known = self._known_ids.of(connection, names, now) if names else {}
            room = self._outbox_limit.rows - sqlite_outbox.kept_rows(connection) if has_rows(recordings) else None
            sifted = sift(recordings, known, room, drop=self._outbox_limit.drop)
            if sifted.new:
                self._known_ids.add(connection, sifted.new)
            changes = sifted.changes.changes()
            left_out = self._change(connection, changes, now)
            if changes.outbox or sifted.dropped:
                sqlite_outbox.append(connection, changes.outbox, sifted.dropped, now)
            self._sweep(connection, now)
        tell_left_out(left_out)
        tell_dropped(sifted.dropped)
        return sifted.verdicts

    def totals(self, keys: Sequence[str]) -> dict[str, float]:
        found: dict[str, float] = {}
        with self._reading() as connection:
            now = self._now(connection)
            for some in _in_batches(keys):
                found.update(
                    connection.execute(
                        f"SELECT key, value FROM totals WHERE key IN ({_placeholders(some)}) AND {NOT_EXPIRED}",
                        (*some, now),
                    )
                )
        return found

    def totals_by_value(self, keys: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        with self._reading() as connection:
            now = self._now(connection)
            for some in _in_batches(keys):
                for value, total in connection.execute(
                    f"SELECT value, total FROM totals_by_value WHERE key IN ({_placeholders(some)}) AND {NOT_EXPIRED}",
                    (*some, now),
                ):
                    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
                    found[text] = found.get(text, 0) + total
        return found

    def distinct(self, keys: Sequence[str]) -> int:
        with self._reading() as connection, _transaction(connection, "BEGIN"):
            now = self._now(connection)
            sets = [
                identifier
                for some in _in_batches(keys)
                for (identifier,) in connection.execute(
                    f"SELECT id FROM sets WHERE key IN ({_placeholders(some)}) AND {NOT_EXPIRED}",
                    (*some, now),
                )
            ]
            counted = "*" if len(sets) == 1 else "DISTINCT value"
            size: int = connection.execute(
                f"SELECT count({counted}) FROM members WHERE set_id IN ({_placeholders(sets)})",
                sets,
            ).fetchone()[0]
            return size

    def save_payload(self, payload: CachedPayload) -> None:
        with self._writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO payload (one, recorded_at, payload, metadata) VALUES (1, ?, ?, ?)",
                (payload.recorded_at.isoformat(), payload.payload, payload.metadata),
            )
            _set_state(connection, SAVED_AT, str(self._moved_now(connection)))

    def payload(self) -> CachedPayload | None:
        with self._reading() as connection, _transaction(connection, "BEGIN"):
            row = connection.execute("SELECT recorded_at, payload, metadata FROM payload").fetchone()
            saved = _state(connection, SAVED_AT)
        if row is None:
            return None
        with self._readable("payload", "collect another one with `metrics-dictionary ping generate`"):
            for document in row[1:]:
                json.loads(document)
            saved_at = None if saved is None else datetime.fromtimestamp(float(saved), UTC)
            return CachedPayload(datetime.fromisoformat(row[0]), str(row[1]), str(row[2]), saved_at)

    def state(self, name: str) -> str | None:
        with self._reading() as connection:
            return _state(connection, name)

    def set_state(self, name: str, value: str) -> None:
        with self._writing() as connection:
            _set_state(connection, name, value)

    def keep_state(self, name: str, value: str) -> str:
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO state (name, value) VALUES (?, ?)", (name, value))
            return _state(connection, name) or value

    def add_token(self, token: Token) -> None:
        with self._writing() as connection:
            connection.execute(
                f"INSERT OR REPLACE INTO tokens ({TOKEN_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    token.identifier,
                    token.digest,
                    token.user,
                    " ".join(sorted(token.scopes)),
                    token.admin,
                    None if token.expires is None else token.expires.isoformat(),
                    token.created.isoformat(),
                ),
            )

    def token(self, digest: str) -> Token | None:
        with self._reading() as connection:
            row = connection.execute(f"SELECT {TOKEN_COLUMNS} FROM tokens WHERE digest = ?", (digest,)).fetchone()
            self._now(connection)
        with self._readable("token", REVOKE):
            return None if row is None else _token(row)

    def tokens(self) -> list[Token]:
        with self._reading() as connection:
            rows = connection.execute(f"SELECT {TOKEN_COLUMNS} FROM tokens").fetchall()
            self._now(connection)
        with self._readable("token", REVOKE):
            return sorted(map(_token, rows), key=lambda token: (token.created, token.identifier))

    def revoke_token(self, identifier: str) -> bool:
        with self._writing() as connection:
            return connection.execute("DELETE FROM tokens WHERE identifier = ?", (identifier,)).rowcount > 0

    def flags(self) -> dict[str, bool]:
        with self._reading() as connection:
            return {name: bool(enabled) for name, enabled in connection.execute("SELECT name, enabled FROM flags")}

    def set_flag(self, name: str, enabled: bool) -> None:
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO flags (name, enabled) VALUES (?, ?)", (name, enabled))

    def outbox(self, limit: int) -> list[OutboxRow]:
        with self._reading() as connection:
            return sqlite_outbox.waiting(connection, limit)

    def delete_sent(self, rows: Iterable[OutboxRow]) -> None:
        with self._writing() as connection:
            sqlite_outbox.delete(connection, rows)

    def set_refused(self, row: OutboxRow, tries: int, reason: str, seconds: float | None) -> None:
        with self._writing() as connection:
            retry_at = None if seconds is None else self._moved_now(connection) + seconds
            sqlite_outbox.set_refused(connection, row, tries, reason, retry_at)

    def due_refused(self, limit: int) -> list[OutboxRow]:
        with self._reading() as connection:
            return sqlite_outbox.due(connection, limit, self._now(connection))

    def refused(self, limit: int) -> list[RefusedRow]:
        with self._reading() as connection:
            return sqlite_outbox.refused(connection, limit)

    def retry_refused(self, identifiers: Sequence[str] | None) -> list[str]:
        return self._on_refused(
            identifiers,
            lambda connection, some: sqlite_outbox.retry(connection, some, int(self._moved_now(connection))),
        )

    def drop_refused(self, identifiers: Sequence[str] | None) -> list[str]:
        return self._on_refused(identifiers, sqlite_outbox.drop)

    def outbox_state(self) -> OutboxState:
        with self._reading() as connection, _transaction(connection, "BEGIN"):
            return sqlite_outbox.state(connection)

    def _on_refused(
        self, identifiers: Sequence[str] | None, action: Callable[[sqlite3.Connection, Sequence[str]], list[str]]
    ) -> list[str]:
        """Do something to refused rows, a few in each transaction, so that no request waits long for it."""
        if identifiers is None:
            with self._reading() as connection:
                identifiers = sqlite_outbox.refused_ids(connection)
        found: list[str] = []
        for some in _in_batches([identifier for identifier in identifiers if identifier.isdecimal()]):
            with self._writing() as connection:
                found += action(connection, some)
        return found

    def lease(self, name: str, holder: str, seconds: float) -> bool:
        with self._writing() as connection:
            now = self._moved_now(connection)
            taken = connection.execute(
                """INSERT INTO leases (name, holder, expires) VALUES (?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires = excluded.expires
                WHERE leases.holder = excluded.holder OR leases.expires <= ? OR leases.expires > ?""",
                # A lease that ends later than anybody could have asked for is from before the time was set back.
                (name, holder, now + seconds, now, now + max(seconds, LONGEST_LEASE.total_seconds())),
            )
            return taken.rowcount > 0

    def trusted_now(self) -> datetime:
        with self._writing() as connection:
            return datetime.fromtimestamp(self._moved_now(connection), UTC)

    def estimated_now(self) -> datetime:
        return self._time.estimate()

    def clock_warning(self) -> str | None:
        return self._time.warning

    def warnings(self) -> list[str]:
        return [warning for warning in (self.clock_warning(),) if warning]

    def identifier(self) -> str:
        return self._identifier or ""

    def adopt(self) -> str:
        self.set_state(ADOPTED, str(self._clock().timestamp()))
        return self.identifier()

    def check(self) -> None:
        try:
            with self._reading() as connection:
                found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except StoreUnavailableError as error:
            if type(error.__cause__) is not sqlite3.DatabaseError:
                raise
            found = str(error.__cause__)
        if found != "ok":
            raise self._damaged(one_line(found))

    def probe(self) -> None:
        """Use a connection of its own, made anew: an old one may know by heart what the file no longer holds."""
        began = time.monotonic()
        self._follow_file(PROBE_SECONDS)
        try:
            with self._translating_errors(), closing(self._file.connect(PROBE_SECONDS)) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                with _transaction(connection, "BEGIN IMMEDIATE"):
                    self._require_same_store(connection)
                    connection.execute("UPDATE probe SET number = number + 1")
        except StoreUnavailableError as error:
            # Commits that follow each other closely leave it no gap, and are proof enough.
            if primary_code(error.__cause__) != sqlite3.SQLITE_BUSY or self._written_at < began:
                raise
        self._require_same_file()

    def holdings(self, named: Sequence[str] = ()) -> dict[str, int]:  # noqa: ARG002 - every key is the store's own
        with self._reading() as connection, _transaction(connection, "BEGIN"):
            return {
                name: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for name, table in HOLDINGS.items()
            }

    def backup(self, file: Path, named: Sequence[str] = ()) -> None:  # noqa: ARG002
        self._require_another_file(file)
        with self._reading() as connection:
            write_backup(connection, file)

    def restore(self, file: Path, named: Sequence[str] = ()) -> str:  # noqa: ARG002
        self._require_another_file(file)
        with (
            opened_backup(file, self._clock().timestamp()) as backup,
            self._writer_lock,
            self._translating_errors(),
        ):
            self._follow_file()
            self._identifier = put_back(backup, self._writer, self._path, self._busy_timeout)
            return self._identifier

    def _require_another_file(self, file: Path) -> None:
        """Refuse the store as its own backup: what is recorded meanwhile would be lost."""
        if self._file.is_part_of_it(file):
            raise OperationalError(f"{file}: this file is the store itself, or a part of it; name another file")

    def close(self) -> None:
        with self._writer_lock:
            self._closed = True
            self._close_connections()

    def _close_connections(self) -> None:
        self._writer.close()
        readers, self._readers = self._readers, []
        while readers:
            readers.pop().close()

    def _change(self, connection: sqlite3.Connection, changes: Changes, now: int) -> dict[str, int]:
        """Make the changes, each key once; return the keys of totals by value -> how much of them was left out."""
        expiring = changes.expiring
        end = now + int(KEY_LIFETIME.total_seconds())
        left_out: dict[str, int] = {}
        uncounted: dict[str, int] = {}
        for key, amounts in changes.by_value.items():
            lost = _add_by_value(connection, key, amounts, end if key in expiring else None, now)
            if lost:
                left_out[key] = uncounted[left_out_key(key)] = lost
                expiring |= {left_out_key(key)} if key in expiring else frozenset()
        totals = (*changes.increments.items(), *changes.sums.items(), *uncounted.items())
        connection.executemany(
            ADD_TO_TOTAL, [(key, value, end if key in expiring else None, now) for key, value in totals]
        )
        for key, values in changes.uniques.items():
            set_id = _current_set(connection, key, end if key in expiring else None, now)
            connection.executemany(
                "INSERT OR IGNORE INTO members (set_id, value) VALUES (?, ?)",
                [(set_id, _storable(value)) for value in values],
            )
        return left_out

    def _sweep(self, connection: sqlite3.Connection, now: int) -> None:
        """Delete in passing what has expired: once in a while, and never much at once."""
        if self._last_sweep is not None and abs(now - self._last_sweep) < SWEEP_EVERY.total_seconds():
            return
        self._known_ids.rotate(connection, now)
        ended = (now - int(DELETION_GRACE.total_seconds()),)
        connection.execute("DELETE FROM totals WHERE expires <= ?", ended)
        connection.execute("DELETE FROM totals_by_value WHERE expires <= ?", ended)
        connection.execute("INSERT INTO ended_sets SELECT id FROM sets WHERE expires <= ?", ended)
        connection.execute("DELETE FROM sets WHERE expires <= ?", ended)
        deleted = connection.execute(
            """DELETE FROM members WHERE (set_id, value) IN (SELECT set_id, value FROM members
            WHERE set_id IN (SELECT id FROM ended_sets) LIMIT ?)""",
            (MAX_MEMBERS_PER_SWEEP,),
        ).rowcount
        if deleted < MAX_MEMBERS_PER_SWEEP:
            connection.execute("DELETE FROM ended_sets")
            self._last_sweep = now

    def _now(self, connection: sqlite3.Connection) -> int:
        """Return the trusted time in whole seconds."""
        return int(self._time.now(_state(connection, TRUSTED))[0])

    def _moved_now(self, connection: sqlite3.Connection) -> float:
        """Return the trusted time within a transaction that writes, and keep it when it has moved."""
        now, text = self._time.now(_state(connection, TRUSTED))
        if text is not None:
            _set_state(connection, TRUSTED, text)
        return now

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction of the one writing connection, in the store that this process started with.

        Raises OutcomeUnknownError when, after the commit, the path does not lead to the file that was written to.
        """
        with self._writer_lock, self._translating_errors():
            self._follow_file()
            with _transaction(self._writer, "BEGIN IMMEDIATE"):
                self._require_same_store(self._writer)
                yield self._writer
            self._require_same_file()
            self._written_at = time.monotonic()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that no other thread has meanwhile."""
        with self._translating_errors():
            self._follow_file(0)
            readers = self._readers
            try:
                connection = readers.pop()
            except IndexError:
                connection = self._file.connect(self._busy_timeout)
                connection.execute("PRAGMA query_only = ON")
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            if readers is self._readers:
                readers.append(connection)
            else:  # the store was opened anew meanwhile
                connection.close()
            if self._closed:
                self.close()

    def _follow_file(self, seconds: float = -1) -> None:
        """Open the store anew when its file was moved, replaced or emptied, and the path leads to the same store again.

        It waits so many seconds for the writing connection, without end for -1. Raises StoreUnavailableError while the
        path does not lead to the store.
        """
        change = self._file.change()
        if change is None or self._closed:
            return
        if not self._writer_lock.acquire(timeout=seconds):
            raise self._gone(change)
        try:
            if (change := self._file.change()) is None:  # another thread was first
                return
            keeps_wal = self._keeps_wal(change)
            self._close_connections()
            if keeps_wal:
                self._file.delete_index()
            self._file.forget()
            self._writer = self._open_writer()
            self._settle_rescued()
            log.warning("store: %s; the store at %s was opened again", change, self._path)
        except OperationalError as error:
            raise error if isinstance(error, StoreUnavailableError) else StoreUnavailableError(str(error)) from error
        except OSError as error:
            raise self._gone(f"{change}: {error.strerror}") from error
        finally:
            self._writer_lock.release()

    def _keeps_wal(self, change: str) -> bool:
        """Prepare to let the open file go; return whether its -wal belongs to the file that is at the path now.

        Raises StoreUnavailableError while the path does not lead to a file that can be taken.
        """
        self._file.follow_link()
        is_replaced = self._file.is_replaced()
        if is_replaced and not self._file.has_name():
            self._rescue(change)
        is_there = self._path.exists()
        if is_replaced and is_there and not self._file.is_empty():
            if self._takes_wal():
                return True
        elif self._rescued is not None:
            raise self._gone(change)  # -wal may belong to the file that comes back
        is_whole = self._file.let_go(self._writer)
        if not is_there:
            raise self._gone(change)
        if self._file.is_empty():
            raise self._gone(f"{self._path.name} is empty")
        if not is_whole:
            raise self._gone(f"{change}, and what stands in -wal cannot be written into the file that was moved")
        return False

    def _rescue(self, change: str) -> None:
        """Write down what the open file holds, which has no name any more: it ends with this process."""
        if self._rescued is not None:
            return
        file = self._path.with_name(f"{self._path.name}.rescued-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}")
        try:
            write_backup(self._writer, file)
            self._file.delete_index()
        except OperationalError as error:
            raise self._gone(f"{change}, and what it held cannot be written down ({error})") from error
        self._rescued = file
        log.warning("store: %s; all that it held is in %s", change, file)

    def _takes_wal(self) -> bool:
        """Return whether a file that has taken the place of the open one goes on with the open -wal.

        Raises StoreUnavailableError for a file that lacks something the open one holds, unless it was adopted since.
        """
        stamp = self._file.stamp()
        if stamp != self._refused[0]:
            reason = f"{self._path.name} lacks what was recorded since it was copied, or was changed"
            with self._kept() as kept:
                for has_wal, copy in self._file.copies():
                    try:
                        found = _state(copy, IDENTIFIER)
                        self._holds_all = found == self._identifier and holds_the_same(kept, copy)
                        is_adopted = _state(copy, ADOPTED) != _state(kept, ADOPTED) and self._is_adopted(copy)
                    except (sqlite3.DatabaseError, UnreadableError):
                        continue
                    if self._holds_all or is_adopted:
                        return has_wal and self._file.has_open_wal()
                    if found not in (None, self._identifier):
                        reason = ANOTHER_STORE
                        break
            self._refused = (stamp, time.monotonic(), reason)
        stamp, since, reason = self._refused
        if reason == ANOTHER_STORE or time.monotonic() - since > SETTLED_SECONDS:
            self._file.let_go(self._writer)  # SQLite would take the old -wal for a part of this file
        raise self._gone(reason if self._rescued is None else f"{reason}; all that was recorded is in {self._rescued}")

    @contextmanager
    def _kept(self) -> Iterator[sqlite3.Connection]:
        """Give a connection to all that was recorded; other programs may spoil the -wal of a file without a name."""
        if self._rescued is None:
            yield self._writer
            return
        with closing(sqlite3.connect(f"{self._rescued.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            yield connection

    def _is_adopted(self, connection: sqlite3.Connection) -> bool:
        with self._readable("state", "run `metrics-dictionary store adopt`"):
            adopted = float(_state(connection, ADOPTED) or -math.inf)
        return abs(self._clock().timestamp() - adopted) <= ADOPTION_SECONDS

    def _settle_rescued(self) -> None:
        """Delete what was written down when the store holds it all, and let other processes take the store, too."""
        rescued, self._rescued = self._rescued, None
        if self._holds_all:
            with _transaction(self._writer, "BEGIN IMMEDIATE"):
                _set_state(self._writer, ADOPTED, str(self._clock().timestamp()))
            if rescued is not None:
                rescued.unlink(missing_ok=True)
        self._holds_all = False
        self._refused = NOTHING_REFUSED

    def _require_same_file(self) -> None:
        """Raise OutcomeUnknownError when the path does not lead to the file that was just written to."""
        change = self._file.change()
        if change is not None:
            raise OutcomeUnknownError(f"{self._path}: {change} while it was written to; put the store back")

    def _require_same_store(self, connection: sqlite3.Connection) -> None:
        """Raise StoreUnavailableError for a store that this process did not start with and that nobody adopted."""
        found = _state(connection, IDENTIFIER)
        if found == self._identifier:
            return
        if found is None or not self._is_adopted(connection):
            raise self._gone(ANOTHER_STORE)
        log.warning("store: %s was adopted: %s is in use in place of %s", self._path, found, self._identifier)
        self._identifier = found

    def _damaged(self, how: str) -> OperationalError:
        aside = f"metrics-dictionary store set-aside --store sqlite:///{self._path}"
        return OperationalError(
            f"{self._path}: {how}: this file is damaged, or is not a store; name another file, or run `{aside}` and "
            "then `store restore` with a backup"
        )

    def _gone(self, change: str) -> StoreUnavailableError:
        return StoreUnavailableError(
            f"{self._path}: {change}; put the store back, or run `metrics-dictionary store adopt`",
            "the store was moved, emptied or replaced",
        )

    @contextmanager
    def _readable(self, what: str, hint: str) -> Iterator[None]:
        """Say of what this program did not write that it cannot be read; what it holds is nobody's business."""
        try:
            yield
        except (ValueError, TypeError, AttributeError, OverflowError, OSError, RecursionError):
            message = f"{self._path}: a {what} in the store cannot be read; {hint}"
            raise UnreadableError(message, f"a {what} in the store cannot be read") from None

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        """Tell a store that is away from a caller that is wrong."""
        try:
            if self._closed:
                raise StoreUnavailableError(f"{self._path}: this store is closed")
            yield
        except _BrokenCommitError as error:
            raise OutcomeUnknownError(f"{self._path}: {error} while it was being written") from error
        except sqlite3.OperationalError as error:
            raise self._file.error(error) from error
        except sqlite3.DatabaseError as error:
            if self._closed:
                raise StoreUnavailableError(f"{self._path}: this store was closed meanwhile") from error
            if type(error) is sqlite3.ProgrammingError and self._file.change() is not None:
                raise self._gone(str(self._file.change())) from error  # another thread closed the connections
            if type(error) is sqlite3.DatabaseError:  # the file is damaged; its subclasses are a caller's mistakes
                raise self._file.error(error) from error
            raise

    def _open_writer(self) -> sqlite3.Connection:
        """Open the file at the path; when one was open before, it has to be the same store."""
        try:
            connection = self._file.connect(self._busy_timeout)
        except sqlite3.OperationalError as error:
            raise self._file.error(error) from error
        try:
            refuse_another_application(connection, self._path)
            if self._identifier is not None:
                self._require_same_store(connection)
            _retry_while_locked(lambda: connection.execute("PRAGMA journal_mode = WAL").fetchone(), self._busy_timeout)
            connection.execute("PRAGMA synchronous = FULL")
            migrate(connection, self._path)
            self._now(connection)  # from here on the monotonic clock says how much time has passed
            self._identifier = _state(connection, IDENTIFIER)
            self._file.remember()
        except sqlite3.OperationalError as error:
            connection.close()
            raise self._file.error(error) from error
        except sqlite3.DatabaseError as error:
            connection.close()
            raise self._damaged(str(error)) from error
        except (OperationalError, OSError) as error:
            connection.close()
            raise error if isinstance(error, OperationalError) else self._gone(str(error)) from error
        return connection


def _state(connection: sqlite3.Connection, name: str) -> str | None:
    row = connection.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def _set_state(connection: sqlite3.Connection, name: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)", (name, value))


def _current_set(connection: sqlite3.Connection, key: str, end: int | None, now: int) -> int:
    """Return the id of the set with this key, a new one where there is none or the old one has expired."""
    row = connection.execute("SELECT id, expires FROM sets WHERE key = ?", (key,)).fetchone()
    if row is not None and (row[1] is None or row[1] > now):
        if row[1] != end:
            connection.execute("UPDATE sets SET expires = ? WHERE id = ?", (end, row[0]))
        return int(row[0])
    if row is not None:
        connection.execute("INSERT INTO ended_sets (id) VALUES (?)", (row[0],))
        connection.execute("DELETE FROM sets WHERE id = ?", (row[0],))
    identifier = connection.execute("INSERT INTO sets (key, expires) VALUES (?, ?)", (key, end)).lastrowid
    return int(identifier or 0)


def _add_by_value(
    connection: sqlite3.Connection, key: str, amounts: Mapping[str, int], end: int | None, now: int
) -> int:
    """Add to totals by value as far as there is room for their values; return how much was left out."""
    short, left_out = short_values(amounts)
    kept: int | None = None
    for value, amount in short.items():
        stored = _storable(value)
        is_kept = f"SELECT 1 FROM totals_by_value WHERE key = ? AND value = ? AND {NOT_EXPIRED}"
        if connection.execute(is_kept, (key, stored, now)).fetchone() is None:
            if kept is None:
                counted = f"SELECT count(*) FROM totals_by_value WHERE key = ? AND {NOT_EXPIRED}"
                kept = connection.execute(counted, (key, now)).fetchone()[0]
            if kept >= MAX_VALUES:
                left_out += amount
                continue
            kept += 1
        connection.execute(ADD_TO_VALUE, (key, stored, amount, end, now))
    return left_out


def _storable(value: str) -> str | bytes:
    """Return half of a surrogate pair, which JSON may hold and SQLite does not store as text, as bytes of its own."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


class _BrokenCommitError(sqlite3.OperationalError):
    """The disk failed while a transaction was being committed."""


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        try:
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if primary_code(error) == sqlite3.SQLITE_IOERR:
                raise _BrokenCommitError(*error.args) from error  # what has reached the disk may yet be recovered
            raise
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _retry_while_locked(attempt: Callable[[], object], seconds: float) -> None:
    """Switching to WAL does not wait for a lock by itself."""
    give_up = time.monotonic() + seconds
    while True:
        try:
            attempt()
        except sqlite3.OperationalError:
            if time.monotonic() >= give_up:
                raise
            time.sleep(0.01)
        else:
            return


def _in_batches(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), MAX_KEYS_PER_QUERY):
        yield keys[start : start + MAX_KEYS_PER_QUERY]


def _placeholders(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _token(row: tuple[str, str, int, str, int, str | None, str]) -> Token:
    identifier, digest, user, scopes, admin, expires, created = row
    return Token(
        identifier=identifier,
        digest=digest,
        user=user,
        scopes=frozenset(scopes.split()),
        admin=bool(admin),
        expires=None if expires is None else date.fromisoformat(expires),
        created=datetime.fromisoformat(created),
    )
