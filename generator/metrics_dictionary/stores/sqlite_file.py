"""The file of a SQLite store: how it is opened, how another one in its place is noticed, and what its errors mean."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from metrics_dictionary.stores.store import ADOPTED, StoreUnavailableError
from metrics_dictionary.stores.trusted_time import TRUSTED
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterator

BESIDE = ("-wal", "-shm")
"""What the names of the two files of WAL mode end with: commits that stand in one of them that is gone are lost."""

PRIMARY_CODE = 0xFF
"""The part of SQLite's extended result codes that says what kind of error it is (sqlite.org/rescode.html)."""

HINTS = {
    sqlite3.SQLITE_FULL: "make room on the disk",
    sqlite3.SQLITE_READONLY: "make the file and its folder writable",
    sqlite3.SQLITE_IOERR: "check the disk",
    sqlite3.SQLITE_CANTOPEN: "check that the file and its folder exist and that this user may read and write them",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; put a backup in its place with `metrics-dictionary store restore`",
    sqlite3.SQLITE_NOTADB: "the file is damaged; put a backup in its place with `metrics-dictionary store restore`",
}
"""What to do about each kind of error that does not pass by itself."""


REASONS = {
    sqlite3.SQLITE_BUSY: "the store is locked",
    sqlite3.SQLITE_LOCKED: "the store is locked",
    sqlite3.SQLITE_FULL: "the disk of the store is full",
    sqlite3.SQLITE_READONLY: "the store is read-only",
    sqlite3.SQLITE_IOERR: "the disk of the store fails",
    sqlite3.SQLITE_CANTOPEN: "the store cannot be opened",
    sqlite3.SQLITE_CORRUPT: "the store is damaged",
    sqlite3.SQLITE_NOTADB: "the store is damaged",
}
"""What a caller of the API is told."""


