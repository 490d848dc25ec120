"""What somebody else wrote into a store is named, ends in no traceback, and can be replaced."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.ping.collect.publication import former_payload
from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import CachedPayload, Recording, UnreadableError
from metrics_dictionary.stores.tokens import new_token
from tests.program import run
from tests.server.running_server import API, Client, running
from tests.stores.stores_under_test import changes

if TYPE_CHECKING:
    from pathlib import Path

PAYLOADS = {
    "saved": "UPDATE state SET value = 'yesterday' WHERE name = 'payload_saved_at'",
    "saved far away": "UPDATE state SET value = '1e300' WHERE name = 'payload_saved_at'",
    "recorded": "UPDATE payload SET recorded_at = 'yesterday'",
    "cut payload": """UPDATE payload SET payload = '{"counts":'""",
    "cut metadata": """UPDATE payload SET metadata = '{"metrics":'""",
    "blob": "UPDATE payload SET metadata = x'ff00'",
    "list": "UPDATE payload SET metadata = '[]'",
    "other metadata": """UPDATE payload SET metadata = '{"metrics": [7], "outages": [{"since": 1}]}'""",
}


def kept(path: Path, statement: str) -> None:
    with closing(open_store(f"sqlite:///{path}")) as store:
        store.save_payload(CachedPayload(datetime.now(UTC), '{"counts":{}}', '{"metrics":[]}'))
        store.add_token(new_token(7, frozenset({"api"}), datetime.now(UTC))[1])
    with closing(sqlite3.connect(path)) as by_hand:
        by_hand.execute(statement)
        by_hand.commit()


@pytest.mark.parametrize("statement", PAYLOADS.values(), ids=PAYLOADS)
def test_a_payload_that_cannot_be_read_is_an_error_and_the_next_one_replaces_it(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "store.db"
    kept(path, statement)
    shown = run("ping", "show", "--failures", "--store", f"sqlite:///{path}", cwd=tmp_path)
    assert (shown.returncode, shown.stdout) == (2, "")
    assert "the store cannot be read; collect another one with `metrics-dictionary ping generate`" in shown.stderr
    assert "Traceback" not in shown.stderr
    (tmp_path / "definitions" / "metrics").mkdir(parents=True)
    (tmp_path / "definitions" / "metrics" / "one.yml").write_text("---\nkey_path: counts.one\n", encoding="utf-8")
    made = run("ping", "generate", "--store", f"sqlite:///{path}", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert run("ping", "show", "--failures", "--store", f"sqlite:///{path}", cwd=tmp_path).returncode == 0


def test_the_api_answers_503_for_a_payload_that_is_not_json(tmp_path: Path) -> None:
    with running(tmp_path) as served, closing(Client(served.port)) as client:
        kept(tmp_path / "store.db", PAYLOADS["cut payload"])
        answer = client.call("GET", f"{API}/service_ping", None, served.headers("reader"))
        assert (answer.status, b"a payload in the store cannot be read" in answer.body) == (503, True)
        assert former_payload(served.store) is None


def test_a_token_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    kept(tmp_path / "store.db", "UPDATE tokens SET created = 'yesterday'")
    shown = run("token", "list", "--store", f"sqlite:///{tmp_path}/store.db", cwd=tmp_path)
    assert (shown.returncode, "a token in the store cannot be read" in shown.stderr) == (2, True)


@pytest.mark.parametrize("value", ["soon", "[]", "{}", '{"current": "x"}', "null"])
def test_ids_stay_known_when_their_state_cannot_be_read(tmp_path: Path, value: str) -> None:
    with closing(open_store(f"sqlite:///{tmp_path}/store.db")) as store:
        event = Recording(changes(), ((bytes(16), changes({"{event_counters}_push": 1})),))
        store.commit([event])
        with closing(sqlite3.connect(tmp_path / "store.db")) as by_hand:
            by_hand.execute("UPDATE state SET value = ? WHERE name = 'known_ids'", (value,))
            by_hand.commit()
        store.commit([event])
        assert store.totals(["{event_counters}_push"]) == {"{event_counters}_push": 1}


def test_an_adoption_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with closing(open_store(f"sqlite:///{tmp_path}/store.db")) as store:
        store.adopt()
        with closing(sqlite3.connect(tmp_path / "store.db")) as by_hand:
            by_hand.execute("UPDATE state SET value = 'x' WHERE name IN ('store_identifier', 'adopted_at')")
            by_hand.commit()
        with pytest.raises(UnreadableError, match="store adopt"):
            store.probe()
