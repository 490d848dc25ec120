"""A Redis that was emptied or replaced is noticed before anything is acknowledged."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import redis

from metrics_dictionary.stores.redis import RedisStore
from metrics_dictionary.stores.store import CachedPayload, OutboxRow, OutcomeUnknownError, StoreUnavailableError
from tests.services.proxy import proxy_to
from tests.services.redis import RedisServer, running_redis
from tests.stores.stores_under_test import START, at_redis, recording
from tests.stores.test_stores import token
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COUNTER = "{event_counters}_push"
STATE = "{metrics_dictionary_state}"
ONE = recording(increments={COUNTER: 1}, outbox=("{}",))


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[Any]:
    at_redis(redis_server.url)
    with redis.Redis.from_url(redis_server.url, decode_responses=True, protocol=2) as client:
        yield client


@pytest.fixture
def store(redis_server: RedisServer, client: Any) -> Iterator[RedisStore]:
    assert not client.exists(STATE)  # it was emptied before
    store = RedisStore(redis_server.url)
    yield store
    store.close()


def every_call(store: RedisStore) -> list[Callable[[], object]]:
    """Return every call that would answer something, or acknowledge it."""
    return [
        lambda: store.commit([ONE]),
        store.probe,
        lambda: store.totals([COUNTER]),
        lambda: store.distinct(["{hll_counters}_push-user"]),
        lambda: store.save_payload(CachedPayload(START, "{}", "{}")),
        store.payload,
        partial(store.state, "a"),
        partial(store.set_state, "a", "b"),
        partial(store.keep_state, "a", "b"),
        lambda: store.add_token(token("a1", "digest")),
        partial(store.token, "digest"),
        store.tokens,
        partial(store.revoke_token, "a1"),
        store.flags,
        partial(store.set_flag, "flag", True),
        partial(store.outbox, 1),
        partial(store.delete_sent, [OutboxRow("1-1", "{}")]),
        partial(store.lease, "ping", "a", 60),
        store.trusted_now,
    ]


def test_a_store_gets_its_identifier_with_the_first_write_and_keeps_it(
    redis_server: RedisServer, store: RedisStore, client: Any
) -> None:
    assert store.totals([COUNTER]) == {}
    assert store.token("digest") is None
    assert client.keys() == []
    store.commit([ONE])
    identifier = client.hget(STATE, "store_identifier")
    assert store.identifier() == RedisStore(redis_server.url).identifier() == identifier
    assert len(identifier) == 36


@pytest.mark.parametrize("call", range(19))
def test_an_emptied_redis_is_refused_by_every_call(store: RedisStore, client: Any, call: int) -> None:
    store.commit([ONE])
    client.flushall()
    with pytest.raises(
        StoreUnavailableError, match="this Redis is empty or is not the one that this server"
    ) as failure:
        every_call(store)[call]()
    assert not isinstance(failure.value, OutcomeUnknownError)
    assert "run `metrics-dictionary store adopt`" in str(failure.value)
    assert client.exists(COUNTER) == 0


def test_a_redis_that_was_emptied_under_load_acknowledges_nothing_until_it_is_adopted(
    redis_server: RedisServer, store: RedisStore, client: Any
) -> None:
    """The oracle counts what Redis itself says that it added after it was emptied."""
    over, emptied = threading.Event(), threading.Event()
    acknowledged: list[bool] = []

    def work() -> None:
        while not over.is_set():
            late = emptied.is_set()
            try:
                store.commit([ONE])
            except StoreUnavailableError:
                time.sleep(0.002)
            else:
                acknowledged.append(late)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert eventually(lambda: len(acknowledged) > 100)
    client.flushall()
    emptied.set()
    time.sleep(0.3)
    assert True not in acknowledged
    assert client.keys() == []
    RedisStore(redis_server.url).adopt()
    assert eventually(lambda: True in acknowledged)
    over.set()
    for thread in threads:
        thread.join(10)
    assert int(client.get(COUNTER)) == acknowledged.count(True) == client.xlen("{metrics_dictionary_outbox}")


def test_a_redis_that_was_replaced_is_refused_until_it_is_adopted(store: RedisStore, client: Any) -> None:
    store.commit([ONE])
    client.hset(STATE, "store_identifier", "another")
    with pytest.raises(StoreUnavailableError, match="not the one"):
        store.commit([ONE])
    client.hset(STATE, "adopted_at", int(time.time()) - 3_600)  # a copy of one that was adopted once
    with pytest.raises(StoreUnavailableError, match="not the one"):
        store.commit([ONE])
    with pytest.raises(StoreUnavailableError, match="not the one"):
        store.probe()
    client.hset(STATE, "adopted_at", int(time.time()))
    store.commit([ONE])
    store.probe()
    assert store.identifier() == "another"
    assert client.get(COUNTER) == "2"


def test_adopting_keeps_an_identifier_that_is_there(redis_server: RedisServer, store: RedisStore, client: Any) -> None:
    before = store.identifier()
    other = RedisStore(redis_server.url)
    assert other.adopt() == before == client.hget(STATE, "store_identifier")
    client.flushall()
    after = other.adopt()
    assert after == client.hget(STATE, "store_identifier") != before
    other.close()


def test_a_redis_that_comes_back_from_its_snapshot_goes_on(store: RedisStore, client: Any) -> None:
    store.commit([ONE])
    kept = client.hgetall(STATE)
    client.flushall()
    with pytest.raises(StoreUnavailableError):
        store.commit([ONE])
    client.hset(STATE, mapping=kept)
    store.commit([ONE])
    assert client.get(COUNTER) == "1"


@pytest.mark.usefixtures("redis_server")
def test_a_redis_that_kept_nothing_over_a_restart_is_refused() -> None:
    with running_redis() as server:
        store = RedisStore(server.url)
        store.commit([ONE])
        server.stop()
        server.start()
        with pytest.raises(StoreUnavailableError, match="this Redis is empty"):
            store.commit([ONE])
        store.close()


@contextmanager
def answer_under_way(server: RedisServer, client: Any) -> Iterator[tuple[RedisStore, Future[dict[str, float]]]]:
    """Yield a store, and its question for a total: Redis has answered it, and the answer arrives after the `with`."""
    with proxy_to(server.port) as proxy, ThreadPoolExecutor() as pool:
        store = RedisStore(f"redis://127.0.0.1:{proxy.port}/0")
        store.totals([COUNTER])  # it has a connection
        asked = client.info("commandstats")["cmdstat_mget"]["calls"]
        proxy.delay = 3.5  # less than the store waits for an answer, more than a busy machine takes for the rest
        question = pool.submit(store.totals, [COUNTER])
        assert eventually(lambda: client.info("commandstats")["cmdstat_mget"]["calls"] > asked)
        proxy.delay = 0.0  # for others
        yield store, question
        wait([question], 10)
        store.close()


def test_a_new_store_that_is_read_and_written_at_once_was_not_emptied(redis_server: RedisServer, client: Any) -> None:
    with answer_under_way(redis_server, client) as (store, question):
        store.commit([ONE])
        assert client.hget(STATE, "store_identifier")
        assert not question.done()
    assert question.result(0) == {}


def test_an_answer_from_before_a_store_was_replaced_is_right(redis_server: RedisServer, client: Any) -> None:
    RedisStore(redis_server.url).commit([ONE])
    with answer_under_way(redis_server, client) as (store, question):
        client.hset(STATE, mapping={"store_identifier": "another", "adopted_at": int(time.time())})
        store.commit([ONE])
        assert store.identifier() == "another"
        assert not question.done()
    assert question.result(0) == {COUNTER: 1}


def test_a_probe_writes_something_that_ends_by_itself(store: RedisStore, client: Any) -> None:
    store.probe()
    assert [client.ttl(key) in range(1, 61) for key in client.keys("{metrics_dictionary_probe}*")] == [True] * 4
    assert client.hget(STATE, "store_identifier") == store.identifier()


def test_a_probe_of_a_redis_that_hangs_ends_after_two_seconds(redis_server: RedisServer, store: RedisStore) -> None:
    store.probe()
    with proxy_to(redis_server.port) as proxy:
        through = RedisStore(f"redis://127.0.0.1:{proxy.port}/0")
        through.probe()
        proxy.hangs = True
        start = time.monotonic()
        for _ in range(2):  # with a connection, and without one
            with pytest.raises(StoreUnavailableError, match=r"(?i)timeout"):
                through.probe()
        assert time.monotonic() - start < 2 * 2.5
        proxy.hangs = False
        assert eventually(lambda: _answers(through), seconds=3)
        through.close()


def _answers(store: RedisStore) -> bool:
    try:
        store.probe()
    except StoreUnavailableError:
        return False
    return True


def test_a_redis_that_may_delete_counters_is_a_warning(store: RedisStore, client: Any) -> None:
    store.probe()
    assert store.warnings() == []
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        store.probe()
        assert store.warnings() == [
            "Redis deletes counters once maxmemory is reached, for its maxmemory-policy is allkeys-lru: set it to "
            "noeviction"
        ]
    finally:
        client.config_set("maxmemory-policy", "noeviction")
    store.probe()
    assert store.warnings() == []
