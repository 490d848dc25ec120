"""Redis and the servers before it are killed, and the way between them is cut, slowed and hung.

Clients repeat every call until it is answered, and know what they reported. In the end Redis itself is asked.
"""

from __future__ import annotations

import statistics
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest
import redis

from tests.services.proxy import proxy_to
from tests.services.redis import RedisServer, running_redis
from tests.torture.served_process import FULL, ServedProcess, served_process
from tests.torture.test_repeated_calls import TOTAL, Client
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.services.proxy import Proxy

KILLS = 20 if FULL else 1
HUNG_SECONDS = 8.0 if FULL else 1.0
CLIENTS = 6


class Clients:
    """Some clients of one server, and of the next one when that is killed."""

    def __init__(self, first: int = 0) -> None:
        self.place: list[ServedProcess] = []
        self.clients = [Client(number) for number in range(first, first + CLIENTS)]
        self._over = threading.Event()
        self._threads = [threading.Thread(target=client.run, args=(self.place, self._over)) for client in self.clients]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Report while the context lasts; then every call that was begun is answered."""
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join(60)

    def go_on(self, answers: int = 50) -> None:
        """Wait until so many more calls were answered well."""
        before = self.answered()
        assert eventually(lambda: self.answered() > before + answers, 60)

    def answered(self) -> int:
        return sum(client.statuses[200] for client in self.clients)


@pytest.fixture
def durable_redis(redis_server: RedisServer) -> Iterator[RedisServer]:
    """A Redis of its own, where there is one at all."""
    assert redis_server.port
    with running_redis(durable=True) as server:
        yield server


def require_counted_once(server: RedisServer, several: Sequence[Clients]) -> None:
    clients = [client for some in several for client in some.clients]
    assert [client.wrong for client in clients] == [[]] * len(clients)
    with redis.Redis.from_url(server.url) as by_hand:
        assert int(by_hand.get(TOTAL) or 0) == sum(client.counted for client in clients)


def test_what_is_repeated_while_redis_and_servers_are_killed_is_counted_once(
    tmp_path: Path, durable_redis: RedisServer
) -> None:
    clients = Clients()
    with ExitStack() as servers:
        clients.place[:] = [servers.enter_context(served_process(tmp_path, STORE=durable_redis.url))]
        with clients.at_work():
            for _ in range(KILLS):
                clients.go_on()
                durable_redis.stop()
                time.sleep(0.05)
                durable_redis.start()
                clients.go_on()
                following = servers.enter_context(served_process(tmp_path, STORE=durable_redis.url))
                clients.place[0].kill()
                clients.place[:] = [following]
            clients.go_on()
    require_counted_once(durable_redis, [clients])


def test_two_servers_on_one_redis_of_which_one_is_killed_count_everything_once(
    tmp_path: Path, durable_redis: RedisServer
) -> None:
    here, there = Clients(), Clients(first=100)
    with (
        served_process(tmp_path, STORE=durable_redis.url) as stays,
        served_process(tmp_path, STORE=durable_redis.url) as dies,
    ):
        here.place[:], there.place[:] = [stays], [dies]
        with here.at_work(), there.at_work():
            here.go_on()
            there.go_on()
            dies.kill()
            there.place[:] = [stays]
            here.go_on()
            there.go_on()
    require_counted_once(durable_redis, [here, there])


def cut(proxy: Proxy) -> None:
    for _ in range(10):
        proxy.cut()
        time.sleep(0.02)


def slow(proxy: Proxy) -> None:
    proxy.delay = 0.05
    time.sleep(0.5)
    proxy.delay = 0.0


def hung(proxy: Proxy) -> None:
    proxy.hangs = True
    time.sleep(HUNG_SECONDS)
    proxy.hangs = False


def without_answers(proxy: Proxy) -> None:
    proxy.loses_answer_to = b"EVALSHA"
    time.sleep(0.3)
    proxy.loses_answer_to = None


def test_a_way_to_redis_that_is_cut_slowed_and_hung_loses_nothing_and_holds_up_nobody_else(
    tmp_path: Path, durable_redis: RedisServer
) -> None:
    clients = Clients()
    durations: list[float] = []
    with (
        proxy_to(durable_redis.port) as proxy,
        served_process(tmp_path, STORE=f"redis://127.0.0.1:{proxy.port}/0") as served,
    ):
        clients.place[:] = [served]
        with clients.at_work():
            for fault in (cut, slow, hung, without_answers) * (5 if FULL else 1):
                clients.go_on()
                thread = threading.Thread(target=fault, args=(proxy,))
                thread.start()
                while thread.is_alive():
                    began = time.perf_counter()
                    assert served.get("/-/liveness")[0] == 200
                    durations.append(time.perf_counter() - began)
                    time.sleep(0.01)
            clients.go_on()
        assert eventually(lambda: served.get("/-/readiness")[0] == 200, 5)
    assert sum(client.statuses[503] for client in clients.clients) > 0
    assert proxy.lost > 0
    require_counted_once(durable_redis, [clients])
    assert statistics.quantiles(durations, n=100)[98] < (0.05 if FULL else 1.0)
