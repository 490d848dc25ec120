"""Token buckets, for addresses and tokens. What is counted is read from the store's file, with SQL."""

from __future__ import annotations

import sqlite3
import time
import tracemalloc
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics_dictionary.server.api.networks import client_key
from metrics_dictionary.server.api.rate_limits import Buckets, RateLimits
from metrics_dictionary.settings import load_settings
from metrics_dictionary.tools.errors import OperationalError
from tests.server.running_server import API, COUNTER, EVENT, Client, Running, running
from tests.server.test_monitoring import samples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from metrics_dictionary.settings import Value
    from metrics_dictionary.stores.tokens import Token

TRACK = f"{API}/track_event"
SLOW = 0.001
"""A rate at which no bucket gets a token back during a test."""


@contextmanager
def limited(folder: Path, **settings: Value) -> Iterator[Running]:
    """Serve with the settings ``server.*`` that are given."""
    with running(folder, settings={f"server.{name}": value for name, value in settings.items()}) as served:
        yield served


def statuses(served: Running, number: int, headers: dict[str, str], source: str = "127.0.0.1") -> list[int]:
    with closing(Client(served.port, source)) as client:
        return [client.post_json(TRACK, {"event": EVENT}, headers).status for _ in range(number)]


def counted(folder: Path) -> float:
    with closing(sqlite3.connect(folder / "store.db")) as store:
        rows = store.execute("SELECT value FROM totals WHERE key = ?", (COUNTER,)).fetchall()
        return float(rows[0][0]) if rows else 0


def test_a_token_may_come_as_often_as_the_burst_allows_and_no_more_is_counted(tmp_path: Path) -> None:
    with limited(tmp_path, token_rate=SLOW, rate_burst=5) as served:
        assert statuses(served, 20, served.headers("tracker")) == [200] * 5 + [429] * 15
        assert statuses(served, 1, served.headers("administrator")) == [200]
    assert counted(tmp_path) == 6


def test_the_refusal_says_when_to_come_back_in_the_headers_of_gitlab(tmp_path: Path) -> None:
    with limited(tmp_path, token_rate=0.5, rate_burst=4) as served, closing(Client(served.port)) as client:
        before = samples(client).get('metrics_dictionary_rate_limited_requests_total{limit="token"}', 0)
        assert statuses(served, 4, served.headers("tracker")) == [200] * 4
        answer = client.post_json(TRACK, {"event": EVENT}, served.headers("tracker"))
        now = time.time()
        assert (answer.status, answer.json) == (429, {"message": "429 Too Many Requests"})
        assert answer.headers["retry-after"] in {"1", "2"}
        shown = {name: value for name, value in answer.headers.items() if name.startswith("ratelimit-")}
        # Four requests at one in two seconds: the bucket is full after eight.
        assert 6 < int(shown.pop("ratelimit-reset")) - now <= 9
        assert shown == {"ratelimit-name": "token", "ratelimit-limit": "4", "ratelimit-remaining": "0"}
        assert samples(client)['metrics_dictionary_rate_limited_requests_total{limit="token"}'] == before + 1


def test_a_client_that_waits_as_long_as_it_is_told_to_is_served(tmp_path: Path) -> None:
    with limited(tmp_path, token_rate=1.0, rate_burst=1) as served, closing(Client(served.port)) as client:
        assert client.post_json(TRACK, {"event": EVENT}, served.headers("tracker")).status == 200
        refused = client.post_json(TRACK, {"event": EVENT}, served.headers("tracker"))
        assert refused.status == 429
        time.sleep(int(refused.headers["retry-after"]))
        assert client.post_json(TRACK, {"event": EVENT}, served.headers("tracker")).status == 200


def test_whoever_guesses_tokens_is_refused_before_the_store_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with limited(tmp_path, address_rate=SLOW, rate_burst=6) as served:
        asked, look = [], served.store.token

        def token(digest: str) -> Token | None:
            asked.append(digest)
            return look(digest)

        monkeypatch.setattr(served.store, "token", token)
        guesses = [statuses(served, 1, {"PRIVATE-TOKEN": f"glpat-{guess}"})[0] for guess in range(30)]
        assert guesses == [401] * 6 + [429] * 24
        assert len(asked) == 6
        assert statuses(served, 1, served.headers("tracker")) == [429]
        assert statuses(served, 1, served.headers("tracker"), "127.0.0.2") == [200]


