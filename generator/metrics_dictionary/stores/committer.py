"""One thread that commits for a whole process: what comes while it commits is its next group.

Whoever submits never waits for the store. A store that hangs holds up this thread and those who wait for their verdict,
and after a while not even those: `overdue` gives them up.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter as Tally
from typing import TYPE_CHECKING, Generic, TypeVar

from metrics_dictionary.stores.store import STORE_ERRORS, OutcomeUnknownError, StoreUnavailableError
from metrics_dictionary.tools.instruments import Counter, Histogram

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from metrics_dictionary.stores.store import Recording, Store, Verdict

MAX_GROUP = 500
"""More recordings than this wait for the commit after the next, so that none waits for a very long one."""

SLOW_SECONDS = 1.0
"""While a commit takes longer than this, no more than MAX_WAITING recordings wait behind it."""

MAX_WAITING = 250

LATE_SECONDS = 7.0
"""How long a commit may take before nobody waits for it: longer than a store waits for a lock or for an answer."""

COMMIT_SECONDS = Histogram("commit_duration_seconds", "Time that commits took, failed ones included.")
COMMIT_RECORDINGS = Histogram(
    "commit_recordings", "Recordings that were committed together.", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
VERDICTS = Counter("recordings_total", "Recordings by what became of them.", ("outcome",))

Asker = TypeVar("Asker")


class Committer(Generic[Asker]):
    """Brings recordings to `Store.commit`, and what became of each to ``settle``, with who asked.

    ``settle`` is called by the thread, with a whole group, and must neither wait nor fail. A result is a Verdict, or
    what the commit raised; an exception other than StoreUnavailableError is the fault of one recording: each of the
    group is then committed alone.
    """

    def __init__(self, store: Store, settle: Callable[[list[tuple[Asker, Verdict | Exception]]], None]) -> None:
        self._store = store
        self._settle = settle
        self._changed = threading.Condition()
        self._waiting: list[tuple[Asker, Recording]] = []
        self._under_way: list[tuple[Asker, Recording]] = []
        self._began = math.inf
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    def start(self) -> None:
        """Begin to commit."""
        self._thread.start()

    def submit(self, recordings: Iterable[tuple[Asker, Recording]]) -> None:
        """Have these committed with the next group; returns at once."""
        with self._changed:
            self._waiting += recordings
            self._changed.notify()

    def stop(self, seconds: float) -> None:
        """Commit what waits, for so many seconds at most, and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(seconds)

    def overdue(self) -> list[tuple[Asker, Verdict | Exception]]:
        """Return those who have waited for a store that hangs, and why; they get no other result."""
        with self._changed:
            seconds = time.monotonic() - self._began
            if seconds < SLOW_SECONDS:
                return []
            silence = f"the store has not answered for {seconds:.1f} seconds"
            unwritten = StoreUnavailableError(f"{silence}; try again", "the store does not answer")
            if seconds < LATE_SECONDS:
                refused, self._waiting = self._waiting[MAX_WAITING:], self._waiting[:MAX_WAITING]
                return [(asker, unwritten) for asker, _ in refused]
            unknown = OutcomeUnknownError(silence)
            given_up: list[tuple[Asker, Verdict | Exception]] = [(asker, unknown) for asker, _ in self._under_way]
            given_up += [(asker, unwritten) for asker, _ in self._waiting]
            self._under_way, self._waiting = [], []
        _count(result for _, result in given_up)
        return given_up

    def _run(self) -> None:
        while group := self._next_group():
            began = time.perf_counter()
            results = self._committed([recording for _, recording in group])
            COMMIT_SECONDS.observe(time.perf_counter() - began)
            COMMIT_RECORDINGS.observe(len(group))
            with self._changed:
                given_up = self._under_way is not group
                self._began = math.inf
                self._under_way = []
            if not given_up:
                _count(results)
                self._settle([(asker, result) for (asker, _), result in zip(group, results, strict=True)])

    def _next_group(self) -> list[tuple[Asker, Recording]]:
        """Wait for recordings, and return those that are committed next; none when there will be no more."""
        with self._changed:
            while not self._waiting and not self._stopping:
                self._changed.wait()
            self._under_way, self._waiting = self._waiting[:MAX_GROUP], self._waiting[MAX_GROUP:]
            self._began = time.monotonic()
            return self._under_way

    def _committed(self, recordings: Sequence[Recording]) -> Sequence[Verdict | Exception]:
        try:
            return self._store.commit(recordings)
        except StoreUnavailableError as failure:
            STORE_ERRORS.add("commit")
            return [failure] * len(recordings)
        except Exception as failure:  # noqa: BLE001 - whatever it is, it belongs to whoever asked
            if len(recordings) == 1:
                return [failure]
            return [result for recording in recordings for result in self._committed([recording])]


def _count(results: Iterable[Verdict | Exception]) -> None:
    for name, number in Tally(map(_name, results)).items():
        VERDICTS.add(name, amount=number)


def _name(result: Verdict | Exception) -> str:
    if isinstance(result, OutcomeUnknownError):
        return "unknown"
    if isinstance(result, StoreUnavailableError):
        return "unavailable"
    return "failed" if isinstance(result, Exception) else result.outcome.name.lower()
