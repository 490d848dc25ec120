"""Work on a long list in several processes at once."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypeVar

from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")

WORTHWHILE = 300
"""Items. Below that, starting a process takes longer than it saves."""

MOST = 4
"""Processes. This one has to take in what all of the others send."""


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
    children = [_fork(work, items[part::parts]) for part in range(1, parts)]
    try:
        own = work(_counted(items[::parts], parts, len(items), progress))
        shares: list[list[Result]] = [own, *(_received(child) for child in children)]
    finally:
        for child in children:
            _end(child)
    # Item 0 is the first of the first share, item 1 the first of the second one, and so on.
    return [shares[index % parts][index // parts] for index in range(len(items))]


def _parts(length: int) -> int:
    """Return how many processes to use; a process with other threads must not be forked."""
    if length < WORTHWHILE or not hasattr(os, "fork") or threading.active_count() > 1:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST)


def _counted(
    items: Sequence[Item], parts: int, total: int, progress: Callable[[int, int], None] | None
) -> Iterator[Item]:
    for done, item in enumerate(items):
        if progress is not None:
            progress(min(done * parts, total), total)
        yield item
    if progress is not None:
        progress(total, total)


class _Child(NamedTuple):
    """A forked process and the end of the pipe from which its results are read."""

    process: int
    pipe: int


def _fork(work: Callable[[Iterable[Item]], list[Result]], items: Sequence[Item]) -> _Child:
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        _work_and_exit(work, items, writing)
    os.close(writing)
    return _Child(process, reading)


def _work_and_exit(work: Callable[[Iterable[Item]], list[Result]], items: Sequence[Item], pipe: int) -> NoReturn:
    """Send the results, or the exception, through the pipe; nothing else of this process may be seen or cleaned up."""
    try:
        try:
            answer = pickle.dumps((work(items), None), protocol=pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # noqa: BLE001 - the parent raises it
            answer = pickle.dumps(([], error))
        with os.fdopen(pipe, "wb") as writing:
            writing.write(answer)
    finally:
        os._exit(0)


def _received(child: _Child) -> list[Result]:
    """Return what a child worked out; raises the exception that its work raised."""
    with os.fdopen(os.dup(child.pipe), "rb") as reading:
        answer = reading.read()
    results: list[Result]
    error: Exception | None
    try:
        results, error = pickle.loads(answer)  # noqa: S301 - our own process wrote it
    except (EOFError, pickle.UnpicklingError) as cut_off:
        message = "a process was ended before its part of the work was done; is the machine short of memory?"
        raise OperationalError(message) from cut_off
    if error is not None:
        raise error
    return results


def _end(child: _Child) -> None:
    """Take the process off the machine, whether it is done or not."""
    os.close(child.pipe)
    os.kill(child.process, signal.SIGKILL)
    os.waitpid(child.process, 0)
