"""A collector that fails in every way: all events that it can take arrive, and the others are dead letters."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, cast

import pytest
import redis

from metrics_dictionary.events.collector import Collector
from metrics_dictionary.events.sender import Sender, Timing
from metrics_dictionary.events.snowplow import Instance, StructuredEvents
from metrics_dictionary.stores.open_store import open_store
from tests.events.event_samples import StoredTracker, a_dictionary
from tests.events.loopback_collector import CUT, LoopbackCollector
from tests.stores.stores_under_test import at_redis
from tests.torture.served_process import FULL
from tests.waiting import eventually

if TYPE_CHECKING:
    from io import BufferedIOBase
    from pathlib import Path

    from metrics_dictionary.stores.store import Store

EVENTS = 20_000 if FULL else 600
SECONDS = 300 if FULL else 60
TIMING = Timing(idle=0.01, first_retry=0.01, refused=0.05, lease=1.0, request=0.5)

REFUSED: dict[int, int | str] = {0: 400, 1: 422, 2: 500, 3: CUT}
"""What the collector always does with an event, by the last digit of its number, where that is a multiple of 97."""


OUTAGES: list[int | str] = [302, 401, 404, 429, 500, 502, 503]


def is_bad(number: int) -> bool:
    return number % 97 == 0


class Faults:
    """What happens to a request: mostly nothing, sometimes anything, and always the same to a bad event."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def status_of(self, events: list[dict[str, str]]) -> int | str:
        for event in events:
            number = int(event["se_va"])
            if is_bad(number):
                return REFUSED[number % len(REFUSED)]
        chance = self._random.random()
        if chance < 0.1:
            outage: int | str = self._random.choice([*OUTAGES, CUT])
            return outage
        taken: int = self._random.choice((200, 201, 204))
        return 413 if len(events) > 40 and chance < 0.4 else taken

    def answer(self, client: BufferedIOBase, answer: bytes) -> str | None:
        """Write an answer: whole, cut off after the events were taken, or drop by drop, in time or too late."""
        chance = self._random.random()
        if chance < 0.05:
            client.write(answer[: self._random.randrange(len(answer))])
            return CUT
        if chance < 0.08:
            pause = self._random.choice((0.001, 0.05))
            for position in range(len(answer)):
                client.write(answer[position : position + 1])
                time.sleep(pause)
            return None
        client.write(answer)
        return None


@pytest.fixture(params=["sqlite", "redis"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    on_redis = request.param == "redis"
    return at_redis(request.getfixturevalue("redis_server").url).url if on_redis else f"sqlite:///{tmp_path}/store.db"


@pytest.mark.parametrize("seed", range(3 if FULL else 1))
def test_what_a_failing_collector_can_take_arrives_and_the_rest_is_a_dead_letter(url: str, seed: int) -> None:
    faults = Faults(seed)
    taken: list[dict[str, str]] = []
    with ExitStack() as closed:
        stores = [closed.enter_context(closing(open_store(url))) for _ in range(2)]
        reporting = threading.Thread(target=report, args=(stores[0],))
        with LoopbackCollector() as collector:
            address, port = collector.url, collector.port
        senders = [Sender(store, Collector(address, timeout=1), timing=TIMING) for store in stores]
        for sender in senders:
            sender.start()
            closed.callback(sender.stop)
        reporting.start()
        for _ in range(3):  # it is stopped and started again, while events come
            with LoopbackCollector(port=port, events=taken) as collector:
                collector.status_of, collector.answer = faults.status_of, faults.answer
                eventually(lambda: len({event["eid"] for event in taken}) > EVENTS / 2, 2)
            time.sleep(0.1)
        reporting.join()
        with LoopbackCollector(port=port, events=taken) as collector:
            collector.status_of, collector.answer = faults.status_of, faults.answer
            assert eventually(lambda: is_settled(stores[0]), SECONDS), stores[0].outbox_state()
        assert collector.complaints == []
    good = [number for number in range(EVENTS) if not is_bad(number)]
    arrived = {event["eid"]: int(event["se_va"]) for event in taken}
    assert sorted(arrived.values()) == good
    assert sorted(dead_letters(url)) == [number for number in range(EVENTS) if is_bad(number)]


def report(store: Store) -> None:
    tracker = StoredTracker(a_dictionary(), store, structured=StructuredEvents(Instance()))
    for start in range(0, EVENTS, 50):
        tracker.track(
            [
                {"event": "merge", "send_to_snowplow": True, "additional_properties": {"value": number}}
                for number in range(start, min(start + 50, EVENTS))
            ],
            7,
        )
        time.sleep(0.002)


def is_settled(store: Store) -> bool:
    state = store.outbox_state()
    return state.depth == state.dead_letters


def dead_letters(url: str) -> list[int]:
    """Return the numbers of the events that the store keeps, read by another program."""
    if url.startswith("redis"):
        with redis.Redis.from_url(url, protocol=2) as client:
            assert client.xlen("{metrics_dictionary_outbox}") == 0
            entries = cast("list[bytes]", client.hvals("{metrics_dictionary_outbox}_refused"))
            return [int(json.loads(json.loads(entry)["text"])["se_va"]) for entry in entries]
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
        rows = connection.execute("SELECT text FROM refused WHERE retry_at IS NULL")
        return [int(json.loads(text)["se_va"]) for (text,) in rows]
