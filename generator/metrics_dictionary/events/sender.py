"""Brings the outbox to the collector: in the background, in batches, until the collector has said 200."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
import uuid
from typing import TYPE_CHECKING

from metrics_dictionary.events.collector import CollectorUnavailableError
from metrics_dictionary.stores.store import StoreUnavailableError
from metrics_dictionary.tools.clock import utc_now
from metrics_dictionary.tools.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from metrics_dictionary.events.collector import Collector
    from metrics_dictionary.stores.store import OutboxRow, Store
    from metrics_dictionary.tools.clock import Clock

MAX_BATCH = 100
"""How many events one request carries; half as many after the collector found that too large."""

IDLE_SECONDS = 0.5
"""How long an empty outbox is left alone, and how long an event waits at most before it is sent."""

FIRST_RETRY_SECONDS = 1.0
MAX_RETRY_SECONDS = 60.0

LEASE = "outbox"
LEASE_SECONDS = 30.0
"""How long the others wait before they send in place of a server that died. Only one server at a time sends."""

OK = 200
TOO_LARGE = 413

_random = random.SystemRandom()

log = logging.getLogger(__name__)


class Sender:
    """A thread that sends what waits in a store's outbox to one collector.

    An event leaves the outbox after the collector has it. Whoever dies in between sends it twice, with the same `eid`,
    by which the pipeline behind the collector knows it; so nothing is lost. Neither a collector nor a store that is
    away ends the thread: it tries again, ever more rarely, up to once a minute.
    """

    def __init__(
        self,
        store: Store,
        collector: Collector,
        *,
        clock: Clock = utc_now,
        jitter: Callable[[], float] = _random.random,
        idle_seconds: float = IDLE_SECONDS,
        first_retry_seconds: float = FIRST_RETRY_SECONDS,
    ) -> None:
        """``jitter`` returns numbers from 0 to 1, so that servers that failed together do not come back together."""
        self._store = store
        self._collector = collector
        self._clock = clock
        self._jitter = jitter
        self._idle_seconds = idle_seconds
        self._first_retry_seconds = first_retry_seconds
        self._holder = str(uuid.uuid4())
        self._batch = MAX_BATCH
        self._failures = 0
        self._delivered: list[str] = []
        self._stopping = threading.Event()
        self._deadline = 0.0
        self._thread = threading.Thread(target=self._run, name="outbox-sender", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """Send what can be sent within this time, then end. What is left stays in the outbox."""
        self._deadline = time.monotonic() + seconds
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def send_batch(self) -> float:
        """Send one batch; return after how many seconds the next turn is due."""
        try:
            pause = self._send()
        except UnavailableError as error:
            return self._backoff(str(error))
        if self._failures:
            log.warning("collector %s: events are being sent again", self._collector.shown)
            self._failures = 0
        return pause

    def _run(self) -> None:
        while not self._stopping.wait(self.send_batch()):
            continue
        self._finish()

    def _finish(self) -> None:
        self._failures = 0
        while time.monotonic() < self._deadline and self.send_batch() == 0 and not self._failures:
            continue
        self._collector.close()
        try:
            self._store.lease(LEASE, self._holder, 0)
        except StoreUnavailableError as error:
            log.warning("the outbox's lease ends by itself: %s", error)

    def _send(self) -> float:
        if not self._store.lease(LEASE, self._holder, LEASE_SECONDS):
            return self._idle_seconds
        self._delete_delivered()
        rows = self._store.outbox(self._batch)
        if not rows:
            return self._idle_seconds
        events = self._stamped(rows)
        status = self._collector.post(events) if events else OK
        if status != OK:
            if status == TOO_LARGE:
                self._batch = max(1, self._batch // 2)
            raise CollectorUnavailableError(
                f"collector {self._collector.shown}: answered {status} to {len(rows)} events"
            )
        self._delivered = [row.identifier for row in rows]
        self._delete_delivered()
        return 0

    def _delete_delivered(self) -> None:
        """Delete what the collector has. Should the store be away now, that is remembered, and nothing sent twice."""
        if self._delivered:
            self._store.delete_sent(self._delivered)
            self._delivered = []

    def _stamped(self, rows: Sequence[OutboxRow]) -> list[dict[str, str]]:
        """Return the events with the time of sending, `stm`."""
        stm = str(int(self._clock().timestamp() * 1000))
        events = []
        for row in rows:
            event = _read(row)
            if event is not None:
                events.append({**event, "stm": stm})
        return events

    def _backoff(self, reason: str) -> float:
        longest = min(MAX_RETRY_SECONDS, self._first_retry_seconds * 2.0 ** min(self._failures, 16))
        pause = longest * (0.5 + self._jitter() / 2)
        self._failures += 1
        log.warning("%s; trying again in %.1f s", reason, pause)
        return pause


def _read(row: OutboxRow) -> dict[str, str] | None:
    """Return the event of a row; a damaged one would stop all others forever, and is left out."""
    try:
        event = json.loads(row.text)
    except ValueError:
        event = None
    if isinstance(event, dict):
        return event
    log.error("outbox row %s is not an event and is dropped: %.80r", row.identifier, row.text)
    return None
