"""The thread of a server that collects a payload regularly, on one of all servers that share a store."""

from __future__ import annotations

import random
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from metrics_dictionary.stores.store import StoreUnavailableError
from metrics_dictionary.tools.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.stores.store import Store
    from metrics_dictionary.tools.clock import Clock

    Generate = Callable[[Callable[[int, int], None]], None]

LEASE = "service_ping"
LEASE_TIME = timedelta(hours=1)
"""How long others keep away from a winner that shows no sign of life. It prolongs its lease while it collects."""

WEEKLY = timedelta(days=7)
LOOK_EVERY = timedelta(minutes=1)
RETRY_AFTER = timedelta(minutes=30)

OFFSET_SHARE = 1 / 7
"""The random offset is at most this share of the interval: a day of a week."""


class _Stopped(Exception):  # noqa: N818 - no error: it ends a collection that nobody waits for any more
    pass


class Scheduler:
    """Calls ``generate`` when the payload in the store is older than the interval and a random offset, or is missing.

    ``generate`` collects and saves a payload, and tells its argument how many of how many metrics are done. Whatever it
    raises is logged, and tried again after half an hour. ``holder`` tells this server from the others.
    """

    def __init__(
        self,
        generate: Generate,
        store: Store,
        *,
        holder: str,
        log: Callable[[str], None],
        interval: timedelta = WEEKLY,
        clock: Clock = utc_now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if interval <= timedelta(0):
            raise ValueError("the interval between two payloads must be longer than nothing")
        self._generate = generate
        self._store = store
        self._holder = holder
        self._log = log
        self._interval = interval
        self._offset = interval * OFFSET_SHARE * chance()
        self._clock = clock
        self._not_before: datetime | None = None
        self._renewed: datetime | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ping scheduler", daemon=True)

    def start(self) -> None:
        """Begin to look, at once and then every minute."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> bool:
        """End, also in the middle of a collection, after the metric at hand; False when that takes too long."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def look(self) -> bool:
        """Generate a payload if one is due and no other server does; return whether one was generated."""
        try:
            if not self._due() or not self._win():
                return False
            # Another server may have finished between the two: its payload is the one that was due.
            if not self._due():
                return False
            self._generate(self._progress)
        except _Stopped:
            return False
        except Exception as error:  # noqa: BLE001 - the next week must come, whatever went wrong in this one
            self._not_before = self._clock() + RETRY_AFTER
            self._log(f"service ping: no payload: {type(error).__name__}: {error}; tried again in {RETRY_AFTER}")
            return False
        self._log("service ping: payload generated")
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.look()
            self._stopping.wait(LOOK_EVERY.total_seconds())

    def _due(self) -> bool:
        now = self._clock()
        if self._not_before is not None and now < self._not_before:
            return False
        last = self._store.payload()
        return last is None or now >= last.recorded_at + self._interval + self._offset

    def _win(self) -> bool:
        self._renewed = self._clock()
        return self._store.lease(LEASE, self._holder, LEASE_TIME.total_seconds())

    def _progress(self, _done: int, _total: int) -> None:
        if self._stopping.is_set():
            raise _Stopped
        if self._renewed is None or self._clock() - self._renewed > LEASE_TIME / 4:
            with suppress(StoreUnavailableError):  # it may be back before there is something to save
                self._win()
