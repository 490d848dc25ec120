"""What only the store in Redis can do, and can suffer."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis

from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.ping.collect.collection import collect
from metrics_dictionary.ping.sources.evaluation import Sources
from metrics_dictionary.stores.redis import RedisStore
from metrics_dictionary.stores.store import CounterError, StoreUnavailableError
from tests.services.redis import RedisServer, running_redis
from tests.small_root import short_metric
from tests.stores.stores_under_test import START, StoreUnderTest, at_redis, recording

if TYPE_CHECKING:
    from collections.abc import Iterator


COUNTER = "{event_counters}_push"
WEEKLY = "{event_counters}_push-2026-53"
SUM = "{event_sums}_push-operator:sum(value)"
USERS = "{hll_counters}_push-user-2026-53"
SIX_WEEKS = 6 * 7 * 24 * 3600


@pytest.fixture
def place(redis_server: RedisServer) -> Iterator[StoreUnderTest]:
    place = at_redis(redis_server.url)
    yield place
    place.close()


@pytest.fixture
def store(place: StoreUnderTest) -> RedisStore:
    store = place.open()
    assert isinstance(store, RedisStore)
    return store


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[Any]:
    with redis.Redis.from_url(redis_server.url, decode_responses=True, protocol=2) as client:
        yield client


def test_other_tools_read_the_counters_as_plain_values(store: RedisStore, client: Any) -> None:
    store.commit([recording({COUNTER: 2, WEEKLY: 2}, {SUM: 1.25}, {USERS: {"1", "2"}}, {WEEKLY, USERS})])
    assert client.mget(COUNTER, WEEKLY, SUM) == ["2", "2", "1.25"]
    assert client.pfcount(USERS) == 2
    assert client.ttl(COUNTER) == client.ttl(SUM) == -1
    assert SIX_WEEKS - 60 < client.ttl(WEEKLY) <= SIX_WEEKS
    assert SIX_WEEKS - 60 < client.ttl(USERS) <= SIX_WEEKS


def test_a_unix_socket_that_nobody_serves_is_named_in_one_line(tmp_path: Path) -> None:
    store = RedisStore(f"unix://{tmp_path}/none.sock?db=1")
    with pytest.raises(StoreUnavailableError, match=r"none\.sock: ") as error:
        store.payload()
    assert "\n" not in str(error.value)


def test_a_store_works_over_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    command = ["redis-server", "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            end = time.monotonic() + 10
            while not path.exists() and time.monotonic() < end:
                time.sleep(0.02)
            store = RedisStore(f"unix://{path}")
            store.commit([recording(increments={COUNTER: 3})])
            store.close()
            with redis.Redis(unix_socket_path=str(path)) as client:
                assert client.get(COUNTER) == b"3"
        finally:
            server.terminate()


@pytest.mark.parametrize(
    "held", ["notjson", "[]", "{}", "3", '{"recorded_at": "x", "payload": "{}", "metadata": "{}"}']
)
def test_a_payload_and_a_token_that_cannot_be_read_are_named_by_their_key(
    store: RedisStore, client: Any, held: str
) -> None:
    client.set("{metrics_dictionary_payload}", held)
    client.hset("{metrics_dictionary_tokens}", "digest", held)
    for read, key in ((store.payload, "payload"), (store.tokens, "tokens"), (partial(store.token, "digest"), "tokens")):
        with pytest.raises(StoreUnavailableError, match=rf"the key \{{metrics_dictionary_{key}\}} holds") as error:
            read()
        assert "\n" not in str(error.value)


def test_the_command_says_which_key_it_cannot_read_and_exits_with_2(redis_server: RedisServer, client: Any) -> None:
    client.set("{metrics_dictionary_payload}", "notjson")
    run = subprocess.run(
        [Path(sys.executable).with_name("metrics-dictionary"), "ping", "show", "--store", redis_server.url],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "the key {metrics_dictionary_payload} holds what" in run.stderr
    assert "Traceback" not in run.stderr


def test_recordings_are_one_call_that_writes_each_key_once(store: RedisStore, client: Any) -> None:
    one = recording({COUNTER: 1, WEEKLY: 1}, {SUM: 1}, {USERS: {"1"}}, {WEEKLY, USERS}, ("{}", "{}"))
    store.commit([one])
    client.config_resetstat()
    store.commit([one] * 20)
    calls = {name.removeprefix("cmdstat_"): stats["calls"] for name, stats in client.info("commandstats").items()}
    written = {"evalsha": 1, "incrby": 2, "incrbyfloat": 1, "pfadd": 1, "xadd": 40}
    assert {name: calls.get(name) for name in written} == written
    assert "expire" not in calls


def test_a_redis_that_takes_no_more_writes_nothing_of_a_recording(store: RedisStore, client: Any) -> None:
    client.config_set("maxmemory", "1")
    try:
        with pytest.raises(StoreUnavailableError, match="/0: command not allowed when used memory"):
            store.commit([recording({COUNTER: 1}, {SUM: 1}, {USERS: {"1"}}, set(), ("{}",))])
    finally:
        client.config_set("maxmemory", "0")
    assert client.keys() == []
    store.commit([recording(increments={COUNTER: 1})])
    assert client.get(COUNTER) == "1"


def test_idle_connections_that_were_dropped_go_unnoticed(store: RedisStore, client: Any) -> None:
    store.commit([recording(increments={COUNTER: 1})])
    for expected in (2, 3):
        client.client_kill_filter(_type="normal", skipme=True)
        store.commit([recording(increments={COUNTER: 1})])
        client.client_kill_filter(_type="normal", skipme=True)
        assert store.totals([COUNTER]) == {COUNTER: expected}


@pytest.mark.usefixtures("redis_server")
def test_a_redis_that_goes_away_is_unavailable_and_is_found_again() -> None:
    with running_redis(durable=True) as server:
        store = RedisStore(server.url)
        store.commit([recording(increments={COUNTER: 1})])
        server.stop()
        with pytest.raises(StoreUnavailableError, match=rf"redis://127\.0\.0\.1:{server.port}/0: ") as failure:
            store.commit([recording(increments={COUNTER: 1})])
        assert "\n" not in str(failure.value)
        with pytest.raises(StoreUnavailableError):
            store.totals([COUNTER])
        server.start()
        store.commit([recording(increments={COUNTER: 1})])
        assert store.totals([COUNTER]) == {COUNTER: 2}
        store.close()


def test_a_redis_that_never_answers_is_unavailable_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = RedisStore(f"redis://127.0.0.1:{silent.getsockname()[1]}/0?socket_timeout=0.1")
        with pytest.raises(StoreUnavailableError, match=r"(?i)timeout"):
            store.commit([recording(increments={COUNTER: 1})])
        store.close()


def test_a_password_never_shows_in_a_message(redis_server: RedisServer) -> None:
    store = RedisStore(f"redis://someone:hunter2@127.0.0.1:{redis_server.port}/0")
    with pytest.raises(StoreUnavailableError) as failure:
        store.flags()
    assert "hunter2" not in str(failure.value)
    assert failure.value.reason == "the store does not accept the server's name and password"
    store.close()


NOT_NUMBERS = ["many", "", "nan", "inf", "1_000", " 1", "0x1"]


@pytest.mark.parametrize("text", NOT_NUMBERS)
def test_a_counter_that_is_not_a_number_is_an_error_and_its_content_is_not_told(
    store: RedisStore, client: Any, text: str
) -> None:
    client.set(COUNTER, text)
    with pytest.raises(CounterError) as failure:
        store.totals([WEEKLY, COUNTER])
    assert f"the key {COUNTER} holds a string that is not a number; rename or delete" in str(failure.value)


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (("HSET", COUNTER, "a", "1"), "a hash, not a number"),
        (("LPUSH", COUNTER, "1"), "a list, not a number"),
        (("SADD", COUNTER, "1"), "a set, not a number"),
        (("PFADD", COUNTER, "a", "b"), "a string that is not a number"),
    ],
)
def test_a_counter_of_another_type_is_an_error_and_not_zero(
    store: RedisStore, client: Any, command: tuple[str, ...], kind: str
) -> None:
    client.execute_command(*command)
    with pytest.raises(CounterError, match=f"holds {kind}"):
        store.totals([WEEKLY, COUNTER])
    assert store.totals([WEEKLY]) == {}


@pytest.mark.parametrize("command", [("SET", USERS, "7"), ("SADD", USERS, "7"), ("HSET", USERS, "a", "1")])
def test_a_set_of_another_type_is_an_error_that_names_its_key(
    store: RedisStore, client: Any, command: tuple[str, ...]
) -> None:
    other = f"{USERS}-other"
    store.commit([recording(uniques={other: {"1"}})])
    client.execute_command(*command)
    with pytest.raises(CounterError) as failure:
        store.distinct([other, USERS])
    assert f"the key {USERS} holds something that is not a HyperLogLog" in str(failure.value)
    assert store.distinct([other]) == 1


def test_in_a_payload_a_wrong_type_is_minus_two_with_a_reason_and_the_other_metrics_stay_right(
    store: RedisStore, client: Any
) -> None:
    names = [f"event_{number}" for number in range(6)]
    store.commit([recording(increments={f"{{event_counters}}_{name}": 5 for name in names})])
    for name in names[:5]:  # more than it takes to give a store up that is away
        client.delete(f"{{event_counters}}_{name}")
        client.hset(f"{{event_counters}}_{name}", "a", 1)
    defined = Dictionary(
        tuple(short_metric(name, data_source="internal_events", events=[{"name": name}]) for name in names)
    )
    payload = collect(defined, Sources(store=store), now=START)
    assert [payload.tree[name] for name in names] == [-2, -2, -2, -2, -2, 5]
    assert all("holds a hash, not a number" in failure.reason for failure in payload.failures)
    assert payload.outages == ()
