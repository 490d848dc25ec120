"""What a store keeps, and the protocol that SQLite and Redis both speak."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from metrics_dictionary.tools.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

LARGEST_INCREMENT = 2**63 - 1
"""What both stores can add in one step."""


class StoreUnavailableError(UnavailableError):
    """The store is away: locked, full, unreachable, closed. The message is one line and names the store.

    What was to be written is either not written or, when a connection broke while Redis was answering, not known to be.
    """


@dataclass(frozen=True, slots=True)
class Recording:
    """What one request changes; written together or not at all.

    ``increments``: counter key -> by how much. ``sums``: sum key -> by how much, finite. ``uniques``: key of a set ->
    the values to add. ``expiring``: those of these keys that end KEY_LIFETIME after the last write, the weekly ones.
    ``outbox``: JSON texts, one for each event that goes to the collector. Raises ValueError for a number that a store
    could not add: it would spoil what the same transaction holds for others.
    """

    increments: Mapping[str, int]
    sums: Mapping[str, float]
    uniques: Mapping[str, frozenset[str]]
    expiring: frozenset[str]
    outbox: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key, amount in self.increments.items():
            if not -LARGEST_INCREMENT <= amount <= LARGEST_INCREMENT:
                raise ValueError(f"{key}: {amount} is too large to be added to a counter")
        for key, value in self.sums.items():
            if not math.isfinite(value):
                raise ValueError(f"{key}: {value} cannot be added to a sum")


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, of which only the digest is known.

    ``user`` is a user's id. ``expires`` is the first day on which the token is refused, None for never.
    ``created`` is a moment in UTC.
    """

    identifier: str
    digest: str
    user: int
    scopes: frozenset[str]
    admin: bool
    expires: date | None
    created: datetime


@dataclass(frozen=True, slots=True)
class CachedPayload:
    """The last Service Ping payload.

    ``payload`` and ``metadata`` are JSON texts; the second says for each metric how long it took and why it failed.
    """

    recorded_at: datetime
    payload: str
    metadata: str


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An event that waits for the collector. ``identifier`` means something to its store only; ``text`` is JSON."""

    identifier: str
    text: str


class Recorder(Protocol):
    """What is needed to write: a store, or what stands before one."""

    def record(self, recording: Recording) -> None:
        """Write all of it, once. Raises StoreUnavailableError."""


class Store(Protocol):
    """Every method may be called from any thread and raises StoreUnavailableError when the store is away."""

    def record(self, recording: Recording) -> None:
        """Write all of it, once, and return after it is durable."""

    def totals(self, keys: Sequence[str]) -> dict[str, float]:
        """Return what counters (int) and sums (finite float) stand at; an absent key is left out."""

    def distinct(self, keys: Sequence[str]) -> int:
        """Return the size of the union of these sets; an absent set is empty. Redis estimates (0.81 % error)."""

    def save_payload(self, payload: CachedPayload) -> None:
        """Keep this payload in place of the last one."""

    def payload(self) -> CachedPayload | None:
        """Return the payload that was saved last; it outlives a restart."""

    def add_token(self, token: Token) -> None:
        """Keep a token, in place of one with the same digest."""

    def token(self, digest: str) -> Token | None:
        """Look a token up by its digest, expired or not."""

    def tokens(self) -> list[Token]:
        """Return all tokens, the oldest first."""

    def revoke_token(self, identifier: str) -> bool:
        """Forget a token; False when there is none with this identifier."""

    def flags(self) -> dict[str, bool]:
        """Return the flags that were ever set."""

    def set_flag(self, name: str, enabled: bool) -> None:
        """Set a flag."""

    def outbox(self, limit: int) -> list[OutboxRow]:
        """Return the oldest rows that wait, the oldest first; they stay until they are `sent`."""

    def sent(self, identifiers: Iterable[str]) -> None:
        """Delete rows that the collector has. Who dies before this sends them again: nothing is ever lost."""

    def lease(self, name: str, holder: str, seconds: float) -> bool:
        """Take or prolong the lease of this name; False while somebody else holds it. It ends after `seconds`."""

    def close(self) -> None:
        """Let go of files and connections; every later call raises StoreUnavailableError."""
