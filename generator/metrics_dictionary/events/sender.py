"""Brings the outbox to the collector: in the background, in batches, until the collector has said 2xx.

No event holds up the others. While the collector refuses a batch, or breaks off, the next one has half as many events,
down to one. One that is refused alone, or fails alone while the collector takes another, leaves the queue and is tried
again a few times by itself; then it is a dead letter, which `metrics-dictionary outbox` lists, retries or drops.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.events.collector import CollectorUnavailableError
from metrics_dictionary.stores.store import StoreUnavailableError
from metrics_dictionary.tools.clock import iso, utc_now
from metrics_dictionary.tools.errors import UnavailableError
from metrics_dictionary.tools.instruments import Counter, Gauge
from metrics_dictionary.tools.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from metrics_dictionary.events.collector import Collector
    from metrics_dictionary.stores.store import OutboxRow, OutboxState, Store
    from metrics_dictionary.tools.clock import Clock

MAX_BATCH = 100
"""How many events one request carries at most."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. ``idle``: how long an empty outbox is left alone, and how long an event waits at most before it is sent.

    ``first_retry``: the first pause after a failure; each further one is twice as long, up to MAX_RETRY_SECONDS.
    ``refused``: when an event that was refused is tried again; four times as long after each further refusal.
    ``lease``: how long the others wait before they send in place of a server that died: only one sends at a time.
    ``request``: how long a request may take in all, however often the collector sends another byte.
    """

    idle: float = 0.5
    first_retry: float = 1.0
    refused: float = 60.0
    lease: float = 30.0
    request: float = 120.0


DEFAULT_TIMING = Timing()

MAX_RETRY_SECONDS = 60.0

MAX_TRIES = 5
"""How often the collector may refuse an event before it is a dead letter."""

LEASE = "outbox"

MAX_REFUSED_IN_A_ROW = 10
"""After so many events in a row that were refused alone, it looks like the collector's fault; then pauses begin."""

WARN_SECONDS = 60.0
"""How long it is at least between two lines of the log about events that were refused: there may be many."""

RECENT_SECONDS = 60.0
"""How long the collector is taken to work after it has accepted something."""

TOO_LARGE = 413
REFUSALS = frozenset((400, TOO_LARGE, 415, 422))
"""What a collector answers when the events are at fault. Any other status may be about the collector itself."""

BUSY = frozenset((None, 429, 503))
"""What makes a smaller batch wait for a pause: no answer at all, or one that asks for it."""

_random = random.SystemRandom()

log = logging.getLogger(__name__)

SENT = Counter("outbox_sent_total", "Events that the collector took.")
DEAD = Counter("outbox_dead_letters_total", "Events that became dead letters.")
REFUSED = Counter("outbox_refusals_total", "Times that the collector refused an event.")
FAILURES = Counter("outbox_failures_total", "Times that sending had to pause: the collector or the store was away.")
OUTBOX = Gauge("outbox_events", "Events in the outbox, by what they wait for.", ("state",))
OUTBOX_AGE = Gauge(
    "outbox_oldest_age_seconds", "How long the oldest event has waited for the collector, apart from dead letters."
)
OUTBOX_DROPPED = Gauge("outbox_dropped_events", "Events for which there was no room, since the store was created.")


