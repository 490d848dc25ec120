"""Who calls, when a proxy stands between: seen in the access log, by limits, and by who may read the counters."""

from __future__ import annotations

import json
import time
import tracemalloc
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics_dictionary.server.api.networks import Networks, TrustedProxies
from metrics_dictionary.server.transport.access_log import AccessLog
from metrics_dictionary.server.transport.request import Request, parse_request
from metrics_dictionary.tools.errors import OperationalError
from tests.server.running_server import API, OPTIONS, Answer, Client, Running, running
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from metrics_dictionary.settings import Value

PROXIES = ("127.0.0.1", "10.0.0.0/8", "fd00::/8")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "access.log"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, log: Path) -> Iterator[Running]:
    settings: dict[str, Value] = {
        "server.trusted_proxies": PROXIES,
        "server.trusted_networks": ("127.0.0.0/8", "203.0.113.0/28"),
    }
    options = replace(OPTIONS, access_log=AccessLog(str(log)))
    with running(tmp_path_factory.mktemp("proxied"), options, settings=settings) as served:
        yield served


FOR = "X-Forwarded-For"
BY_RFC = "Forwarded"

CALLERS = [
    # What the proxy at 127.0.0.1 says -> who called, and whether that is inside `trusted_networks`.
    ({}, "127.0.0.1", True),
    ({FOR: "203.0.113.7"}, "203.0.113.7", True),
    ({FOR: "198.51.100.1"}, "198.51.100.1", False),
    ({FOR: "127.0.0.1, 198.51.100.1"}, "198.51.100.1", False),
    ({FOR: "198.51.100.1, 203.0.113.7"}, "203.0.113.7", True),
    ({FOR: "1.1.1.1, 198.51.100.1, 10.1.2.3 ,10.9.9.9"}, "198.51.100.1", False),
    ({FOR: "10.1.2.3, 10.9.9.9"}, "10.1.2.3", False),
    ({FOR: "<script>, 203.0.113.7:5123"}, "203.0.113.7", True),
    ({FOR: "2001:db8::0:1"}, "2001:db8::1", False),
    ({FOR: "[2001:db8::1]:443, fd00::1"}, "2001:db8::1", False),
    ({FOR: "::ffff:203.0.113.7"}, "203.0.113.7", True),
    ({BY_RFC: "for=192.0.2.60;proto=http;by=203.0.113.43"}, "192.0.2.60", False),
    ({BY_RFC: 'For="[2001:db8:cafe::17]:4711"'}, "2001:db8:cafe::17", False),
    ({BY_RFC: 'for="a, b;for=127.0.0.1", for=198.51.100.17;host="x;for=127.0.0.1"'}, "198.51.100.17", False),
    ({BY_RFC: "for=203.0.113.7, for=10.0.0.1"}, "203.0.113.7", True),
    ({FOR: "203.0.113.7", BY_RFC: "for=203.0.113.7"}, "203.0.113.7", True),
    # Nothing certain: the caller is whoever the connection is from, and nobody is trusted for it.
    ({FOR: "nonsense"}, "127.0.0.1", False),
    ({FOR: "203.0.113.7, "}, "127.0.0.1", False),
    ({FOR: "127.0.0.1%eth0"}, "127.0.0.1", False),
    ({FOR: "203.0.113.7, unknown, 10.0.0.1"}, "127.0.0.1", False),
    ({FOR: "198.51.100.1", BY_RFC: "for=203.0.113.7"}, "127.0.0.1", False),
    ({BY_RFC: 'for="203.0.113.7, for=198.51.100.1'}, "127.0.0.1", False),
    ({BY_RFC: "for=203.0.113.7;for=203.0.113.7"}, "127.0.0.1", False),
    ({BY_RFC: "for=_hidden"}, "127.0.0.1", False),
    ({BY_RFC: "proto=https"}, "127.0.0.1", False),
]


