"""The file of the store goes away in every way that loses nothing: no answer is false, and nobody has to help."""

from __future__ import annotations

import http.client
import json
import os
import sqlite3
import subprocess
import threading
import time
import uuid
from collections import Counter
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.stores.open_store import open_store
from tests.program import COMMAND, environment
from tests.server.running_server import API
from tests.torture.served_process import FULL, ServedProcess, served_process
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SENDERS = 8
ROUNDS = 30 if FULL else 2
SECONDS_AWAY = 0.3


class Senders:
    """Clients that send events with an id, and each event again until it is acknowledged.

    ``acknowledged`` are the ids; ``answers`` counts statuses, and what was said to be unknown as 0.
    """

    def __init__(self, served: ServedProcess) -> None:
        self.acknowledged: list[str] = []
        self.answers: Counter[int] = Counter()
        self._served = served
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(SENDERS)]

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Send while the context lasts; at its end every event that was begun is acknowledged."""
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            for thread in self._threads:
                thread.join(60)

    def _send(self) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", self._served.port, timeout=30)) as connection:
            while not self._stopping.is_set():
                name = str(uuid.uuid4())
                while self._status(connection, name) != 200:
                    time.sleep(0.02)
                self.acknowledged.append(name)

    def _status(self, connection: http.client.HTTPConnection, name: str) -> int:
        headers = {"PRIVATE-TOKEN": self._served.token, "Content-Type": "application/json"}
        body = json.dumps({"event": "create_board", "id": name})
        connection.request("POST", f"{API}/track_event", body, headers)
        response = connection.getresponse()
        answer = response.read()
        is_unknown = b'"outcome"' in answer
        self.answers[0 if is_unknown else response.status] += 1
        assert response.status in (200, 503), (response.status, answer)
        return response.status


def moved(path: Path) -> None:
    away = path.with_name("away.db")
    path.rename(away)
    time.sleep(SECONDS_AWAY)
    away.rename(path)


def another_in_its_place(path: Path) -> None:
    """Put another store there for a while."""
    away, other = path.with_name("away.db"), path.with_name("other.db")
    open_store(f"sqlite:///{other}").close()
    path.rename(away)
    other.rename(path)
    time.sleep(SECONDS_AWAY)
    away.rename(path)


def without_wal(path: Path) -> None:
    path.with_name(f"{path.name}-wal").unlink(missing_ok=True)


def locked(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(SECONDS_AWAY)
        connection.execute("ROLLBACK")


def full(path: Path) -> None:
    """Fill the disk; only where the store has one of its own."""
    ballast = path.with_name("ballast")
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    time.sleep(SECONDS_AWAY)
    ballast.unlink()


def counted(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        row = connection.execute("SELECT value FROM totals WHERE key = '{event_counters}_create_board'").fetchone()
        return int(row[0])


def suffers(folder: Path, faults: Iterable[Callable[[Path], None]]) -> Senders:
    """Send events while the store suffers the faults, and hold what is counted against what was acknowledged."""
    path = folder / "store.db"
    with served_process(folder, SERVER_DRAIN_SECONDS="0") as served:
        senders = Senders(served)

        def go_on() -> None:
            least = len(senders.acknowledged) + 20
            assert eventually(lambda: len(senders.acknowledged) > least, 30)

        with senders.sending():
            for fault in faults:
                go_on()
                fault(path)
            go_on()
        assert eventually(lambda: served.get("/-/readiness")[0] == 200, 10)
    assert len(set(senders.acknowledged)) == len(senders.acknowledged)
    assert counted(path) == len(senders.acknowledged)
    return senders


def test_every_acknowledged_event_is_counted_once(tmp_path: Path) -> None:
    senders = suffers(tmp_path, (moved, another_in_its_place, without_wal, locked) * ROUNDS)
    assert senders.answers[503] + senders.answers[0] > 0


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder on another file system than ``tmp_path``."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has no second file system")
    with TemporaryDirectory(dir=shared) as folder:
        yield Path(folder)


def move(source: Path, target: Path) -> None:
    """Move as a person does: between file systems, `mv` copies the file and deletes it."""
    subprocess.run(["mv", str(source), str(target)], check=True)


@pytest.mark.parametrize("is_checkpointed", [False, True])
def test_a_store_that_was_on_another_file_system_goes_on_with_all_that_was_acknowledged(
    tmp_path: Path, other_disk: Path, is_checkpointed: bool
) -> None:
    path = tmp_path / "store.db"
    with served_process(tmp_path, SERVER_DRAIN_SECONDS="0") as served:
        for number in range(40):
            if number == 20 and is_checkpointed:
                with closing(sqlite3.connect(path)) as connection:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            assert track(served) == 200
        move(path, other_disk / "away.db")
        assert track(served) == 503
        assert eventually(lambda: served.get("/-/readiness")[0] == 503, 10)
        move(other_disk / "away.db", path)
        assert eventually(lambda: served.get("/-/readiness")[0] == 200, 10)
        assert track(served) == 200
    assert counted(path) == 41
    assert not list(tmp_path.glob("*.rescued-*"))


def test_a_store_moved_to_another_file_system_under_load_is_whole_or_is_refused(
    tmp_path: Path, other_disk: Path
) -> None:
    """What was acknowledged while `mv` copied may be missing in the copy: then it stands in the file beside it."""
    path = tmp_path / "store.db"
    with served_process(tmp_path, SERVER_DRAIN_SECONDS="0") as served:
        senders = Senders(served)
        with senders.sending():
            for _ in range(ROUNDS):
                least = len(senders.acknowledged) + 100
                assert eventually(lambda: len(senders.acknowledged) > least, 30)  # noqa: B023
                move(path, other_disk / "away.db")
                time.sleep(SECONDS_AWAY)
                move(other_disk / "away.db", path)
                time.sleep(2.5)
                if served.get("/-/readiness")[0] == 503:
                    rescued = max(tmp_path.glob("*.rescued-*"))
                    command = [*COMMAND, "store", "restore", str(rescued), "--yes", "--store", f"sqlite:///{path}"]
                    subprocess.run(command, env=environment(), check=True)
                assert eventually(lambda: served.get("/-/readiness")[0] == 200, 10)
    assert counted(path) == len(senders.acknowledged)


def test_a_copy_that_lacks_what_was_acknowledged_is_never_said_to_be_ready(tmp_path: Path, other_disk: Path) -> None:
    path = tmp_path / "store.db"
    with served_process(tmp_path, SERVER_DRAIN_SECONDS="0") as served:
        assert track(served) == 200
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(other_disk / "old.db")) as target:
            source.backup(target)
        assert [track(served) for _ in range(5)] == [200] * 5
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # otherwise -wal has all that the copy lacks
        move(other_disk / "old.db", path)
        for _ in range(12):
            assert track(served) == 503
            time.sleep(0.5)
        status, body = served.get("/-/readiness")
        assert status == 503, body
    (rescued,) = tmp_path.glob("*.rescued-*")
    assert (counted(rescued), counted(path)) == (6, 1)


def track(served: ServedProcess) -> int:
    """Send an event and return the status of the answer."""
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)) as connection:
        headers = {"PRIVATE-TOKEN": served.token, "Content-Type": "application/json"}
        connection.request("POST", f"{API}/track_event", '{"event": "create_board"}', headers)
        return connection.getresponse().status


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a file system")
def test_a_full_disk_loses_nothing_either(tmp_path: Path) -> None:
    """The log of the server is on the same disk."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("this machine does not let root mount a file system")
    try:
        assert suffers(disk, [full] * ROUNDS).answers[503] > 0
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=False)
