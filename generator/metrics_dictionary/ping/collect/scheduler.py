"""The thread of a server that collects a payload regularly, on one of all servers that share a store."""

from __future__ import annotations

import math
import random
import threading
import time
import uuid
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from metrics_dictionary.ping.collect.publication import Hold, PayloadHeldError, former_payload
from metrics_dictionary.stores.store import StoreUnavailableError
from metrics_dictionary.tools.clock import iso
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.instruments import Counter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from metrics_dictionary.stores.store import CachedPayload, Store

    Generate = Callable[[Callable[[int, int], None]], None]

LEASE = "service_ping"
LEASE_TIME = timedelta(hours=1)
"""How long the other servers leave the payload to one that has stopped. One that collects renews its lease."""

POLL_INTERVAL = timedelta(minutes=1)
FIRST_RETRY = timedelta(minutes=30)
LAST_RETRY = timedelta(hours=6)
"""The pauses between attempts in vain: each is twice as long as the one before, from the first of these to the last."""

MAX_FUTURE = timedelta(hours=1)
"""How far ahead of the trusted time a payload may be dated."""

MAX_JITTER = 1 / 7
"""The random delay is at most this share of the interval: a day of a week."""


ALLOWANCE = timedelta(hours=2)
"""How long a payload that is due may take to come before that is worth a warning."""


COLLECTIONS = Counter("payload_collections_total", "Collections by what became of them.", ("outcome",))
for _outcome in ("published", "held", "failed"):
    COLLECTIONS.add(_outcome, amount=0)


class _Stopped(Exception):  # noqa: N818 - not an error: it ends a collection that nobody waits for any more
    pass


class Scheduler:
    """Calls ``generate`` when there is no payload in the store, or one older than the interval and a random delay.

    ``generate`` collects and saves a payload, and calls its argument with how many of how many metrics are done. Its
    errors are logged, and it is called again after a pause, as it is while the store says that a payload is held.
    ``log`` takes a level (info, warning, error) and a line. ``jitter`` returns the random delay as a share, from 0 to
    1, of the longest one. Raises ValueError for an interval that is not positive.
    """

    def __init__(
        self,
        generate: Generate,
        store: Store,
        *,
        log: Callable[[str, str], None],
        interval: timedelta,
        monotonic: Callable[[], float] = time.monotonic,
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
        self._monotonic = monotonic
        self._not_before = -math.inf
        self._failures = 0
        self._lease_renewed = -math.inf
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
            with suppress(StoreUnavailableError):  # otherwise it ends by itself
                self._store.lease(LEASE, self._holder, 0)
            return False
        except PayloadHeldError as error:  # when the next attempt is due is written in the store, for all servers
            COLLECTIONS.add("held")
            self._log("warning", f"service ping: {error}. The next attempt is in {retry_after(error.attempts)}")
            return False
        except Exception as error:  # noqa: BLE001 - the next week must come, whatever went wrong in this one
            COLLECTIONS.add("failed")
            self._failures += 1
            pause = retry_after(self._failures)
            self._not_before = self._monotonic() + pause.total_seconds()
            why = str(error) if isinstance(error, OperationalError) else f"{type(error).__name__}: {error}"
            self._log("error", f"service ping: no payload: {why}. The next attempt is in {pause}")
            return False
        self._failures = 0
        COLLECTIONS.add("published")
        self._log("info", "service ping: payload generated")
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.poll()
            self._stopping.wait(POLL_INTERVAL.total_seconds())

    def _due(self) -> bool:
        if self._monotonic() < self._not_before:
            return False
        now, last = self._store.trusted_now(), former_payload(self._store)
        if last is None or self._is_in_the_future(last, now):
            return True
        hold = Hold.of(self._store, last)
        if hold is not None:
            return now >= hold.last + retry_after(hold.attempts)
        return now >= (last.saved_at or last.recorded_at) + self._interval + self._offset

    def _is_in_the_future(self, last: CachedPayload, now: datetime) -> bool:
        """Whether a wrong clock dated the payload: it must not stop the next one.

        A clock that is wrong still would date the next one no better; when that one is due, `saved_at` says.
        """
        if last.saved_at is None or self._store.clock_warning() is None:
            return max(last.recorded_at, last.saved_at or now) > now + MAX_FUTURE
        return last.saved_at > now + MAX_FUTURE

    def _acquire_lease(self) -> bool:
        self._lease_renewed = self._monotonic()
        return self._store.lease(LEASE, self._holder, LEASE_TIME.total_seconds())

    def _progress(self, _done: int, _total: int) -> None:
        if self._stopping.is_set():
            raise _Stopped
        if self._monotonic() - self._lease_renewed > LEASE_TIME.total_seconds() / 4:
            with suppress(StoreUnavailableError):  # it may be back before there is something to save
                self._acquire_lease()


def overdue(store: Store, interval: timedelta, started: datetime) -> Iterator[str]:
    """Yield a warning when the payload that was due after ``interval`` has not come.

    ``started`` is when the server started, which collects the first one. Raises StoreUnavailableError.
    """
    now, last = store.trusted_now(), store.payload()
    if last is None:
        if now > started + ALLOWANCE:
            yield f"no payload was collected since the server started at {iso(started)}; its log says why"
        return
    taken = last.saved_at or last.recorded_at
    if now > taken + interval * (1 + MAX_JITTER) + ALLOWANCE:
        yield (
            f"the last payload is from {iso(taken)}, and one is due every {interval / timedelta(days=1):g} days; the "
            "log of the server says why no other one has come"
        )


def retry_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts in vain, at least one, before the next."""
    return min(FIRST_RETRY * (1 << min(attempts - 1, 16)), LAST_RETRY)