class StoreFile:
    """The file at a path, and whether it is still the one that was opened.

    It is only ever asked about by its name: opening it a second time and closing it would release the locks that
    SQLite holds on it (sqlite.org/howtocorrupt.html, section 2.2).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._paths: list[Path] = []
        self.follow_link()
        self._uri = f"{path.absolute().as_uri()}?mode=rw"
        self._opened: list[tuple[int, int]] = []
        self._size = 0

    def follow_link(self) -> None:
        """Find out where a link leads now: SQLite has -wal and -shm beside the file that it leads to."""
        absolute = self.path.absolute()
        file = Path(os.path.realpath(absolute))
        self._paths = [absolute, *(file.with_name(f"{file.name}{end}") for end in BESIDE)]

    def create(self) -> None:
        """Create the file where there is none, readable by its owner only; -wal and -shm inherit its mode.

        Raises OperationalError for a path that cannot hold a store.
        """
        path = self._paths[0]
        try:
            if not os.path.lexists(path):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return  # another process was first
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            raise self._refusal(
                "the folder does not exist; create it first" if missing else error.strerror or str(error)
            ) from error
        if path.is_dir():
            raise self._refusal("Is a directory")
        if not os.access(path, os.R_OK | os.W_OK):
            raise self._refusal("Permission denied" if path.exists() else "the link leads nowhere")

    def connect(self, timeout: float) -> sqlite3.Connection:
        """Return a new connection to the file at the path, which is not created. Raises sqlite3.OperationalError."""
        return sqlite3.connect(
            self._uri, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False, cached_statements=64
        )

    def remember(self) -> None:
        """Note which files are open now: those at the path and beside it. Raises OSError."""
        found = [path.stat() for path in self._paths]
        self._opened = [(file.st_dev, file.st_ino) for file in found]
        self._size = found[0].st_size

    def let_go(self, connection: sqlite3.Connection) -> bool:
        """Make the open file whole and independent of its name, so that it can be closed and another one be opened.

        What stands in -wal is written into the file, wherever that is now. The emptied -wal and the -shm are deleted
        when another file has taken the place: SQLite would take them for a part of that one. Returns whether it worked.
        """
        if not self._opened:
            return True
        try:
            is_replaced = not self._is_open(0)
            if not is_replaced and self._is_open(1):
                return True
            busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            for number in (1, 2):
                if is_replaced and not busy and self._is_open(number):
                    self._paths[number].unlink()
        except (OSError, sqlite3.Error):
            return False
        return not busy

    def is_replaced(self) -> bool:
        """Return whether the open file is not the one at the path, if there is one. Raises OSError."""
        return bool(self._opened) and not self._is_open(0)

    def has_name(self) -> bool:
        """Return whether the open file can be found under some name; a file that was deleted cannot.

        ``mv`` to another file system copies a file and deletes it.
        """
        file = self._open_file()
        return file is not None and file.st_nlink > 0

    def copies(self) -> Iterator[tuple[bool, sqlite3.Connection]]:
        """Give copies of the file at the path, which is not the open one: whether -wal belongs to it, and a connection.

        A -wal that is still the open one is left out first, and goes along only with a file as long as the open one:
        SQLite would put its pages into any file. Raises OSError.
        """
        file, wal = self._paths[:2]
        choices = [self._is_open(1) is False and wal.exists()]
        if self._is_open(1) and (opened := self._open_file()) is not None and opened.st_size == file.stat().st_size:
            choices.append(True)
        with TemporaryDirectory() as folder:
            for has_wal in choices:
                copy = Path(folder, f"{int(has_wal)}.db")
                shutil.copyfile(file, copy)
                if has_wal:
                    shutil.copyfile(wal, copy.with_name(f"{copy.name}-wal"))
                with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
                    yield has_wal, connection

    def is_part_of_it(self, other: Path) -> bool:
        """Return whether a path leads to a file of the store, under whatever name, or to where one of them belongs."""
        if os.path.realpath(other) in map(os.path.realpath, self._paths):
            return True
        try:
            return any(path.exists() and other.samefile(path) for path in self._paths)
        except OSError:
            return False

    def has_open_wal(self) -> bool:
        """Return whether the -wal at the path is the open one. Raises OSError."""
        return self._is_open(1)

    def delete_index(self) -> None:
        """Take away the open -shm, so that whoever opens the path next reads -wal anew. Raises OSError."""
        if self._is_open(2):
            self._paths[2].unlink()

    def stamp(self) -> tuple[object, ...]:
        """Return what changes when the files at the path do. Raises OSError."""
        found = [path.stat() for path in self._paths[:2] if path.exists()]
        return tuple((file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns) for file in found)

    def _open_file(self) -> os.stat_result | None:
        """Ask for the open file by its descriptor, which is SQLite's: closing one would release SQLite's locks."""
        try:
            numbers = [int(path.name) for path in Path("/dev/fd").iterdir()]
        except OSError:
            return None
        for number in numbers:
            try:
                found = os.fstat(number)
            except OSError:
                continue
            if [(found.st_dev, found.st_ino)] == self._opened[:1]:
                return found
        return None

    def forget(self) -> None:
        """Note that no file is open any more."""
        self._opened = []

    def _is_open(self, number: int) -> bool:
        try:
            found = self._paths[number].stat()
        except FileNotFoundError:
            return False
        return (found.st_dev, found.st_ino) == self._opened[number]

    def change(self) -> str | None:
        """Return how the files at the path differ from the open ones; None when they are the same.

        A store's file never shrinks while it is open. Any thread may ask.
        """
        least = self._size
        if not self._opened:
            return f"{self.path.name} is not the store that this server started with"
        for path, opened in zip(self._paths, self._opened, strict=True):
            try:
                found = path.stat()
            except FileNotFoundError:
                return f"{path.name} was moved or deleted"
            except OSError as error:
                return f"{path.name} cannot be reached: {error.strerror}"
            if (found.st_dev, found.st_ino) != opened:
                return f"another file has taken the place of {path.name}"
            if path is self._paths[0]:
                if found.st_size < least:
                    return f"{path.name} was cut short"
                self._size = max(self._size, found.st_size)
        return None

    def is_empty(self) -> bool:
        """Return whether there is a file at the path that holds nothing."""
        try:
            return self._paths[0].stat().st_size == 0
        except OSError:
            return False

    def error(self, error: sqlite3.Error) -> StoreUnavailableError:
        """Return what an error of SQLite means for a store."""
        code = primary_code(error)
        reason = REASONS.get(code, "the store is unavailable")
        return StoreUnavailableError(f"{self.path}: {error}; {HINTS.get(code, 'try again')}", reason)

    def _refusal(self, reason: str) -> OperationalError:
        return OperationalError(f"{self.path}: the store cannot be opened: {reason}")


def holds_the_same(one: sqlite3.Connection, other: sqlite3.Connection) -> bool:
    """Return whether two stores hold the same rows, apart from what nobody counts. Raises sqlite3.Error."""
    tables = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT IN ('probe', 'leases') ORDER BY name"
    )
    found = one.execute(tables).fetchall()
    if found != other.execute(tables).fetchall():
        return False
    for name, _ in found:
        rows = f"SELECT * FROM {name}"  # noqa: S608 - the name of a table of the store
        if name == "state":
            rows += f" WHERE name NOT IN ('{TRUSTED}', '{ADOPTED}')"
        if any(a != b for a, b in zip_longest(one.execute(rows), other.execute(rows))):
            return False
    return True


def primary_code(error: BaseException | None) -> int:
    """Return SQLite's result code of an error, without what extends it; -1 for an error that is not SQLite's."""
    code: int = getattr(error, "sqlite_errorcode", -1)
    return code & PRIMARY_CODE if code >= 0 else -1
