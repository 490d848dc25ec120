"""The connection to a collector, against collectors that misbehave."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.events.collector import Collector, CollectorUnavailableError
from metrics_dictionary.tools.errors import OperationalError
from tests.events.loopback_collector import CUT, LoopbackCollector

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedIOBase

EVENTS = [{"e": "se"}]


@pytest.fixture
def listener() -> Iterator[LoopbackCollector]:
    with LoopbackCollector() as listener:
        yield listener


@pytest.fixture
def collector(listener: LoopbackCollector) -> Iterator[Collector]:
    with closing(Collector(listener.url, timeout=5)) as collector:
        yield collector


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:9090", "ftp://127.0.0.1", "http://", "http://127.0.0.1:x", "http://[::1"]
)
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(OperationalError, match="the collector's address"):
        Collector(url)


@pytest.mark.parametrize("host", ["no..name", "nowhere.invalid", f"{'a' * 64}.example"])
def test_a_host_that_cannot_be_found_is_no_answer(host: str) -> None:
    with pytest.raises(CollectorUnavailableError, match=f"collector http://{host}"):
        Collector(f"http://{host}").post(EVENTS)


def test_a_collector_may_live_below_a_path(listener: LoopbackCollector) -> None:
    with closing(Collector(f"{listener.url}/below/")) as collector:
        collector.post(EVENTS)
    assert listener.complaints[0] == "path /below/com.snowplowanalytics.snowplow/tp2"


def test_requests_share_a_connection(listener: LoopbackCollector, collector: Collector) -> None:
    assert [collector.post(EVENTS) for _ in range(5)] == [200] * 5
    assert (listener.requests, listener.connections) == (5, 1)


def test_a_connection_that_the_collector_closed_meanwhile_costs_no_request(
    listener: LoopbackCollector, collector: Collector
) -> None:
    assert collector.post(EVENTS) == 200
    listener.hang_up()
    time.sleep(0.05)  # until the end of the connection has arrived
    assert collector.post(EVENTS) == 200
    assert (listener.requests, listener.connections) == (2, 2)


@pytest.mark.parametrize("length", ["Content-Length: 100", "Transfer-Encoding: chunked", "Content-Length: 9999999"])
def test_a_status_holds_although_the_rest_of_the_answer_is_cut_off(
    length: str, listener: LoopbackCollector, collector: Collector
) -> None:
    def cut(client: BufferedIOBase, _: bytes) -> str:
        client.write(f"HTTP/1.1 202 Accepted\r\n{length}\r\n\r\n5\r\nhel".encode())
        return CUT

    listener.answer = cut
    assert [collector.post(EVENTS) for _ in range(2)] == [202] * 2
    assert listener.connections == 2


def test_an_answer_of_any_length_is_read_only_so_far(listener: LoopbackCollector, collector: Collector) -> None:
    def flood(client: BufferedIOBase, _answer: bytes) -> None:
        client.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        client.writelines(b"x" * 1_000_000 for _megabyte in range(100))

    listener.answer = flood
    assert [collector.post(EVENTS) for _ in range(2)] == [200] * 2


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2", b"HTTP/1.1 20", b"\0nonsense\r\n\r\n"])
def test_a_head_that_is_cut_off_is_no_answer(answer: bytes, listener: LoopbackCollector, collector: Collector) -> None:
    def cut(client: BufferedIOBase, _: bytes) -> str:
        client.write(answer)
        return CUT

    listener.answer = cut
    with pytest.raises(CollectorUnavailableError, match=listener.url):
        collector.post(EVENTS)
    listener.answer = lambda client, whole: client.write(whole)
    assert collector.post(EVENTS) == 200


def test_another_thread_can_end_a_request_that_drips(listener: LoopbackCollector, collector: Collector) -> None:
    stopped = threading.Event()

    def drip(client: BufferedIOBase, answer: bytes) -> None:
        for position in range(len(answer)):
            if stopped.wait(0.05):
                return
            client.write(answer[position : position + 1])

    listener.answer = drip
    threading.Timer(0.3, collector.abort).start()
    began = time.monotonic()
    with pytest.raises(CollectorUnavailableError):
        collector.post(EVENTS)
    assert time.monotonic() - began < 1.5, "the whole answer takes longer"
    stopped.set()
