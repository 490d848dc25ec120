"""One commit for all that wait, and a failure for exactly those whom it concerns."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from metrics_dictionary.stores import group_commit
from metrics_dictionary.stores.group_commit import GroupCommit
from metrics_dictionary.stores.store import Recording, StoreUnavailableError
from tests.stores.stores_under_test import recording
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest


class Journal:
    """Notes every commit. The first one waits until `resume`, so that a known group gathers behind it."""

    def __init__(self, failures: Sequence[BaseException | None] = ()) -> None:
        self.commits: list[list[str]] = []
        self.failures = list(failures)
        self.reached = threading.Event()
        self.resume = threading.Event()

    def commit(self, recordings: Sequence[Recording]) -> None:
        if not self.reached.is_set():
            self.reached.set()
            assert self.resume.wait(10)
        names = [recorded.outbox[0] for recorded in recordings]
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        if "bad" in names:
            raise ValueError("a bad recording")
        self.commits.append(names)


class Requests:
    """Threads that record, one after the other into the queue, and what each got."""

    def __init__(self, journal: Journal) -> None:
        self.group = GroupCommit(journal.commit)
        self.outcomes: dict[str, BaseException | None] = {}
        self.threads: list[threading.Thread] = []

    def add(self, *names: str) -> None:
        for name in names:
            waiting = len(self.group._queue)
            thread = threading.Thread(target=self.record, args=(name,))
            self.threads.append(thread)
            thread.start()
            if len(self.threads) > 1:
                assert eventually(lambda before=waiting: len(self.group._queue) == before + 1)  # type: ignore[misc]

    def record(self, name: str) -> None:
        try:
            self.group.record(recording(outbox=(name,)))
        except BaseException as failure:  # noqa: BLE001 - an interruption is one of the outcomes
            self.outcomes[name] = failure
        else:
            self.outcomes[name] = None

    def join(self) -> None:
        for thread in self.threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in self.threads)


def run(journal: Journal, *names: str) -> Requests:
    """Let `first` commit; `names` come while it does."""
    requests = Requests(journal)
    requests.add("first")
    assert journal.reached.wait(10)
    requests.add(*names)
    journal.resume.set()
    requests.join()
    return requests


def test_all_that_wait_share_the_next_commit_in_the_order_of_their_coming() -> None:
    journal = Journal()
    requests = run(journal, "a", "b", "c", "d")
    assert journal.commits == [["first"], ["a", "b", "c", "d"]]
    assert set(requests.outcomes.values()) == {None}


def test_more_than_a_full_group_waits_for_the_commit_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "MAX_GROUP", 3)
    journal = Journal()
    run(journal, "a", "b", "c", "d", "e", "f", "g")
    assert journal.commits == [["first"], ["a", "b", "c"], ["d", "e", "f"], ["g"]]


def test_a_recording_that_is_at_fault_fails_alone() -> None:
    journal = Journal()
    requests = run(journal, "a", "bad", "b")
    assert journal.commits == [["first"], ["a"], ["b"]]
    assert isinstance(requests.outcomes.pop("bad"), ValueError)
    assert requests.outcomes == {"first": None, "a": None, "b": None}


def test_a_store_that_is_away_fails_the_group_and_nobody_else() -> None:
    journal = Journal([None, StoreUnavailableError("the disk is full")])
    requests = run(journal, "a", "b")
    assert requests.outcomes["first"] is None
    failures = [requests.outcomes["a"], requests.outcomes["b"]]
    assert [str(failure) for failure in failures] == ["the disk is full"] * 2
    assert failures[0] is not failures[1]
    requests.group.record(recording(outbox=("later",)))
    assert journal.commits == [["first"], ["later"]]


def test_a_leader_that_is_interrupted_wakes_those_whom_it_led() -> None:
    journal = Journal([None, KeyboardInterrupt()])
    requests = run(journal, "a", "b")
    assert isinstance(requests.outcomes["a"], KeyboardInterrupt)
    assert isinstance(requests.outcomes["b"], StoreUnavailableError)
    requests.group.record(recording(outbox=("later",)))
    assert journal.commits[-1] == ["later"]


def test_whoever_comes_alone_is_committed_at_once() -> None:
    journal = Journal()
    journal.resume.set()
    requests = Requests(journal)
    for name in "abc":
        requests.record(name)
    assert journal.commits == [["a"], ["b"], ["c"]]
