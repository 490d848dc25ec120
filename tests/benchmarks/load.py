"""A load of HTTP requests over keep-alive connections, from a process of its own.

    python -m tests.benchmarks.load http://127.0.0.1:8080/path --connections 32 --seconds 5 \\
        --header 'PRIVATE-TOKEN: glpat-...' --body '{"event": "x"}'

prints one line of JSON: `requests_per_second`, `median_ms`, `p99_ms`, `statuses`, `errors`. Each `{uuid7}` in the body
is another UUID of version 7 in each request.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from random import getrandbits
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

UUID7 = b"{uuid7}"
UUID7_LENGTH = 36

WARM_UP_SHARE = 0.1
"""How much of the time passes before anything is counted."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one load measured. ``errors`` counts connections that broke, ``answered`` all answers, early ones too."""

    requests_per_second: float
    median_ms: float
    p99_ms: float
    statuses: Mapping[str, int] = field(default_factory=dict)
    errors: int = 0
    answered: int = 0


def measure_load(
    url: str,
    *,
    connections: int = 32,
    seconds: float = 5.0,
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
    pause: float = 0.0,
) -> Load:
    """Put the load on a server from another process, and return what that process measured.

    Each connection sends its next request ``pause`` seconds after an answer.
    """
    command = [sys.executable, "-m", "tests.benchmarks.load", url, "--connections", str(connections)]
    command += ["--seconds", str(seconds), "--pause", str(pause)]
    for name, value in (headers or {}).items():
        command += ["--header", f"{name}: {value}"]
    if body is not None:
        command += ["--body", body]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 60)
    return Load(**json.loads(done.stdout))


class _Client(asyncio.Protocol):
    """One connection: sends the request again as soon as it has been answered."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._received = b""
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        end = received.find(b"\r\n\r\n")
        if end < 0 or len(received) < end + 4 + _content_length(received, end):
            self._received = received
            return
        self._received = b""
        self._run.answered(received[9:12], time.perf_counter() - self._began)
        if self._run.over:
            self._transport.close()
        elif self._run.pause:
            asyncio.get_running_loop().call_later(self._run.pause, self._send)
        else:
            self._send()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._run.lost()

    def _send(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(self._run.next_request())


class _Run:
    def __init__(self, request: bytes, connections: int, pause: float) -> None:
        self._parts = request.split(UUID7)
        self.pause = pause
        self.over = False
        self.counting = False
        self.errors = 0
        self.all_answered = 0
        self.durations: list[float] = []
        self.statuses: Counter[bytes] = Counter()
        self._open = connections
        self.ended = asyncio.Event()

    def next_request(self) -> bytes:
        first, *others = self._parts
        return first + b"".join([_uuid7() + part for part in others]) if others else first

    def answered(self, status: bytes, seconds: float) -> None:
        self.all_answered += 1
        if self.counting:
            self.statuses[status] += 1
            self.durations.append(seconds)

    def lost(self) -> None:
        if not self.over:
            self.errors += 1
        self._open -= 1
        if self._open == 0:
            self.ended.set()


def _uuid7() -> bytes:
    """Return a UUID as RFC 9562, section 5.7, makes it: milliseconds, then what is random."""
    number = (time.time_ns() // 1_000_000 << 80) | (7 << 76) | (2 << 62)
    text = f"{number | (getrandbits(12) << 64) | getrandbits(62):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}".encode()


def _content_length(received: bytes, end: int) -> int:
    start = received.find(b"Content-Length: ", 0, end)
    if start < 0:
        start = received.find(b"content-length: ", 0, end)  # as other servers write it
    return 0 if start < 0 else int(received[start + 16 : received.find(b"\r", start)])


async def _load(url: str, request: bytes, connections: int, seconds: float, pause: float) -> Load:
    address = urlsplit(url)
    run = _Run(request, connections, pause)
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: _Client(run), address.hostname or "127.0.0.1", address.port or 80)
    await asyncio.sleep(seconds * WARM_UP_SHARE)
    run.counting = True
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    run.counting = False
    elapsed = time.perf_counter() - began
    run.over = True
    await asyncio.wait_for(run.ended.wait(), 30)
    durations = sorted(run.durations)
    if not durations:
        return Load(0.0, 0.0, 0.0, {}, run.errors)
    return Load(
        requests_per_second=len(durations) / elapsed,
        median_ms=statistics.median(durations) * 1000,
        p99_ms=durations[int(len(durations) * 0.99)] * 1000,
        statuses={status.decode(): number for status, number in run.statuses.items()},
        errors=run.errors,
        answered=run.all_answered,
    )


def _request(url: str, headers: list[str], body: str | None) -> bytes:
    address = urlsplit(url)
    target = f"{address.path or '/'}{'?' + address.query if address.query else ''}"
    lines = [f"{'GET' if body is None else 'POST'} {target} HTTP/1.1", f"Host: {address.netloc}", *headers]
    if body is not None:
        if not any(header.lower().startswith("content-type:") for header in headers):
            lines.append("Content-Type: application/json")
        length = len(body.encode()) + body.count(UUID7.decode()) * (UUID7_LENGTH - len(UUID7))
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", body or ""]).encode()


def main() -> None:
    """Run one load and print what it measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--body")
    given = parser.parse_args()
    request = _request(given.url, given.header, given.body)
    print(json.dumps(asdict(asyncio.run(_load(given.url, request, given.connections, given.seconds, given.pause)))))


if __name__ == "__main__":
    main()
