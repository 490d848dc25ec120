"""Both stores behind one handle, with a way to let time pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import redis

from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import Changes, Recording, Store

if TYPE_CHECKING:
    from pathlib import Path

IDS = "{metrics_dictionary_ids}"
"""Where Redis keeps since when a table of ids is filled."""

START = datetime(2026, 12, 30, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """Says what it was last set to. While nobody sets it wrong, the monotonic clock runs with it."""

    now: datetime = START
    wrong: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return self.now + self.wrong

    def monotonic(self) -> float:
        return (self.now - START).total_seconds()


@dataclass
class StoreUnderTest:
    """Opens any number of stores at one URL; all are closed at the end."""

    url: str
    clock: Clock = field(default_factory=Clock)
    opened: list[Store] = field(default_factory=list)

    def open(self) -> Store:
        store = open_store(self.url, clock=self.clock, monotonic=self.clock.monotonic)
        self.opened.append(store)
        return store

    def elapse(self, time: timedelta) -> None:
        """Let time pass: the clock's, and that of Redis, whose keys are brought nearer to their end."""
        self.clock.now += time
        if not self.is_redis:
            return
        with redis.Redis.from_url(self.url, protocol=2) as client:
            for key in list(client.scan_iter()):
                left = cast("int", client.pttl(key))
                if left >= 0:
                    client.pexpire(key, left - int(time.total_seconds() * 1000))
            if client.exists(IDS):
                client.hincrby(IDS, "since", -int(time.total_seconds()))

    @property
    def is_redis(self) -> bool:
        return self.url.startswith("redis")

    def close(self) -> None:
        for store in self.opened:
            store.close()


def at_sqlite(folder: Path) -> StoreUnderTest:
    return StoreUnderTest(f"sqlite:///{folder}/store.db")


def at_redis(url: str) -> StoreUnderTest:
    with redis.Redis.from_url(url) as client:
        client.flushall()
    return StoreUnderTest(url)


def recording(
    increments: dict[str, int] | None = None,
    sums: dict[str, float] | None = None,
    uniques: dict[str, set[str]] | None = None,
    expiring: set[str] | None = None,
    outbox: tuple[str, ...] = (),
) -> Recording:
    return Recording(changes(increments, sums, uniques, expiring, outbox))


def changes(
    increments: dict[str, int] | None = None,
    sums: dict[str, float] | None = None,
    uniques: dict[str, set[str]] | None = None,
    expiring: set[str] | None = None,
    outbox: tuple[str, ...] = (),
) -> Changes:
    return Changes(
        increments=increments or {},
        sums=sums or {},
        uniques={key: frozenset(values) for key, values in (uniques or {}).items()},
        expiring=frozenset(expiring or ()),
        outbox=outbox,
    )
