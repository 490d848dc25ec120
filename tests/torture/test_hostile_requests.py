"""Malformed requests and costly bodies, thousands of them: no error of ours, no wait for others, and nothing stays."""

from __future__ import annotations

import random
import re
import socket
import statistics
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.benchmarks.load import measure_load
from tests.server.costly_bodies import FORM_OPENINGS, FORM_PIECES, JSON_OPENINGS, JSON_PIECES, MAX_BODY, repeated
from tests.server.running_server import API
from tests.torture.served_process import FULL, ServedProcess, served_process
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

REQUESTS = 200_000 if FULL else 3_000
CLIENTS = 8

EXPECTED = {200, 204, 301, 302, 304, 308, 400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 422, 431, 505}
"""What may be answered. Anything else, 500 first of all, is a bug of the server."""

MAX_LIVENESS_MS = 50.0
MAX_GROWTH = 40.0
"""Megabytes: more than pools and caches take that fill once."""

PIECES = (
    b"\r\n", b"\n", b"\r", b"\0", b" ", b":", b"\t", b"\xff", b"%", b"\r\n\r\n", b"GET / HTTP/1.1\r\n", b"HTTP/2.0",
    b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Content-Length: 99999999999999999999\r\n", b"0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Host: a\r\n", b"Connection: close\r\n", b"Expect: 100-continue\r\n", b"/../",
    b"//", b"?", b"#", b"*", b"http://a/", b"%00", b"%2e%2e/", b"a" * 9_000, b"a: b\r\n" * 200, b"{", b"[" * 200,
    b"\xed\xa0\x80", b'"', b"1e999", b"NaN", b"9" * 5_000, b"\\ud800", b"Content-Encoding: gzip\r\n",
    b"PRIVATE-TOKEN: x\r\n",
)  # fmt: skip

METHODS = ("POST", "POST", "POST", "GET", "GET", "PUT", "HEAD", "OPTIONS", "BREW")
PATHS = (
    *(f"{API}/{call}" for call in ("track_event", "track_events", "increment_counter", "increment_unique_users")),
    *(f"{API}/{call}" for call in ("service_ping", "metric_definitions?include_paths=true", "queries", "nothing")),
    *("/", "/metrics/counts.boards/", "/index.json", "/-/liveness", "/-/readiness", "/-/metrics", "/api/openapi.json"),
)
BODIES = (
    b'{"event":"create_board","additional_properties":{"label":"list"}}', b'{"events":[{"event":"create_board"}]}',
    b'{"event":"create_bord"}', b'{"event":"create_board","values":[1,2]}', b"event=create_board&project_id=1", b"",
    b'{"event":"create_board","occurred_at":"2026-01-01T00:00:00Z"}', b'{"event":"create_board","id":"x"}',
)  # fmt: skip


def a_request(chance: random.Random, token: str) -> bytes:
    """Return a request that is mutated a little, a lot, or not at all but costly."""
    form = chance.random() < 0.3
    body = chance.choice(BODIES)
    if chance.random() < 0.05:
        body = a_costly_body(chance, form=form)
    kind = "x-www-form-urlencoded" if form else "json"
    head = (
        f"{chance.choice(METHODS)} {chance.choice(PATHS)} HTTP/1.1\r\n"
        f"Host: localhost\r\nPRIVATE-TOKEN: {token}\r\nContent-Type: application/{kind}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    if chance.random() < 0.8:
        head = mutated(head, chance)
    if body and chance.random() < 0.5:
        body = mutated(body, chance)
    return head + body


def a_costly_body(chance: random.Random, *, form: bool) -> bytes:
    most = chance.choice((30_000, 60_000, 60_000, 300_000, MAX_BODY - 10))
    body = chance.choice(FORM_OPENINGS if form else JSON_OPENINGS)
    for _ in range(chance.randint(1, 3)):
        body += repeated(chance.choice(FORM_PIECES if form else JSON_PIECES), most)[:most]
    return body.encode("utf-8", "surrogatepass")[:most]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Cut, repeat, overwrite or insert somewhere, once or a few times."""
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice((0, 1, 1, 4, 30)))
        middle = chance.choice((b"", data[start:end] * 2, bytes([chance.randrange(256)]), chance.choice(PIECES)))
        data = data[:start] + middle + data[end:]
    return data


def answers(port: int, request: bytes) -> Counter[int]:
    """Send a request and nothing more; return the statuses of what comes back."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(65536):
                received += data[:4096] if len(received) > 65536 else data
        except (ConnectionResetError, BrokenPipeError):
            pass
    return Counter(int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received) if status != b"100")


def flood(served: ServedProcess, seed: int, requests: int) -> Counter[int]:
    """Send so many requests over a few connections at a time; return how often each status came back."""

    def send(client: int) -> Counter[int]:
        chance = random.Random(seed * CLIENTS + client)
        found: Counter[int] = Counter()
        for _ in range(requests // CLIENTS):
            found += answers(served.port, a_request(chance, served.token))
        return found

    with ThreadPoolExecutor(CLIENTS) as clients:
        return sum(clients.map(send, range(CLIENTS)), Counter())


def test_hostile_requests_get_an_answer_that_is_theirs_and_leave_nothing_behind(tmp_path: Path) -> None:
    with served_process(tmp_path) as served:
        found = flood(served, 1, REQUESTS // 3)
        megabytes, descriptors = served.megabytes(), served.descriptors()
        latencies: list[float] = []
        over = threading.Event()

        def probe() -> None:
            while not (latencies and over.is_set()):
                load = measure_load(f"{served.url}/-/liveness", connections=1, seconds=1.0, pause=0.001)
                assert load.statuses.keys() == {"200"}
                latencies.append(load.p99_ms)

        with ThreadPoolExecutor(1) as prober:
            probing = prober.submit(probe)
            try:
                found += flood(served, 2, REQUESTS * 2 // 3)
            finally:
                over.set()
            probing.result()
        assert found.keys() <= EXPECTED | {503}
        assert found[503] == served.counted(503)
        assert sum(found.values()) > REQUESTS * 0.6
        assert found[200] > REQUESTS * 0.02
        # The machine may be busy with other tests; a server that waits for bodies is late all the time.
        assert statistics.median(latencies) < MAX_LIVENESS_MS
        assert eventually(lambda: served.descriptors() <= descriptors + CLIENTS)
        assert served.megabytes() < megabytes + MAX_GROWTH
        assert "Traceback" not in (tmp_path / "errors.txt").read_text()