def test_a_token_is_counted_before_its_scope_is_looked_at(tmp_path: Path) -> None:
    with limited(tmp_path, token_rate=SLOW, rate_burst=2) as served:
        assert statuses(served, 3, served.headers("reader")) == [403, 403, 429]
        assert statuses(served, 3, {"PRIVATE-TOKEN": "glpat-unknown"}) == [401, 401, 401]


def test_pages_health_and_counters_are_not_limited(tmp_path: Path) -> None:
    with limited(tmp_path, address_rate=SLOW, rate_burst=1) as served, closing(Client(served.port)) as client:
        assert [client.get("/api/nowhere").status for _ in range(2)] == [404, 429]
        assert {client.get("/-/liveness").status for _ in range(20)} == {200}
        assert {client.get("/a-page/").status for _ in range(20)} == {404}


def test_a_refusal_ends_no_connection(tmp_path: Path) -> None:
    with limited(tmp_path, address_rate=SLOW, rate_burst=1) as served, closing(Client(served.port)) as client:
        assert [client.get(f"{API}/metric_definitions").status for _ in range(2)] == [200, 429]
        refused_on = client.connection.sock.getsockname()
        assert client.get("/-/liveness").status == 200
        assert client.connection.sock.getsockname() == refused_on


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("server.token_rate", -1.0, r"server\.token_rate must be 0, which is off, or more"),
        ("server.address_rate", -0.5, r"server\.address_rate must be 0, which is off, or more"),
        ("server.rate_burst", 0, r"server\.rate_burst must be at least 1"),
    ],
)
def test_a_limit_that_means_nothing_is_refused(name: str, value: Value, message: str) -> None:
    with pytest.raises(OperationalError, match=message):
        RateLimits(load_settings(None, {name: value}, environment={}))


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_no_setting_is_a_number_that_cannot_be_reached(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f"[server]\ntoken_rate = {text}\n", encoding="utf-8")
    with pytest.raises(OperationalError, match=r"server\.token_rate must be a finite number"):
        load_settings(file, environment={})


@given(
    rate=st.floats(0.1, 50),
    burst=st.integers(1, 20),
    pauses=st.lists(st.one_of(st.just(0.0), st.floats(0.001, 3)), max_size=60),
)
def test_a_bucket_does_what_a_heap_of_tokens_does(rate: float, burst: int, pauses: list[float]) -> None:
    now, heap, last = 1000.0, float(burst), 1000.0
    buckets = Buckets("token", rate, burst, clock=lambda: now)
    for pause in pauses:
        now += pause
        heap, last = min(burst, heap + (now - last) * rate), now
        allowed = buckets.refuse("key") is None
        if abs(heap - 1) > 1e-3:  # the two add up differently in the last digits
            assert allowed is (heap > 1)
        if allowed:
            heap -= 1


def test_however_many_addresses_come_memory_stays_bounded_and_an_innocent_one_is_served() -> None:
    buckets = Buckets("address", SLOW, 3, capacity=1_000)
    tracemalloc.start()
    try:
        for number in range(5_000):
            buckets.refuse(number.to_bytes(8, "big"))
        before = tracemalloc.get_traced_memory()[0]
        for number in range(5_000, 100_000):
            buckets.refuse(number.to_bytes(8, "big"))
        assert tracemalloc.get_traced_memory()[0] - before < 200_000
    finally:
        tracemalloc.stop()
    assert len(buckets) <= 2_000
    assert buckets.refuse(b"innocent") is None


def test_an_address_that_keeps_coming_is_not_forgotten_among_others() -> None:
    buckets = Buckets("address", 100.0, 3, capacity=10, clock=lambda: 5.0)
    allowed = 0
    for other in range(200):
        allowed += buckets.refuse("flooder") is None
        buckets.refuse(other)
    # A new burst for each two generations at most.
    assert allowed <= 3 * (200 // 10)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("2001:db8::", "0.0.0.0", False),
    ],
)
def test_one_caller_is_an_ipv4_address_or_a_64_of_ipv6(one: str, other: str, same: bool) -> None:
    assert (client_key(one) == client_key(other)) is same