@pytest.mark.parametrize(("headers", "caller", "trusted"), CALLERS)
def test_the_caller_is_the_rightmost_address_that_is_not_a_proxys(
    served: Running,
    log: Path,
    headers: dict[str, str],
    caller: str,
    trusted: bool,
) -> None:
    with closing(Client(served.port)) as client:
        answer = client.call("GET", "/-/liveness", None, headers)
    assert logged(log, answer) == caller
    assert answer.status == (200 if trusted else 404)


@pytest.mark.parametrize("name", [FOR, BY_RFC])
def test_who_is_no_proxy_names_nobody(served: Running, log: Path, name: str) -> None:
    said = "203.0.113.7" if name == FOR else "for=203.0.113.7"
    with closing(Client(served.port, "127.0.0.9")) as client:
        answer = client.call("GET", f"{API}/metric_definitions", None, {name: said})
    assert logged(log, answer) == "127.0.0.9"


def logged(log: Path, answer: Answer) -> str:
    """Return the caller that the access log names for a request; the line is written after the answer."""

    def lines() -> list[str]:
        return [line for line in log.read_text(encoding="utf-8").splitlines() if answer.headers["x-request-id"] in line]

    assert eventually(lines)
    return str(json.loads(lines()[0])["client"])


def test_behind_a_proxy_each_caller_has_a_bucket_and_no_header_gives_another_one(tmp_path: Path) -> None:
    settings: dict[str, Value] = {
        "server.trusted_proxies": ("127.0.0.1",),
        "server.address_rate": 0.001,
        "server.rate_burst": 2,
    }
    with running(tmp_path, settings=settings) as served, closing(Client(served.port)) as client:

        def ask(text: str) -> int:
            return client.get(f"{API}/metric_definitions", X_Forwarded_For=text).status

        assert [ask(f"192.0.2.{number}, 198.51.100.1") for number in range(4)] == [200, 200, 429, 429]
        assert ask("198.51.100.2") == 200
        assert [ask(f"2001:db8::{number:x}") for number in range(4)] == [200, 200, 429, 429]
        # Unreadable ones share the proxy's bucket.
        assert [ask(f"nonsense {number}") for number in range(4)] == [200, 200, 429, 429]


def test_a_proxy_that_is_not_a_network_is_one_line_that_says_what_to_do() -> None:
    with pytest.raises(
        OperationalError, match=r"server\.trusted_proxies: 'proxy\.example' is not a network; write one"
    ):
        TrustedProxies(("proxy.example",))


LEFT = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=80)


@given(LEFT)
def test_nothing_that_a_caller_writes_is_taken_for_the_address_that_the_proxy_adds(left: str) -> None:
    assert asked(f"X-Forwarded-For: {left}, 198.51.100.1").client == "198.51.100.1"
    # A quotation mark may make the whole header unreadable; then the connection's address is left.
    by_rfc = asked(f'Forwarded: {left}, for="198.51.100.1"')
    assert by_rfc.client == ("198.51.100.1" if by_rfc.is_forwarded else "127.0.0.1")


@pytest.mark.parametrize("text", ['"' * 30_000, '"\\"' * 10_000, "a," * 15_000, ";for=" * 6_000, "10.0.0.1," * 3_400])
def test_a_long_header_is_read_at_once(text: str) -> None:
    began = time.perf_counter()
    asked(f"X-Forwarded-For: {text}", f"Forwarded: {text}")
    assert time.perf_counter() - began < 0.1


def asked(*headers: str) -> Request:
    request = parse_request("\r\n".join(("GET / HTTP/1.1", "Host: x", *headers)), "127.0.0.1")
    assert isinstance(request, Request)
    TrustedProxies(PROXIES).find_client(request)
    return request


def test_long_texts_in_the_place_of_addresses_stay_in_no_memory() -> None:
    networks = Networks(("127.0.0.1",), "server.trusted_networks")
    tracemalloc.start()
    try:
        for number in range(200):
            assert not networks.contain(f"{number}{'1' * 20_000}")
            asked(f"X-Forwarded-For: {number}{'1' * 20_000}")
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()