@dataclass(frozen=True, slots=True)
class _Event:
    """A row of the outbox that could be read."""

    row: OutboxRow
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the collector answered; ``status`` is None when it did not, and ``reason`` one line that names it."""

    status: int | None
    reason: str

    @property
    def accepted(self) -> bool:
        """Whether the collector has the events."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_refusal(self) -> bool:
        """Whether the events are at fault."""
        return self.status in REFUSALS


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
        timing: Timing = DEFAULT_TIMING,
    ) -> None:
        """``jitter`` returns numbers from 0 to 1, so that servers that failed together do not come back together."""
        self._store = store
        self._collector = collector
        self._clock = clock
        self._jitter = jitter
        self._timing = timing
        self._holder = str(uuid.uuid4())
        self._batch = MAX_BATCH
        self._slow_from = MAX_BATCH
        self._failures = 0
        self._refused_in_a_row = 0
        self._refused_untold = 0
        self._told_at = -WARN_SECONDS
        self._accepted_at = -RECENT_SECONDS
        self._delivered: list[OutboxRow] = []
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
        """Send one batch, and what is due again; return after how many seconds the next turn is due."""
        failures = self._failures
        try:
            if not self._store.lease(LEASE, self._holder, self._timing.lease):
                return self._timing.idle
            self._delete_delivered()
            pause = self._send_waiting()
            if self._failures <= failures:
                self._send_refused()
        except UnavailableError as error:
            return self._backoff(str(error))
        except Exception as bug:  # the thread must live: nobody else sends
            log.exception("the outbox: a bug in the sender")
            return self._backoff(f"the outbox: {type(bug).__name__}")
        return pause

    def _run(self) -> None:
        while not self._stopping.wait(self.send_batch()):
            continue
        self._send_rest()

    def _send_rest(self) -> None:
        self._failures = 0
        while time.monotonic() < self._deadline and self.send_batch() == 0 and not self._failures:
            continue
        self._collector.close()
        try:
            self._store.lease(LEASE, self._holder, 0)
        except StoreUnavailableError as error:
            log.warning("the outbox's lease ends by itself: %s", error)

    def _send_waiting(self) -> float:
        """Send the oldest events that wait; return the pause until the next ones."""
        rows = self._store.outbox(self._batch)
        events = self._readable(rows)
        if not events:
            return 0 if rows else self._timing.idle
        answer = self._post(events)
        if answer.accepted:
            # Twice as many next time; one more where the collector has found that too large.
            self._batch = min(MAX_BATCH, self._batch * 2 if self._batch < self._slow_from else self._batch + 1)
            return 0
        self._batch = max(1, len(events) // 2)
        if answer.status == TOO_LARGE:
            self._slow_from = self._batch
        if len(events) > 1:
            return self._backoff(answer.reason) if answer.status in BUSY else 0
        if not answer.is_refusal:
            if not self._takes_another():
                return self._backoff(answer.reason)
            answer = self._post(events)  # the collector works: is it the event, or did the collector just come back?
            if answer.accepted:
                return 0
        self._refuse(events[0], answer, is_its_fault=True)
        self._refused_in_a_row += 1
        return 0 if self._refused_in_a_row <= MAX_REFUSED_IN_A_ROW else self._backoff(answer.reason)

    def _takes_another(self) -> bool:
        """Whether the collector takes one of the next events while the oldest fails: then that one is why."""
        others = self._readable(self._store.outbox(MAX_BATCH)[1:])
        return bool(others) and self._post([_random.choice(others)]).accepted

    def _send_refused(self) -> None:
        """Send what was refused before and is due again, each event alone."""
        for event in self._readable(self._store.due_refused(MAX_BATCH)):
            answer = self._post([event])
            if not answer.accepted:
                is_alive = time.monotonic() - self._accepted_at < RECENT_SECONDS
                self._refuse(event, answer, is_its_fault=answer.is_refusal or is_alive)
            if answer.status in BUSY:
                break

    def _refuse(self, event: _Event, answer: _Answer, *, is_its_fault: bool) -> None:
        """Take an event out of the queue: to be tried again later or, after so many tries, as a dead letter."""
        tries = event.row.tries + is_its_fault
        REFUSED.add(amount=int(is_its_fault))
        if tries < MAX_TRIES:
            self._store.set_refused(event.row, tries, answer.reason, self._timing.refused * 4.0 ** max(0, tries - 1))
            self._warn_of_retry(answer.reason)
            return
        self._store.set_refused(event.row, tries, answer.reason, None)
        self._warn_of_dead_letter(f"after {tries} tries: {answer.reason}")

    def _readable(self, rows: Sequence[OutboxRow]) -> list[_Event]:
        """Return the events of rows. A damaged row is a dead letter at once."""
        events = []
        for row in rows:
            fields = _fields(row)
            if fields is None:
                self._store.set_refused(row, row.tries, "is not an event", None)
                self._warn_of_dead_letter("as it is not a JSON object")
            else:
                events.append(_Event(row, fields))
        return events

    def _warn_of_retry(self, why: str) -> None:
        """Say how many events have left the queue since that was said last."""
        self._refused_untold += 1
        now = time.monotonic()
        if now - self._told_at >= WARN_SECONDS:
            retried = counted(self._refused_untold, "event")
            log.warning("%s; tried again later: %s; `metrics-dictionary outbox list` shows why", why, retried)
            self._refused_untold, self._told_at = 0, now

    def _warn_of_dead_letter(self, why: str) -> None:
        DEAD.add()
        log.error("the outbox: an event is a dead letter %s; `metrics-dictionary outbox list` shows it", why)

    def _post(self, events: Sequence[_Event]) -> _Answer:
        """Send events, and delete from the store those that the collector takes."""
        stm = str(int(self._clock().timestamp() * 1000))
        try:
            with self._leased():
                status = self._collector.post([{**event.fields, "stm": stm} for event in events])
        except CollectorUnavailableError as error:
            return _Answer(None, str(error))
        answer = _Answer(
            status, f"collector {self._collector.shown}: answered {status} to {counted(len(events), 'event')}"
        )
        if answer.accepted:
            SENT.add(amount=len(events))
            self._delivered += [event.row for event in events]
            self._accepted_at = time.monotonic()
            self._refused_in_a_row = 0
            if self._failures:
                log.warning("collector %s: events are being sent again", self._collector.shown)
                self._failures = 0
            self._delete_delivered()
        return answer

    @contextmanager
    def _leased(self) -> Iterator[None]:
        """Keep the lease for as long as a request takes, and end a request that takes too long."""
        is_over = threading.Event()
        give_up = time.monotonic() + self._timing.request

        def keep() -> None:
            while not is_over.wait(min(self._timing.lease / 3, max(0.1, give_up - time.monotonic()))):
                if time.monotonic() >= give_up:
                    self._collector.abort()
                else:
                    with suppress(StoreUnavailableError):
                        self._store.lease(LEASE, self._holder, self._timing.lease)

        keeper = threading.Thread(target=keep, name="outbox-lease", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            is_over.set()
            keeper.join()

    def _delete_delivered(self) -> None:
        """Delete what the collector has. Should the store be away now, that is remembered, and nothing sent twice."""
        if self._delivered:
            self._store.delete_sent(self._delivered)
            self._delivered = []

    def _backoff(self, reason: str) -> float:
        longest = min(MAX_RETRY_SECONDS, self._timing.first_retry * 2.0 ** min(self._failures, 16))
        pause = longest * (0.5 + self._jitter() / 2)
        self._failures += 1
        FAILURES.add()
        log.warning("%s; trying again in %.1f s", reason, pause)
        return pause


def _fields(row: OutboxRow) -> dict[str, str] | None:
    """Return the fields of an event; None for a row that no release of ours wrote."""
    try:
        fields = json.loads(row.text)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None


def show_outbox(state: OutboxState, now: datetime) -> None:
    """Let the gauges of ``/-/metrics`` show how the outbox stands."""
    for name in ("waiting", "retrying", "dead_letters"):
        OUTBOX.set(getattr(state, name), name)
    since = [moment for moment in (state.oldest, state.oldest_retrying) if moment is not None]
    OUTBOX_AGE.set(max(0.0, (now - min(since)).total_seconds()) if since else 0)
    OUTBOX_DROPPED.set(state.dropped)


def outbox_warnings(state: OutboxState, limit: int) -> Iterator[str]:
    """Yield what somebody should do something about before the outbox is full."""
    if state.depth * 2 >= limit:
        oldest = f", the oldest since {iso(state.oldest)}" if state.oldest else ""
        yield f"the outbox holds {state.depth:,} of at most {counted(limit, 'event')}{oldest}; look at the collector"
    if state.dead_letters:
        letters = counted(state.dead_letters, "event")
        yield f"the collector has refused {letters} for good; `metrics-dictionary outbox list` shows why"
