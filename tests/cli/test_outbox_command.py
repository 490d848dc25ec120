"""``outbox list``, ``retry`` and ``drop``, against a store that sqlite3 reads."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import Changes, OutboxLimit, Recording
from tests.program import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Return a store with an event that waits, one that is tried again, two dead letters, and one dropped."""
    url = f"sqlite:///{tmp_path}/store.db"
    with closing(open_store(url, outbox_limit=OutboxLimit(4, drop=True))) as store:
        texts = tuple(f'{{"se_ac": "event_{number}\\u001b[31m"}}' for number in range(4))
        store.commit([Recording(Changes(outbox=texts))])
        store.commit([Recording(Changes(outbox=("{}",)))])
        first, second, third, _ = store.outbox(4)
        store.set_refused(first, 5, "collector http://c: answered 400 to 1 event", None)
        store.set_refused(second, 5, "is not an event", None)
        store.set_refused(third, 2, "collector http://c: timed out", 300.0)
    return url


def kept(url: str) -> tuple[list[int], list[int]]:
    """Return the ids of the events that wait, and of those that were refused."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        waiting = [row[0] for row in connection.execute("SELECT id FROM outbox ORDER BY id")]
        return waiting, [row[0] for row in connection.execute("SELECT id FROM refused ORDER BY id")]


def test_list_says_what_waits_and_what_was_refused_and_why(url: str) -> None:
    done = run("outbox", "list", "--store", url)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("waiting: 1 event, the oldest since 20")
    assert lines[1:4] == [
        "refused and tried again: 1 event",
        "dead letters: 2 events",
        "dropped, because the outbox was full: 1 event since the store was made",
    ]
    assert lines[5].split() == ["id", "event", "since", "tries", "next", "try", "reason"]
    assert [line.split()[0] for line in lines[6:]] == ["3", "1", "2"]
    assert lines[6].endswith("collector http://c: timed out")
    assert " ".join(lines[7].split()).endswith(" 5 dead letter collector http://c: answered 400 to 1 event")
    assert "\x1b" not in done.stdout
    assert run("outbox", "list", "--store", url, "--limit", "1").stderr == "and 2 more; --limit shows more of them\n"


def test_no_command_makes_a_store(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/missing.db"
    assert run("outbox", "list", "--store", url).returncode == 0
    assert run("outbox", "retry", "--all", "--store", url).returncode == 2
    assert run("outbox", "drop", "--all", "--store", url).returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_what_is_retried_or_dropped_is_audited(url: str, tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    for action, *ids in (("retry", "1"), ("retry", "1"), ("drop", "2", "x", "1"), ("drop", "7"), ("drop", "--all")):
        run("outbox", action, *ids, "--store", url, METRICS_DICTIONARY_AUDIT_LOG=str(log))
    assert kept(url) == ([4, 5], [])
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["command"], line["events"], line["ids"]) for line in lines] == [
        ("outbox retry", 1, ["1"]),
        ("outbox drop", 1, ["2"]),
        ("outbox drop", 1, "all"),
    ]
    assert {line["outcome"] for line in lines} == {"done"}


def test_retry_and_drop_take_ids_or_all(url: str) -> None:
    assert run("outbox", "retry", "1", "1", "--store", url).stdout == "1 event will be sent again.\n"
    assert kept(url) == ([4, 5], [2, 3])
    assert run("outbox", "drop", "2", "--store", url).stdout == "1 event deleted.\n"
    assert kept(url) == ([4, 5], [3])
    assert run("outbox", "retry", "--all", "--store", url).stdout == "1 event will be sent again.\n"
    assert kept(url) == ([4, 5, 6], [])
    assert run("outbox", "drop", "--all", "--store", url).stdout == "0 events deleted.\n"
    assert kept(url) == ([4, 5, 6], [])


def test_an_id_that_names_no_refused_event_is_said(url: str) -> None:
    done = run("outbox", "drop", "1", "4", "x", "--store", url)
    assert (done.returncode, done.stdout) == (2, "1 event deleted.\n")
    assert "2 ids named no refused event; `outbox list` shows the ids" in done.stderr
    assert kept(url) == ([4], [2, 3])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name events by the ids that `outbox list` shows, or give --all"),
        (("1", "--all"), "--all and ids exclude each other: give one of them"),
    ],
)
def test_what_is_meant_has_to_be_said(url: str, arguments: tuple[str, ...], said: str) -> None:
    for action in ("retry", "drop"):
        done = run("outbox", action, *arguments, "--store", url)
        assert done.returncode == 2
        assert said in done.stderr
    assert kept(url) == ([4], [1, 2, 3])
