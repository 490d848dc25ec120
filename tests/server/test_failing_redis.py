"""What clients are told while their Redis fails, held against what Redis itself counts."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import redis

from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.server import store_probe
from metrics_dictionary.stores.redis import RedisStore
from metrics_dictionary.stores.tokens import new_token
from tests.server.running_server import API, COUNTER, EVENT, Client, Running, running
from tests.services.proxy import proxy_to
from tests.services.redis import RedisServer, running_redis
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.server.running_server import Answer


@pytest.fixture
def by_hand(redis_server: RedisServer) -> Iterator[Any]:
    with redis.Redis.from_url(redis_server.url, decode_responses=True, protocol=2) as client:
        client.flushall()
        yield client


def spoil_the_users_of_this_week(by_hand: Any) -> list[str]:
    """Let the keys of the event's users hold something else; returns them: the week may end during the test."""
    days = (datetime.now(UTC), datetime.now(UTC) + timedelta(days=1))
    keys = [f"{{hll_counters}}_{EVENT}-user-{day:%G-%V}" for day in days]
    by_hand.mset(dict.fromkeys(keys, "x"))
    return keys


def test_one_bad_key_refuses_its_requests_and_seven_other_clients_are_counted(
    tmp_path: Path, redis_server: RedisServer, by_hand: Any
) -> None:
    keys = spoil_the_users_of_this_week(by_hand)
    answers: dict[str, list[Answer]] = {"track_event": [], "increment_counter": []}
    with running(tmp_path, store=redis_server.url) as served:

        def work(call: str) -> None:
            with closing(Client(served.port)) as client:
                for _ in range(30):
                    answers[call].append(client.post_json(f"{API}/{call}", {"event": EVENT}, served.headers("tracker")))

        threads = [threading.Thread(target=work, args=("track_event",))]
        threads += [threading.Thread(target=work, args=("increment_counter",)) for _ in range(7)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert [answer.status for answer in answers["increment_counter"]] == [200] * 7 * 30
    assert [answer.status for answer in answers["track_event"]] == [503] * 30
    assert int(by_hand.get(COUNTER)) == 7 * 30
    assert by_hand.mget(keys) == ["x"] * len(keys)
    assert all("outcome" not in answer.json for answer in answers["track_event"])  # type: ignore[operator]
    assert not any(b"hll_counters" in answer.body for answer in answers["track_event"])


def test_one_bad_hash_refuses_its_requests_and_seven_other_clients_are_counted(
    tmp_path: Path, redis_server: RedisServer, by_hand: Any
) -> None:
    by_label = {"name": EVENT, "unique": "label", "operator": "total"}
    good, bad = "{hll_counters}_" + EVENT + "-operator:total-label", "{hll_counters}_ask-operator:total-label"
    metrics = {"by_label": [by_label], "of_ask": [{**by_label, "name": "ask"}]}
    common = {"data_source": "internal_events", "value_type": "object", "time_frame": "all"}
    dictionary = Dictionary(
        metrics=tuple(MetricDefinition({**common, "key_path": name, "events": events}, "m.yml")
                      for name, events in metrics.items()),
        event_definitions=(EventDefinition({"action": EVENT}, "a.yml"), EventDefinition({"action": "ask"}, "b.yml")),
    )  # fmt: skip
    by_hand.sadd(bad, "x")
    answers: dict[str, list[Answer]] = {EVENT: [], "ask": []}
    with running(tmp_path, store=redis_server.url, dictionary=dictionary) as served:

        def work(event: str, label: str) -> None:
            body = {"event": event, "additional_properties": {"label": label}}
            with closing(Client(served.port)) as client:
                for _ in range(30):
                    answers[event].append(client.post_json(f"{API}/track_event", body, served.headers("tracker")))

        threads = [threading.Thread(target=work, args=("ask", "a"))]
        threads += [threading.Thread(target=work, args=(EVENT, f"label {number % 3}")) for number in range(7)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert [answer.status for answer in answers[EVENT]] == [200] * 7 * 30
    assert [answer.status for answer in answers["ask"]] == [503] * 30
    assert by_hand.hgetall(good) == {"label 0": "90", "label 1": "60", "label 2": "60"}
    assert by_hand.smembers(bad) == {"x"}
    assert not any(b"hll_counters" in answer.body for answer in answers["ask"])


@dataclass
class Tracker:
    """Clients that repeat each request under its own key until it is acknowledged; what they were told."""

    served: Running
    over: threading.Event = field(default_factory=threading.Event)
    told: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def at_work(self, clients: int) -> Iterator[None]:
        threads = [threading.Thread(target=self._work) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join(30)

    def _work(self) -> None:
        with closing(Client(self.served.port)) as client:
            while not self.over.is_set():
                headers = {**self.served.headers("tracker"), "Idempotency-Key": str(uuid.uuid4())}
                while (answer := client.post_json(f"{API}/track_event", {"event": EVENT}, headers)).status != 200:
                    self.told[_told(answer)] += 1
                    if answer.status != 503:
                        return
                    time.sleep(0.02)
                self.told["200"] += 1


def _told(answer: Answer) -> str:
    body: Mapping[str, str] = answer.json  # type: ignore[assignment]
    return f"{answer.status} {body.get('outcome', 'not written')}"


@pytest.mark.usefixtures("redis_server")
def test_while_redis_is_killed_every_event_is_counted_once_when_its_request_is_repeated(tmp_path: Path) -> None:
    with running_redis(durable=True) as server, running(tmp_path, store=server.url) as served:
        tracker = Tracker(served)
        with tracker.at_work(8):
            for _ in range(5):
                enough = tracker.told["200"] + 50
                assert eventually(lambda enough=enough: tracker.told["200"] >= enough, 20)  # type: ignore[misc]
                server.stop()
                time.sleep(0.1)
                server.start()
        with redis.Redis.from_url(server.url) as by_hand:
            assert int(by_hand.get(COUNTER) or 0) == tracker.told.pop("200") >= 250
    assert tracker.told.keys() <= {"503 not written", "503 unknown"}
    assert tracker.told["503 not written"] >= 5


def test_an_answer_that_is_lost_on_the_way_is_unknown_and_the_repeated_request_is_counted_once(
    tmp_path: Path, redis_server: RedisServer, by_hand: Any
) -> None:
    with (
        proxy_to(redis_server.port) as proxy,
        running(tmp_path, store=f"redis://127.0.0.1:{proxy.port}/0") as served,
        closing(Client(served.port)) as client,
    ):
        headers = {**served.headers("tracker"), "Idempotency-Key": "first"}
        assert client.post_json(f"{API}/track_event", {"event": EVENT}, headers).status == 200
        headers["Idempotency-Key"] = "second"
        proxy.loses_answer_to = b"EVALSHA"
        answer = client.post_json(f"{API}/track_event", {"event": EVENT}, headers)
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert answer.json == {
            "message": "503 Service Unavailable",
            "outcome": "unknown",
            "error": "the request may have been counted; repeat it with the same Idempotency-Key, and it is counted "
            "once",
        }
        assert by_hand.get(COUNTER) == "2"
        proxy.loses_answer_to = None
        assert client.post_json(f"{API}/track_event", {"event": EVENT}, headers).status == 200
        assert by_hand.get(COUNTER) == "2"


def test_an_emptied_redis_acknowledges_nothing_and_calls_no_token_unknown_until_it_is_adopted(
    tmp_path: Path, redis_server: RedisServer, by_hand: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_probe, "PROBE_EVERY", 0.05)
    with running(tmp_path, store=redis_server.url) as served, closing(Client(served.port)) as client:
        tracker = Tracker(served)
        with tracker.at_work(4):
            assert eventually(lambda: tracker.told["200"] > 50)
            by_hand.flushall()
            assert eventually(lambda: tracker.told["503 not written"] > 20)
            counted = tracker.told["200"]
            time.sleep(0.2)
            assert tracker.told["200"] == counted
            reader = client.get(f"{API}/service_ping", PRIVATE_TOKEN=served.tokens["reader"])
            assert reader.status == 503  # it was not looked up before, and Redis has no tokens any more
            assert by_hand.keys("{[eh]*") == []
            assert eventually(lambda: client.get("/-/readiness").status == 503)
            assert b"this Redis is empty or is not the one" in client.get("/-/readiness").body
            with closing(RedisStore(redis_server.url)) as other:
                other.adopt()
                secret, token = new_token(2, frozenset({"api"}), datetime.now(UTC))
                other.add_token(token)
            assert eventually(lambda: client.get("/-/readiness").status == 200)
            new = client.post_json(f"{API}/track_event", {"event": EVENT}, {"PRIVATE-TOKEN": secret})
            assert new.status == 200
            assert eventually(lambda: tracker.told["401 not written"] == 4)  # now it is so
