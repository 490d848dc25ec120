"""How many calls of the API an address and a token may make: token buckets, and the response when one is empty."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING

from metrics_dictionary.server.api.networks import client_key
from metrics_dictionary.server.transport.response import message_response
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.instruments import Counter

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from metrics_dictionary.server.transport.request import Request
    from metrics_dictionary.server.transport.response import Response
    from metrics_dictionary.settings import Settings
    from metrics_dictionary.stores.tokens import Token

MAX_BUCKETS = 50_000
"""Buckets of one generation; two are kept, which takes about 10 MB."""

ROUNDING = 1e-6
"""Seconds that sums of many intervals may be off."""

LIMITED = Counter("rate_limited_requests_total", "Requests that were refused with 429.", ("limit",))


class RateLimits:
    """The limits of the settings ``server.address_rate``, ``server.token_rate`` and ``server.rate_burst``."""

    def __init__(self, settings: Settings) -> None:
        """Read them. Raises OperationalError for a rate or a burst that means nothing."""
        burst = int(settings.number("server.rate_burst"))
        if burst < 1:
            raise OperationalError("server.rate_burst must be at least 1")
        self._addresses = _buckets(settings, "address", burst)
        self._tokens = _buckets(settings, "token", burst)

    def refuse_address(self, request: Request) -> Response | None:
        """Count a call for its address; return the refusal when that has made too many."""
        return None if self._addresses is None else self._addresses.refuse(client_key(request.client))

    def refuse_token(self, token: Token) -> Response | None:
        """Count a call for its token; return the refusal when that has made too many."""
        return None if self._tokens is None else self._tokens.refuse(token.identifier)


class Buckets:
    """Token buckets of one kind. Each holds ``burst`` tokens, and gets ``rate`` new ones a second.

    Of a bucket nothing is kept but when it will be full (the "theoretical arrival time" of the generic cell rate
    algorithm, ITU-T I.371), so one that is full needs no memory. However many addresses come, at most two generations
    of ``capacity`` are kept: when the newer one has no room left, it becomes the older one, and what was the older one
    is forgotten, which means full. An address that is still in use moves to the newer one.
    """

    def __init__(
        self,
        name: str,
        rate: float,
        burst: int,
        *,
        capacity: int = MAX_BUCKETS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``rate`` is more than 0; ``name`` is what the header RateLimit-Name says."""
        self._name, self._burst, self._capacity, self._clock = name, burst, capacity, clock
        self._interval = 1 / rate
        self._lock = threading.Lock()
        self._newer: dict[Hashable, float] = {}
        self._older: dict[Hashable, float] = {}
        LIMITED.add(name, amount=0)

    def __len__(self) -> int:
        return len(self._newer) + len(self._older)

    def refuse(self, key: Hashable) -> Response | None:
        """Take a token from the bucket of ``key``, or return the refusal when it is empty."""
        now = self._clock()
        with self._lock:
            full_at = self._newer.get(key) or self._older.get(key, now)
            full_in = full_at - now if full_at > now else 0.0
            wait = full_in - (self._burst - 1) * self._interval
            if wait < ROUNDING:
                if len(self._newer) >= self._capacity and key not in self._newer:
                    self._newer, self._older = {}, self._newer
                self._newer[key] = now + full_in + self._interval
                return None
        LIMITED.add(self._name)
        return self._refusal(wait, full_in)

    def _refusal(self, wait: float, full_in: float) -> Response:
        """Return 429 with GitLab's headers: RateLimit-Reset is the second of Unix time in which the bucket is full."""
        headers = {
            "Retry-After": str(math.ceil(wait)),
            "RateLimit-Name": self._name,
            "RateLimit-Limit": str(self._burst),
            "RateLimit-Remaining": "0",
            "RateLimit-Reset": str(math.ceil(time.time() + full_in)),
        }
        return message_response(429, "Too Many Requests", headers)


def _buckets(settings: Settings, name: str, burst: int) -> Buckets | None:
    rate = settings.number(f"server.{name}_rate")
    if rate < 0:
        raise OperationalError(f"server.{name}_rate must be 0, which is off, or more requests a second")
    return Buckets(name, rate, burst) if rate else None
