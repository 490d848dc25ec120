"""Clients that repeat every call until it is answered, while the server is killed and its store is locked.

Each client knows what it reported. In the end SQLite itself is asked for the counters: everything is there, once.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

from tests.server.running_server import API
from tests.torture.served_process import FULL, ServedProcess, served_process
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 20 if FULL else 3
CLIENTS = 8
EVENT = "create_board"
TOTAL = f"{{event_counters}}_{EVENT}"


class Client:
    """Makes random calls, each until it is answered with 200, some of them again later."""

    def __init__(self, number: int) -> None:
        self.random = random.Random(number)
        self.counted = 0
        self.statuses: Counter[int | str] = Counter()
        self.wrong: list[str] = []
        self._number = number
        self._calls = 0
        self._answered: list[tuple[str, bytes, str | None]] = []
        self._connection: http.client.HTTPConnection | None = None
        self._served: ServedProcess | None = None

    def run(self, place: list[ServedProcess], over: threading.Event) -> None:
        while not over.is_set():
            self.report(place)
        if self._connection is not None:
            self._connection.close()

    def report(self, place: list[ServedProcess]) -> None:
        call, body, key, worth = self._any_call()
        while (status := self._status(place[0], call, body, key)) != 200:
            if status not in (503, "broken"):
                self.wrong.append(f"{call} was {status}")
                return
            time.sleep(0.02)
        self.counted += worth
        self._answered.append((call, body, key))
        chance = self.random.random()
        if chance < 0.2:
            self._expect(200, place, *self.random.choice(self._answered))
        elif chance < 0.3 and key is not None:
            self._expect(422, place, call, body.replace(b"{", b'{"project_id": 1, ', 1), key)

    def _expect(self, status: int, place: list[ServedProcess], call: str, body: bytes, key: str | None) -> None:
        answer = self._status(place[0], call, body, key)
        if answer not in (status, 503, "broken"):
            self.wrong.append(f"{call} again was {answer} in place of {status}")

    def _any_call(self) -> tuple[str, bytes, str | None, int]:
        """Return a call that can be repeated, and by how much it raises the counter."""
        self._calls += 1
        key = f"client {self._number}, call {self._calls}" if self.random.random() < 0.5 else None
        number = self.random.choice([1, 1, 1, 3, 50])
        events = [self._event(identified=key is None or self.random.random() < 0.5) for _ in range(number)]
        if number > 1:
            return "track_events", json.dumps({"events": events}).encode(), key, number
        call = self.random.choice(["track_event", "increment_counter"])
        return call, json.dumps(events[0]).encode(), key, 1

    def _event(self, *, identified: bool) -> dict[str, str]:
        bits = self.random.getrandbits(128) & ~(0xF << 76) & ~(0b11 << 62) | (7 << 76) | (0b10 << 62)
        text = f"{bits:032x}"
        name = f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
        return {"event": EVENT, **({"id": name} if identified else {})}

    def _status(self, served: ServedProcess, call: str, body: bytes, key: str | None) -> int | str:
        if self._connection is None or served is not self._served:
            self._served = served
            self._connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        headers = {"PRIVATE-TOKEN": served.token, "Content-Type": "application/json"}
        headers |= {} if key is None else {"Idempotency-Key": key}
        status: int | str
        try:
            self._connection.request("POST", f"{API}/{call}", body, headers)
            response = self._connection.getresponse()
            response.read()
            status = response.status
        except (OSError, http.client.HTTPException):
            self._connection.close()
            status = "broken"
        self.statuses[status] += 1
        return status


def lock_for(folder: Path, seconds: float) -> None:
    """Hold the store's lock, as a backup program might."""
    with closing(sqlite3.connect(folder / "store.db", isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        other.execute("ROLLBACK")


def test_what_is_repeated_through_kills_and_locks_is_counted_once(tmp_path: Path) -> None:
    clients = [Client(number) for number in range(CLIENTS)]
    over = threading.Event()
    place: list[ServedProcess] = []
    threads = [threading.Thread(target=client.run, args=(place, over)) for client in clients]
    for attempt in range(KILLS + 1):
        with served_process(tmp_path) as served:
            place[:] = [served]
            if attempt == 0:
                for thread in threads:
                    thread.start()
            answered = sum(client.statuses[200] for client in clients)
            assert eventually(lambda: sum(client.statuses[200] for client in clients) > answered + 100, 60)  # noqa: B023
            lock_for(tmp_path, 0.3)
            if attempt < KILLS:
                time.sleep(random.Random(attempt).random() * 0.2)
                served.kill()
            else:
                over.set()
                for thread in threads:
                    thread.join(60)
    assert not [thread for thread in threads if thread.is_alive()]
    assert [client.wrong for client in clients] == [[]] * CLIENTS
    assert sum(client.statuses["broken"] for client in clients) > 0
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        (total,) = connection.execute("SELECT value FROM totals WHERE key = ?", (TOTAL,)).fetchone()
    assert total == sum(client.counted for client in clients), os.fspath(tmp_path)
