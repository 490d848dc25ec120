"""A timeout for calls that cannot be interrupted."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from metrics_dictionary.ping.measurement import SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

T = TypeVar("T")


class Deadline:
    """Makes calls in a worker thread, and abandons the thread when a call takes longer than ``seconds``.

    Python cannot stop a thread from outside: an abandoned one ends when its call returns. The next call starts another.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._worker: _Worker | None = None

    def __enter__(self) -> Deadline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._abandon_worker()

    def call(self, compute: Callable[[], T]) -> T:
        """Return what the call returns and raise what it raises; raises SourceUnavailableError after the timeout."""
        outcomes: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

        def work() -> None:
            try:
                outcomes.put((compute(), None))
            except BaseException as error:  # noqa: BLE001 - also SystemExit must reach the caller, not end the thread
                outcomes.put((None, error))

        if self._worker is None:
            self._worker = _Worker()
        self._worker.calls.put(work)
        try:
            value, error = outcomes.get(timeout=self._seconds)
        except Empty:
            self._abandon_worker()
            raise SourceUnavailableError(f"no answer within {self._seconds:g} seconds") from None
        if isinstance(error, Exception):
            raise error
        if error is not None:
            raise RuntimeError(f"{type(error).__name__} instead of a value") from error
        return value  # type: ignore[return-value]  # without an error the value is the call's

    def _abandon_worker(self) -> None:
        if self._worker is not None:
            self._worker.calls.put(None)
            self._worker = None


class _Worker:
    def __init__(self) -> None:
        self.calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        threading.Thread(target=self._run, name="metric", daemon=True).start()

    def _run(self) -> None:
        while (call := self.calls.get()) is not None:
            call()
