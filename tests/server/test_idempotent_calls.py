"""What a client repeats is counted once, and what is not known to be written is called unknown."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import time
import uuid
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.stores import committer
from metrics_dictionary.stores.store import OutcomeUnknownError, Verdict
from tests.server.running_server import API, COUNTER, EVENT, Client, Running, raw, running
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from metrics_dictionary.stores.store import Recording

CALLS = {
    "track_event": {"event": EVENT},
    "track_events": {"events": [{"event": EVENT}]},
    "increment_counter": {"event": EVENT},
    "increment_unique_users": {"event": EVENT},
}
FORM = "application/x-www-form-urlencoded"


def count(folder: Path) -> int:
    """Return how often the event was counted, as SQLite says."""
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        row = connection.execute("SELECT value FROM totals WHERE key = ?", (COUNTER,)).fetchone()
    return 0 if row is None else int(row[0])


def keyed(served: Running, key: str, role: str = "tracker") -> dict[str, str]:
    return {**served.headers(role), "Idempotency-Key": key}


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock on the store's file as another program might."""
    with closing(sqlite3.connect(folder / "store.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize("call", CALLS)
def test_a_call_with_a_known_key_is_answered_again_and_counted_once(
    served: Running, client: Client, tmp_path: Path, call: str
) -> None:
    first = client.post_json(f"{API}/{call}", CALLS[call], keyed(served, "a"))
    again = client.post_json(f"{API}/{call}/", CALLS[call], keyed(served, "a"))
    assert (first.status, first.body) == (again.status, again.body) == (200, b'{"message":"200 OK"}')
    counted = 0 if call == "increment_unique_users" else 1
    assert count(tmp_path) == counted
    assert client.post_json(f"{API}/{call}", CALLS[call], keyed(served, "b")).status == 200
    assert count(tmp_path) == 2 * counted


def test_a_key_is_known_after_a_restart(tmp_path: Path) -> None:
    for _ in range(3):
        with running(tmp_path) as served, closing(Client(served.port)) as client:
            assert client.post_json(f"{API}/track_event", {"event": EVENT}, keyed(served, "a")).status == 200
    assert count(tmp_path) == 1


def test_a_key_belongs_to_one_request_of_one_user(served: Running, client: Client, tmp_path: Path) -> None:
    path, body = f"{API}/track_event", {"event": EVENT, "project_id": 1}
    assert client.post_json(path, body, keyed(served, "a")).status == 200
    for call, other in (("track_event", {**body, "project_id": 2}), ("increment_counter", body)):
        conflict = client.post_json(f"{API}/{call}", other, keyed(served, "a"))
        assert (conflict.status, list(conflict.json)) == (422, ["error"])  # type: ignore[call-overload]
        assert "Idempotency-Key" in conflict.body.decode()
    assert count(tmp_path) == 1
    respelled = f'{{ "project_id" : 1,\n"event":"{EVENT}" }}'.encode()
    assert client.post_json(path, respelled, keyed(served, "a")).status == 200
    assert count(tmp_path) == 1
    assert client.post_json(path, {**body, "project_id": 2}, keyed(served, "a", "assistant")).status == 200
    assert count(tmp_path) == 2


def test_only_what_was_counted_is_remembered(served: Running, client: Client, tmp_path: Path) -> None:
    path = f"{API}/track_event"
    assert client.post_json(path, {"event": "nothing"}, keyed(served, "a")).status == 422
    assert client.post_json(path, {"event": 5}, keyed(served, "a")).status == 400
    assert client.post_json(path, {"event": EVENT}, keyed(served, "a")).status == 200
    assert count(tmp_path) == 1


def test_an_event_with_a_known_id_is_left_out_in_every_call(served: Running, client: Client, tmp_path: Path) -> None:
    ids = [str(uuid.uuid4()) for _ in range(4)]
    events = [{"event": EVENT, "id": one} for one in (ids[0], ids[1], ids[1])]
    expected = 2
    for _ in range(2):
        answer = client.post_json(
            f"{API}/track_events", {"events": [*events, {"event": EVENT}]}, served.headers("tracker")
        )
        assert answer.status == 200
        expected += 1  # the one without an id
        assert count(tmp_path) == expected
    for call in ("track_event", "increment_counter"):
        for one in (ids[0], ids[2]):
            body = {"event": EVENT, "id": one.upper()}
            assert client.post_json(f"{API}/{call}", body, served.headers("tracker")).status == 200
    assert count(tmp_path) == expected + 1
    form = {**served.headers("tracker"), "Content-Type": FORM}
    for _ in range(2):
        fields = f"event={EVENT}&id={ids[3]}".encode()
        assert client.call("POST", f"{API}/track_event", fields, form).status == 200
    assert count(tmp_path) == expected + 2


@pytest.mark.parametrize("key", ["", "x" * 129, "a\tb", "é"])
def test_a_key_that_cannot_be_one_is_400(served: Running, client: Client, tmp_path: Path, key: str) -> None:
    answer = client.post_json(f"{API}/track_event", {"event": EVENT}, keyed(served, key))
    assert (answer.status, answer.json) == (
        400,
        {"error": "Idempotency-Key: must have 1 to 128 printable ASCII characters"},
    )
    assert client.post_json(f"{API}/track_event", {"event": EVENT}, keyed(served, "x" * 128)).status == 200
    assert count(tmp_path) == 1


def test_two_keys_are_400(served: Running, tmp_path: Path) -> None:
    body = json.dumps({"event": EVENT})
    head = (
        f"POST {API}/track_event HTTP/1.1\r\nHost: x\r\nConnection: close\r\nPRIVATE-TOKEN: {served.tokens['tracker']}"
    )
    head += f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    answer = raw(served.port, f"{head}Idempotency-Key: a\r\nidempotency-key: b\r\n\r\n{body}".encode())
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert count(tmp_path) == 0


def test_a_commit_that_breaks_off_is_unknown_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_off(recordings: Sequence[Recording]) -> list[Verdict]:
        commit(recordings)
        raise OutcomeUnknownError("the store broke off")

    path, body = f"{API}/track_event", {"event": EVENT}
    with running(tmp_path) as served, closing(Client(served.port)) as client:
        commit = served.store.commit
        monkeypatch.setattr(served.store, "commit", break_off)
        unknown = client.post_json(path, body, keyed(served, "a"))
        without = client.post_json(path, body, served.headers("tracker"))
        monkeypatch.undo()
        assert client.post_json(path, body, keyed(served, "a")).status == 200
    assert count(tmp_path) == 2
    for answer in (unknown, without):
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert isinstance(answer.json, dict)
        assert answer.json["outcome"] == "unknown"
        assert answer.json["error"].startswith("the request may have been counted; ")
    assert b"repeat it with the same Idempotency-Key" in unknown.body
    assert b"with an Idempotency-Key it would be counted once" in without.body
    assert "the store broke off" in capsys.readouterr().err


UNAVAILABLE = "503 Service Unavailable"


def test_an_event_that_a_locked_store_refuses_is_not_counted(tmp_path: Path) -> None:
    with running(tmp_path) as served, closing(Client(served.port)) as client:
        served.store._writer.execute("PRAGMA busy_timeout = 100")  # type: ignore[attr-defined]
        client.post_json(f"{API}/track_event", {"event": EVENT}, served.headers("tracker"))
        with locked(tmp_path):
            answer = client.post_json(f"{API}/track_event", {"event": EVENT}, keyed(served, "a"))
            assert (answer.status, answer.json) == (503, {"message": UNAVAILABLE, "error": "the store is locked"})
        assert count(tmp_path) == 1
        assert client.post_json(f"{API}/track_event", {"event": EVENT}, keyed(served, "a")).status == 200
        assert count(tmp_path) == 2


def test_a_commit_that_hangs_is_given_up_and_holds_up_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committer, "LATE_SECONDS", 1.5)
    shutil.copytree("site_src/assets", tmp_path / "site")
    paths = ["/-/liveness", f"{API}/metric_definitions", "/api/openapi.json"]
    with running(tmp_path) as served, closing(Client(served.port)) as client:
        client.post_json(f"{API}/track_event", {"event": EVENT}, served.headers("tracker"))
        (tmp_path / "site" / "index.html").write_text("<p>", encoding="utf-8")
        with locked(tmp_path), socket.create_connection(("127.0.0.1", served.port), timeout=10) as waiting:
            body = json.dumps({"event": EVENT})
            head = f"POST {API}/track_event HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: {served.tokens['tracker']}\r\n"
            head += f"Idempotency-Key: hangs\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            waiting.sendall((head + body).encode())
            times = []
            for _ in range(20):
                for path in [*paths, "/"]:
                    began = time.monotonic()
                    assert client.get(path).status == 200
                    times.append(time.monotonic() - began)
                time.sleep(0.02)
            # On a busy machine single answers wait for the processor; a wait for the store would be seconds.
            assert sorted(times)[len(times) * 3 // 4] < 0.05
            answer = waiting.recv(4096)
            assert b"503" in answer
            assert b'"outcome":"unknown"' in answer
        # What was given up is written nevertheless when the lock goes, and the repetition is not counted again.
        assert eventually(lambda: count(tmp_path) == 2)
        assert client.post_json(f"{API}/track_event", {"event": EVENT}, keyed(served, "hangs")).status == 200
        assert count(tmp_path) == 2
