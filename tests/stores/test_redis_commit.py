"""What Redis holds after commits, read with plain commands, against a model in plain Python."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics_dictionary.stores.redis import RedisStore
from metrics_dictionary.stores.store import (
    FORGOTTEN_EARLY,
    Changes,
    Outcome,
    OutcomeUnknownError,
    Recording,
    StoreUnavailableError,
    Verdict,
)
from tests.services.proxy import proxy_to
from tests.services.redis import RedisServer, free_port, running_redis
from tests.stores.stores_under_test import at_redis, changes, recording
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RECORDED, DUPLICATE, CONFLICT, REFUSED = Outcome.RECORDED, Outcome.DUPLICATE, Outcome.CONFLICT, Outcome.REFUSED
OUTBOX = "{metrics_dictionary_outbox}"
COUNTERS = [f"{{event_counters}}_{letter}" for letter in "abcde"]
SUMS = [f"{{event_sums}}_{letter}-operator:sum(value)" for letter in "abcd"]
SETS = [f"{{hll_counters}}_{letter}-user" for letter in "abcdef"]


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[Any]:
    at_redis(redis_server.url)
    with redis.Redis.from_url(redis_server.url, decode_responses=True, encoding_errors="replace", protocol=2) as client:
        yield client


@pytest.fixture
def store(redis_server: RedisServer, client: Any) -> Iterator[RedisStore]:
    assert not client.exists(OUTBOX)  # it was emptied before
    store = RedisStore(redis_server.url)
    yield store
    store.close()


def damaged_inside(client: Any, key: str) -> None:
    """Let a key hold a set whose header is right, and which Redis finds damaged only when it adds to it."""
    client.set(key, b"HYLL\x01" + bytes(11) + b"\xff")


def dense(client: Any, key: str) -> None:
    client.pfadd(key, *range(5_000))


def spoil(client: Any) -> set[str]:
    """Let some keys hold what they should not, in every way that Redis knows; return these."""
    client.hset(COUNTERS[1], "a", "1")
    client.set(COUNTERS[2], "007")
    client.set(COUNTERS[3], "1" * 19)
    client.rpush(SUMS[1], "1")
    client.set(SUMS[2], "1e400")
    client.set(SETS[1], "HYLL and no more")
    damaged_inside(client, SETS[2])
    client.set(SETS[3], "")
    return {*COUNTERS[1:4], *SUMS[1:3], *SETS[1:4]}


@dataclass
class Model:
    """What should be there, by the rules in plain words: a recording in whole or not at all."""

    wrong: set[str]
    counters: Counter[str] = field(default_factory=Counter)
    sums: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    sets: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    rows: list[str] = field(default_factory=list)
    known: dict[bytes, bytes] = field(default_factory=dict)

    def take(self, recording: Recording) -> Outcome:
        if recording.request in self.known:
            return DUPLICATE if self.known[recording.request] == recording.digest else CONFLICT
        events = {name: event for name, event in reversed(recording.identified) if name not in self.known}
        made = [recording.changes, *events.values()]
        if any(self.wrong & {*part.increments, *part.sums, *part.uniques} for part in made):
            return REFUSED
        for part in made:
            self.counters.update(part.increments)
            for key, value in part.sums.items():
                self.sums[key] += value
            for key, values in part.uniques.items():
                self.sets[key] |= values
            self.rows += part.outbox
        self.known |= dict.fromkeys(events, b"")
        if recording.request is not None:
            self.known[recording.request] = recording.digest
        return RECORDED


numbered_rows = count()


def any_changes() -> st.SearchStrategy[Changes]:
    return st.builds(
        lambda counters, sums, sets, rows: Changes(
            counters, sums, sets, frozenset(), tuple(f"row {next(numbered_rows)}" for _ in range(rows))
        ),
        st.dictionaries(st.sampled_from([COUNTERS[0]] * 3 + COUNTERS), st.integers(1, 9), max_size=2),
        st.dictionaries(st.sampled_from([SUMS[0]] * 3 + SUMS), st.integers(-8, 8).map(lambda n: n / 4), max_size=1),
        st.dictionaries(
            st.sampled_from([SETS[0]] * 3 + SETS),
            st.frozensets(st.sampled_from("abcd\0\ud800é"), min_size=1),
            max_size=2,
        ),
        st.integers(0, 2),
    )


def name(number: int) -> bytes:
    return number.to_bytes(16, "big")


RECORDINGS = st.builds(
    lambda changes, events, request, digest: Recording(
        changes,
        tuple((name(number), event) for number, event in events),
        None if request is None else name(100 + request),
        digest,
    ),
    any_changes(),
    st.lists(st.tuples(st.integers(0, 6), any_changes()), max_size=3),
    st.none() | st.integers(0, 3),
    st.sampled_from([b"digest 1", b"digest 2"]),
)


@settings(max_examples=50)
@given(groups=st.lists(st.lists(RECORDINGS, max_size=6), max_size=5))
def test_any_recordings_are_written_whole_or_not_at_all(
    redis_server: RedisServer, groups: Sequence[Sequence[Recording]]
) -> None:
    with redis.Redis.from_url(redis_server.url, protocol=2) as client:
        client.flushall()
        dense(client, SETS[4])
        model = Model(spoil(client))
        before = {key: client.dump(key) for key in model.wrong}
        base = cast("int", client.pfcount(SETS[4]))
        store = RedisStore(redis_server.url)
        for group in groups:
            verdicts = store.commit(group)
            assert [verdict.outcome for verdict in verdicts] == [model.take(recording) for recording in group]
            assert all((verdict.key in model.wrong) == (verdict.outcome is REFUSED) for verdict in verdicts)
        store.close()
        assert {key: client.dump(key) for key in model.wrong} == before
        for key in set(COUNTERS) - model.wrong:
            assert int(client.get(key) or 0) == model.counters[key]
        for key in set(SUMS) - model.wrong:
            assert float(client.get(key) or 0) == model.sums[key]
        for key in set(SETS) - model.wrong - {SETS[4]}:
            assert client.pfcount(key) == len(model.sets[key])
        assert cast("int", client.pfcount(SETS[4])) - base in range(len(model.sets[SETS[4]]) + 60)
        rows = cast("list[tuple[bytes, dict[bytes, bytes]]]", client.xrange(OUTBOX))
        assert sorted(entry[b"event"].decode() for _, entry in rows) == sorted(model.rows)


def test_one_bad_key_refuses_its_recordings_and_no_other(store: RedisStore, client: Any) -> None:
    client.hset(COUNTERS[1], "a", "1")
    bad = recording({COUNTERS[0]: 1, COUNTERS[1]: 1}, {SUMS[0]: 1}, {SETS[0]: {"bad"}}, {SETS[0]}, ("bad",))
    good = [
        recording({COUNTERS[0]: 1}, {SUMS[0]: 0.5}, {SETS[0]: {str(user)}}, {SETS[0]}, ("good",)) for user in range(7)
    ]
    assert store.commit([*good[:3], bad, *good[3:]]) == [
        *[Verdict(RECORDED)] * 3,
        Verdict(REFUSED, COUNTERS[1]),
        *[Verdict(RECORDED)] * 4,
    ]
    assert client.mget(COUNTERS[0], SUMS[0]) == ["7", "3.5"]
    assert client.pfcount(SETS[0]) == 7
    assert [entry["event"] for _, entry in client.xrange(OUTBOX)] == ["good"] * 7
    assert client.hgetall(COUNTERS[1]) == {"a": "1"}


@pytest.mark.parametrize("held", ["007", "-0", "", "1.5", "1e3", " 1", "+1", "1" * 19, "HYLL", "nan", "0x10"])
def test_a_counter_that_redis_cannot_add_to_refuses_the_recording(store: RedisStore, client: Any, held: str) -> None:
    client.set(COUNTERS[1], held)
    assert store.commit([recording({COUNTERS[0]: 1, COUNTERS[1]: 1}), recording({COUNTERS[0]: 1})]) == [
        Verdict(REFUSED, COUNTERS[1]),
        Verdict(RECORDED),
    ]
    assert client.mget(COUNTERS[:2]) == ["1", held]


@pytest.mark.parametrize("held", ["", "1e400", "nan", "inf", " 1", "0x10", "1.", "abc", "1" * 401])
def test_a_sum_that_is_not_a_number_refuses_the_recording(store: RedisStore, client: Any, held: str) -> None:
    client.set(SUMS[1], held)
    assert store.commit([recording({COUNTERS[0]: 1}, {SUMS[1]: 1}), recording({COUNTERS[0]: 1})]) == [
        Verdict(REFUSED, SUMS[1]),
        Verdict(RECORDED),
    ]
    assert client.mget(COUNTERS[0], SUMS[1]) == ["1", held]


@pytest.mark.parametrize("held", ["7", "-0", "007", "1e3", "-12.25", "1" * 400])
def test_a_sum_that_another_program_wrote_is_added_to(store: RedisStore, client: Any, held: str) -> None:
    client.set(SUMS[1], held)
    assert store.commit([recording(sums={SUMS[1]: 2})]) == [Verdict(RECORDED)]
    assert float(client.get(SUMS[1])) == pytest.approx(float(held) + 2)


def test_recordings_of_one_call_that_would_overflow_a_counter_together_are_refused(
    store: RedisStore, client: Any
) -> None:
    client.set(COUNTERS[1], 10**18 - 10_000)
    outcomes = [verdict.outcome for verdict in store.commit([recording({COUNTERS[1]: 4_000})] * 4 + [recording()])]
    assert outcomes == [RECORDED, RECORDED, REFUSED, REFUSED, RECORDED]
    assert client.get(COUNTERS[1]) == str(10**18 - 2_000)


def test_large_amounts_and_fractions_are_added_exactly(store: RedisStore, client: Any) -> None:
    store.commit([recording({COUNTERS[0]: 2**53 + 1}, {SUMS[0]: 0.1}), recording({COUNTERS[0]: 2**53 + 1})])
    store.commit([recording({COUNTERS[0]: 3}, {SUMS[0]: 2**60 + 1}), recording({COUNTERS[0]: 2**53})])
    assert client.get(COUNTERS[0]) == str(3 * 2**53 + 5)
    store.commit([recording(sums={SUMS[1]: 0.1, SUMS[3]: 1.7e308}), recording(sums={SUMS[3]: 1.7e308})])
    assert client.get(SUMS[1]) == "0.1"
    assert store.totals([SUMS[0], SUMS[3]]) == {SUMS[0]: float(2**60 + 1), SUMS[3]: pytest.approx(1.797693e308)}


def test_a_set_that_is_damaged_inside_leaves_nothing_of_what_stood_before_it(store: RedisStore, client: Any) -> None:
    damaged_inside(client, SETS[1])
    client.pfadd(SETS[0], "1", "2")
    client.set(COUNTERS[0], 5, ex=1_000)
    whole = recording(
        {COUNTERS[0]: 1}, {SUMS[0]: 1}, {SETS[0]: {"3"}, SETS[1]: {"1"}, SETS[2]: {"1"}}, {SETS[2]}, ("a", "b")
    )
    assert store.commit([whole]) == [Verdict(REFUSED, SETS[1])]
    assert client.mget(COUNTERS[0], SUMS[0]) == ["5", None]
    assert 0 < client.ttl(COUNTERS[0]) <= 1_000
    assert client.pfcount(SETS[0]) == 2
    assert client.exists(SETS[2]) == 0
    assert client.xlen(OUTBOX) == 0
    assert store.commit([whole, recording({COUNTERS[0]: 1})]) == [Verdict(REFUSED, SETS[1]), Verdict(RECORDED)]
    assert client.get(COUNTERS[0]) == "6"


def test_an_outbox_that_is_full_or_no_stream_refuses_those_who_need_it(store: RedisStore, client: Any) -> None:
    with_row, without = recording({COUNTERS[0]: 1}, outbox=("a", "b")), recording({COUNTERS[0]: 1})
    client.xadd(OUTBOX, {"event": "last"}, id=f"{2**64 - 1}-{2**64 - 2}")
    assert store.commit([with_row, without]) == [Verdict(REFUSED, OUTBOX), Verdict(RECORDED)]
    assert client.xlen(OUTBOX) == 1  # the first of the two rows would have fitted
    client.delete(OUTBOX)
    client.set(OUTBOX, "x")
    assert store.commit([with_row, without]) == [Verdict(REFUSED, OUTBOX), Verdict(RECORDED)]
    assert client.get(COUNTERS[0]) == "2"


@pytest.mark.parametrize("table", ["", "_0", "_1", "_2"])
def test_ids_that_cannot_be_kept_refuse_those_who_have_one(store: RedisStore, client: Any, table: str) -> None:
    key = f"{{metrics_dictionary_ids}}{table}"
    client.set(key, "x")
    event = Recording(Changes(), ((name(1), changes({COUNTERS[0]: 1})),))
    request = Recording(changes({COUNTERS[0]: 1}), request=name(2), digest=b"12345678")
    refused = Verdict(REFUSED, key)
    assert store.commit([event, request, recording({COUNTERS[0]: 1})]) == [refused, refused, Verdict(RECORDED)]
    assert client.get(COUNTERS[0]) == "1"


def test_more_ids_than_are_kept_forget_the_oldest_and_never_refuse(
    redis_server: RedisServer, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    store = RedisStore(redis_server.url, ids_limit=300)
    events = [Recording(Changes(), ((name(number), changes({COUNTERS[0]: 1})),)) for number in range(1_000)]
    for event in events:
        store.commit([event])
    tables = [client.hlen(f"{{metrics_dictionary_ids}}_{number}") for number in range(3)]
    assert 200 <= sum(tables) <= 300
    assert "100 ids came in 0.0 hours" in caplog.text
    assert "store.idempotency_limit" in caplog.text
    assert time.time() - 60 < FORGOTTEN_EARLY.value() <= time.time()
    store.commit(events[-200:])
    assert client.get(COUNTERS[0]) == "1000"
    store.commit(events[:100])
    assert client.get(COUNTERS[0]) == "1100"
    store.close()


def test_ids_that_nobody_adds_to_end_by_themselves(store: RedisStore, client: Any) -> None:
    store.commit([EVERYTHING])
    assert all(36 * 3600 < client.ttl(key) <= 48 * 3600 for key in client.keys("{metrics_dictionary_ids}*"))


def test_a_weekly_key_without_an_end_gets_one_and_one_with_an_end_keeps_it(store: RedisStore, client: Any) -> None:
    client.set(COUNTERS[0], 5)
    client.set(COUNTERS[1], 5, ex=100)
    client.pfadd(SETS[0], "1")
    keys = {COUNTERS[0], COUNTERS[1], SETS[0], SETS[1]}
    store.commit([recording({COUNTERS[0]: 1, COUNTERS[1]: 1}, {}, {SETS[0]: {"2"}, SETS[1]: {"2"}}, keys)])
    six_weeks = 6 * 7 * 86_400
    assert [client.ttl(key) for key in (COUNTERS[0], SETS[0], SETS[1])] == pytest.approx([six_weeks] * 3, abs=20)
    assert 0 < client.ttl(COUNTERS[1]) <= 100


def test_the_script_is_sent_again_when_redis_has_forgotten_it(store: RedisStore, client: Any) -> None:
    for _ in range(3):
        client.script_flush()
        store.commit([recording({COUNTERS[0]: 1})] * 2)
    assert client.get(COUNTERS[0]) == "6"


EVERYTHING = Recording(
    changes({COUNTERS[0]: 1}, {SUMS[0]: 1}, {SETS[0]: {"1"}, SETS[4]: {"x"}}, {SETS[0], SETS[4]}, ("a",)),
    ((name(1), changes({COUNTERS[4]: 1})),),
    name(2),
    b"12345678",
)


def limited(server: RedisServer, client: Any, *rules: str) -> RedisStore:
    """Return a store whose user of Redis may do everything but what the rules take away."""
    identifier = RedisStore(server.url).identifier()
    client.acl_setuser("limited", reset=True, enabled=True, nopass=True, keys=["*"], commands=["+@all", *rules])
    store = RedisStore(f"redis://limited:@127.0.0.1:{server.port}/0")
    store._identifier = identifier
    return store


def contents(server: RedisServer) -> dict[bytes, object]:
    """Return what every key holds but those of the store itself, and all ids."""
    with redis.Redis.from_url(server.url, protocol=2) as client:
        ids = {key: client.hgetall(key) for key in client.keys("*_ids}_*")}
        return ids | {key: client.dump(key) for key in client.keys("{[eh]*")}


@pytest.mark.parametrize(
    "command", ["xadd", "pfadd", "incrby", "incrbyfloat", "expire", "hset", "ttl", "get", "type", "hmget"]
)
def test_a_user_of_redis_who_may_not_do_all_of_it_writes_nothing(
    redis_server: RedisServer, client: Any, command: str
) -> None:
    dense(client, SETS[4])
    client.pfadd(SETS[0], "0")
    client.set(COUNTERS[0], 1)
    before = contents(redis_server)
    store = limited(redis_server, client, f"-{command}")
    with pytest.raises(StoreUnavailableError, match=r"(?i)permission|can't (run|access)") as failure:
        store.commit([EVERYTHING])
    store.close()
    assert not isinstance(failure.value, OutcomeUnknownError)
    assert failure.value.reason == "the store does not let the server do what events need"
    assert contents(redis_server) == before


@pytest.mark.parametrize("command", ["pfadd", "incrby", "incrbyfloat", "expire", "get", "evalsha"])
def test_a_probe_is_refused_where_events_would_be(redis_server: RedisServer, client: Any, command: str) -> None:
    store = limited(redis_server, client, f"-{command}")
    with pytest.raises(StoreUnavailableError, match=r"(?i)permission|can't (run|access)"):
        store.probe()
    store.close()
    assert client.keys("{metrics_dictionary_probe}*") == []


def test_a_user_of_redis_who_may_not_ask_for_its_memory_is_ready(redis_server: RedisServer, client: Any) -> None:
    store = limited(redis_server, client, "-info")
    store.probe()
    assert store.warnings() == []
    store.close()


@pytest.mark.usefixtures("redis_server")
def test_a_cluster_is_refused_by_events_and_by_the_probe() -> None:
    options = ("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    with running_redis(*options) as server, redis.Redis.from_url(server.url) as by_hand:
        by_hand.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16_383)
        assert eventually(lambda: by_hand.execute_command("CLUSTER INFO")["cluster_state"] == "ok")
        store = RedisStore(server.url)
        for attempt in (lambda: store.commit([EVERYTHING]), store.probe):
            with pytest.raises(StoreUnavailableError, match="hash to the same slot") as failure:
                attempt()
            assert not isinstance(failure.value, OutcomeUnknownError)
            assert failure.value.reason == "the store is a Redis Cluster, which is not supported"
        store.close()


def test_what_cannot_be_taken_back_is_called_unknown(redis_server: RedisServer, client: Any) -> None:
    client.set(COUNTERS[0], 1)
    store = limited(redis_server, client, "-incrbyfloat", "-set")
    with pytest.raises(OutcomeUnknownError, match="PARTLY written"):
        store.commit([EVERYTHING])
    store.close()
    assert client.get(COUNTERS[0]) == "2"


@pytest.mark.parametrize(
    ("setting", "value", "usual", "reason"),
    [
        ("maxmemory", "1", "0", "command not allowed when used memory > 'maxmemory'"),
        ("min-replicas-to-write", "1", "0", "NOREPLICAS Not enough good replicas to write"),
    ],
)
def test_a_redis_that_takes_no_writes_says_why_and_holds_nothing(
    store: RedisStore, client: Any, setting: str, value: str, usual: str, reason: str
) -> None:
    store.identifier()
    client.config_set(setting, value)
    try:
        for attempt in (lambda: store.commit([EVERYTHING]), store.probe):
            with pytest.raises(StoreUnavailableError, match=reason) as failure:
                attempt()
            assert not isinstance(failure.value, OutcomeUnknownError)
    finally:
        client.config_set(setting, usual)
    assert client.keys("{[eh]*") == client.keys("*ids*") == client.keys("*outbox*") == []
    store.probe()
    assert store.commit([EVERYTHING]) == [Verdict(RECORDED)]


def test_a_replica_is_refused_and_taken_again_when_it_leads(store: RedisStore, client: Any) -> None:
    store.identifier()
    client.replicaof("127.0.0.1", "1")
    try:
        for attempt in (lambda: store.commit([EVERYTHING]), store.probe):
            with pytest.raises(StoreUnavailableError, match="read only replica") as failure:
                attempt()
            assert not isinstance(failure.value, OutcomeUnknownError)
    finally:
        client.replicaof("no", "one")
    store.probe()
    assert store.commit([EVERYTHING]) == [Verdict(RECORDED)]


@pytest.mark.usefixtures("redis_server")
def test_a_redis_whose_disk_failed_says_so() -> None:
    with running_redis() as server, redis.Redis.from_url(server.url, protocol=2) as client:
        store = RedisStore(server.url)
        store.identifier()
        client.config_set("save", "3600 1000000")
        server.folder.chmod(0o500)  # it cannot write a snapshot, and refuses writes from then on
        try:
            client.bgsave()
            assert eventually(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
            for attempt in (lambda: store.commit([EVERYTHING]), store.probe):
                with pytest.raises(StoreUnavailableError, match="MISCONF"):
                    attempt()
        finally:
            server.folder.chmod(0o700)
            store.close()
        assert client.get(COUNTERS[0]) is None


def test_a_redis_that_is_busy_with_a_script_of_somebody_else_has_written_nothing(
    redis_server: RedisServer, store: RedisStore, client: Any
) -> None:
    store.commit([recording({COUNTERS[1]: 1})])
    client.config_set("busy-reply-threshold", 50)
    with redis.Redis.from_url(redis_server.url) as other:
        endless = threading.Thread(target=_until_killed, args=(other,))
        endless.start()
        try:
            assert eventually(lambda: _is_busy(client))
            with pytest.raises(StoreUnavailableError, match="BUSY") as failure:
                store.commit([EVERYTHING])
        finally:
            client.script_kill()
            endless.join(10)
            client.config_set("busy-reply-threshold", 5_000)
    assert not isinstance(failure.value, OutcomeUnknownError)
    assert store.commit([EVERYTHING]) == [Verdict(RECORDED)]
    assert client.get(COUNTERS[0]) == "1"


def _until_killed(client: redis.Redis) -> None:
    with pytest.raises(redis.ResponseError, match="killed"):
        client.eval("while true do end", 0)


def _is_busy(client: Any) -> bool:
    try:
        client.ping()
    except redis.ResponseError:
        return True
    return False


def test_a_redis_that_loads_what_it_kept_has_written_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_loading, args=(listener,))
        thread.start()
        store = RedisStore(f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
        store._identifier = "known"
        with pytest.raises(StoreUnavailableError, match="loading the dataset") as failure:
            store.commit([EVERYTHING])
        store.close()
        thread.join(10)
    assert not isinstance(failure.value, OutcomeUnknownError)
    assert failure.value.reason == "the store is loading its data"


def _loading(listener: socket.socket) -> None:
    """Answer every command of a connection as Redis does while it starts."""
    connection, _ = listener.accept()
    with connection:
        while packet := connection.recv(1 << 20):
            commands = sum(line.startswith(b"*") for line in packet.split(b"\r\n"))
            connection.sendall(b"-LOADING Redis is loading the dataset in memory\r\n" * commands)


def test_a_lost_answer_is_unknown_and_the_same_request_is_then_a_duplicate(
    redis_server: RedisServer, store: RedisStore, client: Any
) -> None:
    store.commit([recording({COUNTERS[1]: 1})])  # Redis knows the script now
    with proxy_to(redis_server.port) as proxy:
        through = RedisStore(f"redis://127.0.0.1:{proxy.port}/0")
        assert through.commit([recording({COUNTERS[1]: 1})]) == [Verdict(RECORDED)]
        proxy.loses_answer_to = b"EVALSHA"
        with pytest.raises(OutcomeUnknownError):
            through.commit([EVERYTHING])
        proxy.loses_answer_to = None
        assert proxy.lost == 1
        assert client.get(COUNTERS[0]) == "1"
        assert through.commit([EVERYTHING]) == [Verdict(DUPLICATE)]
        assert client.get(COUNTERS[0]) == "1"
        through.close()


def test_a_redis_that_hangs_is_unknown_and_one_that_is_away_is_not(
    redis_server: RedisServer, store: RedisStore
) -> None:
    store.commit([recording({COUNTERS[1]: 1})])
    with proxy_to(redis_server.port) as proxy:
        through = RedisStore(f"redis://127.0.0.1:{proxy.port}/0?socket_timeout=0.3")
        through.commit([recording({COUNTERS[1]: 1})])
        proxy.hangs = True
        with pytest.raises(OutcomeUnknownError, match=r"(?i)timeout"):
            through.commit([EVERYTHING])
        through.close()
        nobody = RedisStore("redis://127.0.0.1:1/0")
        with pytest.raises(StoreUnavailableError) as failure:
            nobody.commit([EVERYTHING])
        assert not isinstance(failure.value, OutcomeUnknownError)


@dataclass
class Clients:
    """Threads that repeat what failed, with the same key, until it is acknowledged."""

    store: RedisStore
    numbers: Iterator[int] = field(default_factory=count)
    over: threading.Event = field(default_factory=threading.Event)
    acknowledged: list[int] = field(default_factory=list)
    outcomes: Counter[object] = field(default_factory=Counter)

    def work(self) -> None:
        while not self.over.is_set():
            number = next(self.numbers)
            event = (name(number), changes({COUNTERS[1]: 1}))
            wanted = Recording(
                changes({COUNTERS[0]: 1}, outbox=(str(number),)), (event,), name(10**9 + number), b"12345678"
            )
            while not self.is_acknowledged(wanted):
                self.over.wait(0.01)
            self.acknowledged.append(number)

    def is_acknowledged(self, wanted: Recording) -> bool:
        try:
            (verdict,) = self.store.commit([wanted])
        except StoreUnavailableError as failure:
            self.outcomes[type(failure)] += 1
            return False
        self.outcomes[verdict.outcome] += 1
        return True


@pytest.mark.usefixtures("redis_server")
def test_after_kill_9_of_redis_everything_acknowledged_is_there_once_and_so_is_what_was_repeated() -> None:
    with running_redis(durable=True) as server:
        clients = Clients(RedisStore(server.url))
        clients.store.identifier()
        threads = [threading.Thread(target=clients.work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for _ in range(5):
            enough = len(clients.acknowledged) + 100
            assert eventually(lambda enough=enough: len(clients.acknowledged) >= enough)  # type: ignore[misc]
            server.stop()
            server.start()
        clients.over.set()
        for thread in threads:
            thread.join(30)
        clients.store.close()
        with redis.Redis.from_url(server.url, decode_responses=True, protocol=2) as client:
            rows = cast("list[tuple[str, dict[str, str]]]", client.xrange(OUTBOX))
            assert client.mget(COUNTERS[:2]) == [str(len(rows))] * 2
    sent = sorted(int(entry["event"]) for _, entry in rows)
    assert sent == sorted(clients.acknowledged) == list(range(len(rows)))
    outcomes = clients.outcomes
    assert outcomes[RECORDED] + outcomes[DUPLICATE] == len(rows)
    assert outcomes[StoreUnavailableError] + outcomes[OutcomeUnknownError] >= 5
