"""Events through a real Redis: the same numbers, distinct ones within its error, and an outbox that empties."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import redis

from metrics_dictionary.events.collector import Collector
from metrics_dictionary.events.sender import Sender
from metrics_dictionary.events.snowplow import Instance, StructuredEvents
from metrics_dictionary.stores.keys import selections
from metrics_dictionary.stores.open_store import open_store
from tests.events.event_samples import DURING_W01, Clock, StoredTracker, a_dictionary, values
from tests.events.loopback_collector import LoopbackCollector
from tests.stores.stores_under_test import at_redis

if TYPE_CHECKING:
    from metrics_dictionary.stores.sqlite import SqliteStore
    from tests.services.redis import RedisServer

BODIES = [
    {
        "event": "rename",
        "project_id": number % 3 + 1,
        "send_to_snowplow": True,
        "additional_properties": {"lang": "eng", "value": number / 2, "label": f"l{number % 4}"},
    }
    for number in range(50)
]


def test_redis_and_sqlite_give_the_same_numbers(redis_server: RedisServer, store: SqliteStore, clock: Clock) -> None:
    dictionary = a_dictionary()
    structured = StructuredEvents(Instance())
    in_redis = open_store(at_redis(redis_server.url).url, clock=clock)
    for each in (store, in_redis):
        tracker = StoredTracker(dictionary, each, clock=clock, structured=structured)
        for user in range(1, 5):
            tracker.track(BODIES, user)
        tracker.increment_counter("source_code_pushes")
        tracker.increment_unique_users("search", 4, 5)
    exact, estimated = values(dictionary, store, DURING_W01), values(dictionary, in_redis, DURING_W01)
    assert estimated == pytest.approx(exact, rel=0.05)
    distinct = {key for key, metric in dictionary.expanded.items() if any(rule.unique for rule in selections(metric))}
    assert {key: estimated[key] for key in exact if key not in distinct} == {
        key: value for key, value in exact.items() if key not in distinct
    }
    with LoopbackCollector() as collector, closing(Collector(collector.url)) as connected:
        sender = Sender(in_redis, connected, clock=clock)
        while in_redis.outbox(1):
            assert sender.send_batch() == 0
    assert len(collector.accepted()) == 200
    in_redis.close()


def test_a_row_that_somebody_else_wrote_stops_no_other(redis_server: RedisServer, clock: Clock) -> None:
    with closing(open_store(at_redis(redis_server.url).url, clock=clock)) as store:
        with redis.Redis.from_url(redis_server.url, protocol=2) as client:
            client.xadd("{metrics_dictionary_outbox}", {"other": "field"})
        tracker = StoredTracker(a_dictionary(), store, clock=clock, structured=StructuredEvents(Instance()))
        tracker.track(BODIES, 7)
        with LoopbackCollector() as collector, closing(Collector(collector.url)) as connected:
            sender = Sender(store, connected, clock=clock)
            while store.outbox(1):
                assert sender.send_batch() == 0
        assert len(collector.accepted()) == 50
        assert [(row.reason, row.retry_at) for row in store.refused(10)] == [("is not an event", None)]
