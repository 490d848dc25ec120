"""What comes while a commit is under way shares the next one, and each asker gets the result that is its own."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, cast

import pytest

from metrics_dictionary.stores import committer
from metrics_dictionary.stores.committer import Committer
from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import (
    MAX_INCREMENT,
    Changes,
    Outcome,
    OutcomeUnknownError,
    Recording,
    Store,
    StoreUnavailableError,
    Verdict,
)
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

RECORDED = Verdict(Outcome.RECORDED)


class Journal:
    """A store that notes every commit. The first one waits until `resume`, so that a known group gathers behind it."""

    def __init__(self, failures: Sequence[Exception | None] = ()) -> None:
        self.commits: list[list[str]] = []
        self.failures = list(failures)
        self.resume = threading.Event()
        self.results: dict[str, Verdict | Exception] = {}

    def commit(self, recordings: Sequence[Recording]) -> list[Verdict]:
        assert self.resume.wait(20)
        names = [recording.changes.outbox[0] for recording in recordings]
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        if "bad" in names:
            raise ValueError("a bad recording")
        self.commits.append(names)
        return [Verdict(Outcome.CONFLICT) if name == "again" else RECORDED for name in names]

    def settle(self, results: list[tuple[str, Verdict | Exception]]) -> None:
        assert not self.results.keys() & dict(results)
        self.results.update(results)


@contextmanager
def committing(journal: Journal) -> Iterator[Committer[str]]:
    """Have `first` committed, which waits for `journal.resume`."""
    running: Committer[str] = Committer(cast("Store", journal), journal.settle)
    running.start()
    submit(running, "first")
    assert eventually(lambda: not running._waiting)
    yield running
    journal.resume.set()
    running.stop(10)
    assert not running._thread.is_alive()


def submit(running: Committer[str], *names: str) -> None:
    running.submit([(name, Recording(Changes(outbox=(name,)))) for name in names])


def run(journal: Journal, *names: str) -> dict[str, Verdict | Exception]:
    with committing(journal) as running:
        for name in names:
            submit(running, name)
    return journal.results


def test_all_that_wait_share_the_next_commit_in_the_order_of_their_coming() -> None:
    journal = Journal()
    results = run(journal, "a", "b", "again", "d")
    assert journal.commits == [["first"], ["a", "b", "again", "d"]]
    assert results == {**dict.fromkeys(("first", "a", "b", "d"), RECORDED), "again": Verdict(Outcome.CONFLICT)}


def test_more_than_a_full_group_waits_for_the_commit_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committer, "MAX_GROUP", 3)
    journal = Journal()
    run(journal, "a", "b", "c", "d", "e", "f", "g")
    assert journal.commits == [["first"], ["a", "b", "c"], ["d", "e", "f"], ["g"]]


def test_a_recording_that_is_at_fault_fails_alone() -> None:
    journal = Journal()
    results = run(journal, "a", "bad", "b")
    assert journal.commits == [["first"], ["a"], ["b"]]
    assert isinstance(results.pop("bad"), ValueError)
    assert results == dict.fromkeys(("first", "a", "b"), RECORDED)


@pytest.mark.parametrize("error", [StoreUnavailableError("the disk is full"), OutcomeUnknownError("it broke off")])
def test_a_store_that_is_away_fails_the_group_and_nobody_after_it(error: StoreUnavailableError) -> None:
    journal = Journal([None, error])
    with committing(journal) as running:
        submit(running, "a", "b")
        journal.resume.set()
        assert eventually(lambda: "b" in journal.results)
        submit(running, "later")
    assert journal.commits == [["first"], ["later"]]
    assert journal.results == {"first": RECORDED, "a": error, "b": error, "later": RECORDED}


def test_in_a_real_store_what_cannot_be_written_fails_alone(tmp_path: Path) -> None:
    results: dict[str, Verdict | Exception] = {}
    with closing(open_store(f"sqlite:///{tmp_path}/store.db")) as store:
        running: Committer[str] = Committer(store, results.update)
        largest = Changes({"a": MAX_INCREMENT})
        unwritable = Changes({"b": 1}, outbox=("\ud800",))
        changes = {"one": largest, "two": largest, "bad": unwritable, "good": Changes({"b": 1})}
        running.submit([(name, Recording(what)) for name, what in changes.items()])
        running.start()
        running.stop(20)
    assert isinstance(results.pop("bad"), UnicodeEncodeError)
    assert results == dict.fromkeys(("one", "two", "good"), RECORDED)
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        totals = dict(connection.execute("SELECT key, value FROM totals"))
    assert totals["b"] == 1
    assert totals["a"] == pytest.approx(2 * MAX_INCREMENT)


def test_while_a_commit_hangs_those_whom_it_concerns_are_told_so_and_get_no_second_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(committer, "MAX_WAITING", 2)
    monkeypatch.setattr(committer, "SLOW_SECONDS", 0.05)
    monkeypatch.setattr(committer, "LATE_SECONDS", 0.4)
    journal = Journal()
    with committing(journal) as running:
        submit(running, "a", "b", "c", "d")
        found: list[tuple[str, Verdict | Exception]] = []

        def told(number: int) -> bool:
            found.extend(running.overdue())
            return len(found) == number

        assert eventually(lambda: told(2))
        assert {name for name, _ in found} == {"c", "d"}  # too many wait
        assert eventually(lambda: told(5))
        kinds = {name: type(result) for name, result in found}
        assert kinds == {"first": OutcomeUnknownError, **dict.fromkeys("abcd", StoreUnavailableError)}
        submit(running, "e")
        assert eventually(lambda: told(6))
        submit(running, "f")
        journal.resume.set()
        assert eventually(lambda: "f" in journal.results)
        assert running.overdue() == []
    assert journal.results == {"f": RECORDED}
    assert journal.commits == [["first"], ["f"]]
