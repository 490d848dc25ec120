"""Whether the store can be written to: asked regularly by a thread of its own, so that nobody waits for the answer."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.stores.store import STORE_ERRORS, StoreUnavailableError
from metrics_dictionary.tools.instruments import Gauge, Histogram

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from metrics_dictionary.stores.store import Store

PROBE_EVERY = 5.0
PROBE_EVERY_WHILE_FAILING = 1.0

HANGS_AFTER = 2.0
"""Seconds after which a store that has not answered does not count as there: a little more than it may wait itself."""

MAX_AGE = 15.0
"""Seconds for which the answer of a probe holds: then something keeps the thread from asking."""

STOP_SECONDS = 3.0

AVAILABLE = Gauge("store_available", "Whether the last probe could write to the store: 1 or 0.")
SECONDS = Histogram("store_probe_duration_seconds", "Time that probes of the store took, failed ones included.")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """What is known of the store: ``reason`` says why it cannot be written to, None when it can.

    ``seconds`` have passed since the last probe ended; None before there was one.
    """

    reason: str | None
    seconds: float | None

    @property
    def is_available(self) -> bool:
        """Whether events can be recorded, as far as it is known."""
        return self.reason is None


class StoreProbe:
    """A thread that writes to the store every five seconds, and every second while that fails.

    ``looks`` are asked after each probe that succeeds, in the same thread: each gives the warnings that it has.
    """

    def __init__(
        self,
        store: Store,
        looks: Iterable[Callable[[], Iterable[str]]] = (),
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._looks = tuple(looks)
        self._monotonic = monotonic
        self._reason: str | None = "it has not been asked yet"
        self._ended: float | None = None
        self._began: float | None = None
        self._warnings: tuple[str, ...] = ()
        self._asked = threading.Event()
        self._stopping = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Probe regularly for as long as the context lasts; it begins when the first probe has ended, or hangs."""
        self._stopping.clear()
        thread = threading.Thread(target=self._run, name="store probe", daemon=True)
        thread.start()
        self._asked.wait(HANGS_AFTER)
        try:
            yield
        finally:
            self._stopping.set()
            thread.join(STOP_SECONDS)

    def status(self) -> StoreStatus:
        """Return what is known now; asks nobody."""
        now, began, ended = self._monotonic(), self._began, self._ended
        seconds = None if ended is None else max(0.0, now - ended)
        if began is not None and now - began > HANGS_AFTER:
            return StoreStatus(f"the store has not answered for {now - began:.0f} seconds", seconds)
        if self._reason is None and seconds is not None and seconds > MAX_AGE:
            return StoreStatus(f"the store was asked {seconds:.0f} seconds ago, and not since", seconds)
        return StoreStatus(self._reason, seconds)

    def warnings(self) -> tuple[str, ...]:
        """Return what the looks found last, and what the store itself found; asks nobody."""
        return (*self._warnings, *self._store.warnings())

    def probe(self) -> None:
        """Ask the store once, and look around when it is there."""
        self._began = self._monotonic()
        try:
            self._store.probe()
            reason = None
        except StoreUnavailableError as error:
            reason = str(error)
        except Exception as bug:  # the thread must live, and what it cannot find out is not ready
            log.exception("store: a bug in the probe")
            reason = f"the store cannot be asked: {type(bug).__name__}"
        SECONDS.observe(self._monotonic() - self._began)
        AVAILABLE.set(int(reason is None))
        if reason is not None:
            STORE_ERRORS.add("probe")
        self._tell(reason)
        self._reason, self._ended, self._began = reason, self._monotonic(), None
        self._asked.set()
        if reason is None:
            self._warnings = tuple(warning for look in self._looks for warning in self._seen_by(look))

    def _seen_by(self, look: Callable[[], Iterable[str]]) -> tuple[str, ...]:
        try:
            return tuple(look())
        except Exception as error:  # noqa: BLE001 - the next probe says more about a store that is away
            return (f"not everything could be looked at: {error}",)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.probe()
            self._stopping.wait(PROBE_EVERY if self._reason is None else PROBE_EVERY_WHILE_FAILING)

    def _tell(self, reason: str | None) -> None:
        """Log when the store goes away and when it comes back, and not in between."""
        was_available = self._reason is None or self._ended is None
        if reason is not None and was_available:
            log.warning("store: events cannot be recorded: %s", reason)
        elif reason is None and not was_available:
            log.warning("store: events can be recorded again")
