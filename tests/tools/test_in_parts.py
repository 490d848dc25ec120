from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.tools import in_parts as module
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.in_parts import MIN_ITEMS, in_parts

if TYPE_CHECKING:
    from collections.abc import Iterable


@pytest.fixture(params=[1, 2, 3], ids=lambda cores: f"{cores} cores")
def cores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(request.param)), raising=False)
    count: int = request.param
    return count


@pytest.fixture(autouse=True)
def no_other_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out of account what other tests of the same run have left behind."""
    others = threading.active_count() - 1
    count = threading.active_count
    monkeypatch.setattr(threading, "active_count", lambda: count() - others)


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that were started; other tests have children of their own."""
    processes: list[int] = []
    fork = os.fork

    def noted() -> int:
        process = fork()
        if process:
            processes.append(process)
        return process

    monkeypatch.setattr(os, "fork", noted)
    return processes


def squares(numbers: Iterable[int]) -> list[int]:
    return [number * number for number in numbers]


def with_process(numbers: Iterable[int]) -> list[tuple[int, int]]:
    return [(os.getpid(), number) for number in numbers]


@pytest.mark.parametrize("length", [0, 1, MIN_ITEMS, MIN_ITEMS + 1, MIN_ITEMS + 2])
@pytest.mark.usefixtures("cores")
def test_the_results_stand_in_the_order_of_the_items(length: int) -> None:
    assert in_parts(squares, range(length)) == squares(range(length))


def test_the_work_is_shared_out_among_the_cores(cores: int) -> None:
    assert len({process for process, _ in in_parts(with_process, range(MIN_ITEMS))}) == cores


@pytest.mark.usefixtures("cores")
def test_a_short_list_is_not_worth_a_process() -> None:
    assert {process for process, _ in in_parts(with_process, range(MIN_ITEMS - 1))} == {os.getpid()}


@pytest.mark.usefixtures("cores")
def test_a_process_with_threads_is_not_forked() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert {process for process, _ in in_parts(with_process, range(MIN_ITEMS))} == {os.getpid()}
    finally:
        done.set()
        thread.join()


@pytest.mark.usefixtures("cores")
def test_a_machine_that_cannot_fork_does_all_in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    assert in_parts(squares, range(MIN_ITEMS)) == squares(range(MIN_ITEMS))


def test_progress_goes_up_to_the_whole_list(cores: int) -> None:
    told: list[tuple[int, int]] = []
    in_parts(squares, range(MIN_ITEMS), lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (MIN_ITEMS, MIN_ITEMS)
    assert len(told) == MIN_ITEMS // cores + 1


@pytest.mark.parametrize("item", [0, 1, 2])
def test_what_goes_wrong_in_any_process_is_raised_here(cores: int, item: int, forked: list[int]) -> None:
    def work(numbers: Iterable[int]) -> list[int]:
        for number in numbers:
            if number == item:
                raise OperationalError(f"{number}: cannot read the file")
        return []

    with pytest.raises(OperationalError, match=f"^{item}: cannot read the file$"):
        in_parts(work, range(MIN_ITEMS))
    assert len(forked) == cores - 1
    assert not any(map(exists, forked))


def test_a_process_that_is_ended_from_outside_is_named_as_the_reason(
    monkeypatch: pytest.MonkeyPatch, forked: list[int]
) -> None:
    monkeypatch.setattr(module, "_parts", lambda _: 2)
    parent = os.getpid()

    def work(numbers: Iterable[int]) -> list[int]:
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return list(numbers)

    with pytest.raises(OperationalError, match="ended before its part of the work was done"):
        in_parts(work, range(10))
    assert len(forked) == 1
    assert not any(map(exists, forked))


def test_a_process_ends_when_the_one_that_started_it_was_killed() -> None:
    program = """
import os, signal
from metrics_dictionary.tools import in_parts as module

module._parts = lambda _: 2
parent = os.getpid()

def work(numbers):
    if os.getpid() == parent:
        os.kill(parent, signal.SIGKILL)
    return ["more than a pipe holds" * 10_000 for _ in numbers]

module.in_parts(work, range(10))
"""
    # Both ends of the program's output are open as long as one of its processes lives.
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGKILL, b"")


def exists(process: int) -> bool:
    """Whether there is such a process still, be it only that nobody has taken notice of its end."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
