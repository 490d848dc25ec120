"""Many waiting requests, one commit: the first that waits commits for all that wait."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from metrics_dictionary.stores.store import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from metrics_dictionary.stores.store import Recording

MAX_GROUP = 500
"""More requests than this wait for the next commit, so that none waits for a very long one."""


class _Waiting:
    """A request in the queue. It sleeps on `turn` until it is committed, has failed, or must lead."""

    __slots__ = ("committed", "failure", "recording", "turn")

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.turn = threading.Lock()
        self.committed = False
        self.failure: Exception | None = None
        self.turn.acquire()

    @property
    def settled(self) -> bool:
        return self.committed or self.failure is not None


class GroupCommit:
    """Brings recordings to `commit`, all that wait at once, one call at a time.

    It has no thread of its own: the first caller leads and commits, the others sleep. A leader commits one group and
    hands over to the first caller that came meanwhile, so that no request works for others longer than that. `commit`
    writes all or nothing. It raises StoreUnavailableError when the store is away, and anything else when one of the
    recordings cannot be written: then each is committed alone, so that only the bad one fails.
    """

    def __init__(self, commit: Callable[[Sequence[Recording]], None]) -> None:
        self._commit = commit
        self._queue: list[_Waiting] = []
        self._queue_lock = threading.Lock()
        self._led = False

    def record(self, recording: Recording) -> None:
        """Return when `recording` is committed; raise what its commit raised."""
        waiting = _Waiting(recording)
        with self._queue_lock:
            self._queue.append(waiting)
            leads = not self._led
            self._led = True
        if not leads:
            waiting.turn.acquire()
        if not waiting.settled:
            self._lead()
        if waiting.failure is not None:
            raise waiting.failure

    def _lead(self) -> None:
        """Commit the group at the head of the queue, to which the leader belongs, wake it, and hand over."""
        with self._queue_lock:
            group, self._queue = self._queue[:MAX_GROUP], self._queue[MAX_GROUP:]
        try:
            self._settle(group)
        finally:
            for waiting in group:
                if not waiting.settled:  # the leader was interrupted: the others must not sleep forever
                    waiting.failure = StoreUnavailableError("the store: the commit was interrupted; try again")
            with self._queue_lock:
                self._led = bool(self._queue)
                successor = self._queue[0] if self._queue else None
            if successor is not None:
                successor.turn.release()
            for waiting in group:
                waiting.turn.release()

    def _settle(self, group: Sequence[_Waiting]) -> None:
        try:
            self._commit([waiting.recording for waiting in group])
        except Exception as failure:  # noqa: BLE001 - whatever it is, it belongs to those who wait
            if len(group) == 1:
                group[0].failure = failure
            elif isinstance(failure, StoreUnavailableError):
                for waiting in group:
                    waiting.failure = StoreUnavailableError(str(failure))
            else:
                for waiting in group:
                    self._settle([waiting])
        else:
            for waiting in group:
                waiting.committed = True
