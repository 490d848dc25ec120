"""The thread of a server that collects a payload regularly, on one of all servers that share a store."""

from __future__ import annotations

import random
import threading
import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from metrics_dictionary.ping.collect.publication import Hold, PayloadHeldError
from metrics_dictionary.stores.store import StoreUnavailableError
from metrics_dictionary.tools.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.stores.store import Store
    from metrics_dictionary.tools.clock import Clock

    Generate = Callable[[Callable[[int, int], None]], None]

LEASE = "service_ping"
LEASE_TIME = timedelta(hours=1)
"""How long the other servers leave the payload to one that has stopped. One that collects renews its lease."""

POLL_INTERVAL = timedelta(minutes=1)
FIRST_RETRY = timedelta(minutes=30)
LAST_RETRY = timedelta(hours=6)
"""The pauses between attempts in vain: each is twice as long as the one before, from the first of these to the last."""

MAX_JITTER = 1 / 7
"""The random delay is at most this share of the interval: a day of a week."""


class _Stopped(Exception):  # noqa: N818 - not an error: it ends a collection that nobody waits for any more
    pass


class Scheduler:
    """Calls ``generate`` when there is no payload in the store, or one older than the interval and a random delay.

    ``generate`` collects and saves a payload, and calls its argument with how many of how many metrics are done. Its
    errors are logged, and it is called again after a pause, as it is while the store says that a payload is held.
    ``jitter`` returns the random delay as a share, from 0 to 1, of the longest one. Raises ValueError for an interval
    that is not positive.
    """

    def __init__(
        self,
        generate: Generate,
        store: Store,
        *,
        log: Callable[[str], None],
        interval: timedelta,
        clock: Clock = utc_now,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        if interval <= timedelta(0):
            raise ValueError("the interval between two payloads must be longer than nothing")
        self._generate = generate
        self._store = store
        self._holder = str(uuid.uuid4())
        self._log = log
        self._interval = interval
        self._offset = interval * MAX_JITTER * jitter()
        self._clock = clock
        self._not_before: datetime | None = None
        self._failures = 0
        self._lease_renewed: datetime | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ping scheduler", daemon=True)

    def start(self) -> None:
        """Poll at once and then every minute."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> bool:
        """Stop after the metric that is being collected; return False when that takes more than ``timeout`` seconds."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def poll(self) -> bool:
        """Generate a payload if one is due and no other server does; return whether one was generated."""
        try:
            if not self._due() or not self._acquire_lease():
                return False
            # Another server may have finished between the two: its payload is the one that was due.
            if not self._due():
                return False
            self._generate(self._progress)
        except _Stopped:
            return False
        except PayloadHeldError as error:  # when the next attempt is due is written in the store, for all servers
            self._log(f"service ping: {error}. The next attempt is in {retry_after(error.attempts)}")
            return False
        except Exception as error:  # noqa: BLE001 - the next week must come, whatever went wrong in this one
            self._failures += 1
            pause = retry_after(self._failures)
            self._not_before = self._clock() + pause
            self._log(f"service ping: no payload: {type(error).__name__}: {error}. The next attempt is in {pause}")
            return False
        self._failures = 0
        self._log("service ping: payload generated")
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.poll()
            self._stopping.wait(POLL_INTERVAL.total_seconds())

    def _due(self) -> bool:
        now = self._clock()
        if self._not_before is not None and now < self._not_before:
            return False
        last = self._store.payload()
        if last is None:
            return True
        hold = Hold.of(self._store, last)
        if hold is not None:
            return now >= hold.last + retry_after(hold.attempts)
        return now >= last.recorded_at + self._interval + self._offset

    def _acquire_lease(self) -> bool:
        self._lease_renewed = self._clock()
        return self._store.lease(LEASE, self._holder, LEASE_TIME.total_seconds())

    def _progress(self, _done: int, _total: int) -> None:
        if self._stopping.is_set():
            raise _Stopped
        if self._lease_renewed is None or self._clock() - self._lease_renewed > LEASE_TIME / 4:
            with suppress(StoreUnavailableError):  # it may be back before there is something to save
                self._acquire_lease()


def retry_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts in vain, at least one, before the next."""
    return min(FIRST_RETRY * (1 << min(attempts - 1, 16)), LAST_RETRY)
