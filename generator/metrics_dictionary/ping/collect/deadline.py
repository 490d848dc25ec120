"""A timeout for calls that cannot be interrupted."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from metrics_dictionary.ping.measurement import SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Deadline:
    """Makes calls in a worker thread, and abandons the thread when a call takes longer than ``seconds``.

    Python cannot stop a thread from outside: an abandoned one ends when its call returns. The next call starts another.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._worker: _Worker | None = None

    def call(self, compute: Callable[[], T]) -> T:
        """Return what the call returns and raise what it raises; raises SourceUnavailableError after the timeout."""
        future: Future[T] = Future()

        def work() -> None:
            try:
                future.set_result(compute())
            except Exception as error:  # noqa: BLE001 - whatever it is, it reaches the caller
                future.set_exception(error)
            except BaseException as error:  # noqa: BLE001 - SystemExit must not end the thread, nor the caller
                future.set_exception(RuntimeError(f"{type(error).__name__} instead of a value"))

        if self._worker is None:
            self._worker = _Worker()
        self._worker.calls.put(work)
        try:
            return future.result(self._seconds)
        except TimeoutError:
            if future.done():  # the call raised it, or ended at the last moment
                return future.result()
            self.close()
            raise SourceUnavailableError(f"no answer within {self._seconds:g} seconds") from None

    def close(self) -> None:
        """Let the worker thread end, at once or after the call that it makes."""
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
