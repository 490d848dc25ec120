"""Work on a long list in several processes at once."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection

Item = TypeVar("Item")
Result = TypeVar("Result")

MIN_ITEMS = 300
"""Below that, starting a process takes longer than it saves."""

MAX_PROCESSES = 4
"""This one has to take in what all of the others send."""


def in_parts(
    work: Callable[[Iterable[Item]], list[Result]],
    items: Sequence[Item],
    progress: Callable[[int, int], None] | None = None,
    weight: int = 1,
) -> list[Result]:
    """Return ``work(items)``, one result an item, shared out among the cores of the machine where that is quicker.

    ``weight`` is how many ordinary items each one is worth, such as files with a definition in them.
    The shares are forked, so ``work`` needs no pickling, but results and exceptions do. ``progress`` is told how many
    of how many items are done; what the other processes have done is inferred from this one. Raises what ``work``
    raises, and OperationalError when a process is ended from outside.
    """
    parts = max(min(_parts(len(items) * weight), len(items)), 1)
    children = [_Child(work, items[part::parts]) for part in range(1, parts)]
    try:
        own = work(_counted(items[::parts], parts, len(items), progress))
        shares: list[list[Result]] = [own, *(child.results() for child in children)]
    finally:
        for child in children:
            child.end()
    # Item 0 is the first of the first share, item 1 the first of the second one, and so on.
    return [shares[index % parts][index // parts] for index in range(len(items))]


def _parts(length: int) -> int:
    """Return how many processes to use; a process with other threads must not be forked."""
    if length < MIN_ITEMS or not hasattr(os, "fork") or threading.active_count() > 1:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MAX_PROCESSES)


def _counted(
    items: Sequence[Item], parts: int, total: int, progress: Callable[[int, int], None] | None
) -> Iterator[Item]:
    for done, item in enumerate(items):
        if progress is not None:
            progress(min(done * parts, total), total)
        yield item
    if progress is not None:
        progress(total, total)


class _Child(Generic[Result]):
    """A forked process that works on its share."""

    def __init__(self, work: Callable[[Iterable[Item]], list[Result]], items: Sequence[Item]) -> None:
        # Imported here: it takes longer than many a command that has little to do.
        import multiprocessing

        context = multiprocessing.get_context("fork")
        self._connection, sending = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_send_results, args=(work, items, self._connection, sending), daemon=True
        )
        self._process.start()
        sending.close()

    def results(self) -> list[Result]:
        """Return what the child worked out; raises the exception that its work raised."""
        results: list[Result]
        error: Exception | None
        try:
            results, error = self._connection.recv()
        except (EOFError, OSError) as cut_off:
            message = "a process was ended before its part of the work was done; is the machine short of memory?"
            raise OperationalError(message) from cut_off
        if error is not None:
            raise error
        return results

    def end(self) -> None:
        """Take the process off the machine, whether it is done or not."""
        self._connection.close()
        self._process.kill()
        self._process.join()


def _send_results(
    work: Callable[[Iterable[Item]], list[Result]], items: Sequence[Item], receiving: Connection, sending: Connection
) -> None:
    # The parent ends its children when it is interrupted. When it was killed nobody reads any more, and with the other
    # end of the pipe closed here a process learns that instead of waiting for a reader forever.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    receiving.close()
    with suppress(BrokenPipeError):
        try:
            sending.send((work(items), None))
        except Exception as error:  # noqa: BLE001 - the parent raises it
            sending.send(([], error))
