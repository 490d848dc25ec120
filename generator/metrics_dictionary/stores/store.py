"""What a store keeps, and the protocol that SQLite and Redis both speak."""

from __future__ import annotations

import enum
import hashlib
import logging
import math
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, overload

from metrics_dictionary.tools.errors import OperationalError, UnavailableError
from metrics_dictionary.tools.instruments import Counter, Gauge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from metrics_dictionary.stores.tokens import Token

log = logging.getLogger(__name__)

MAX_INCREMENT = 2**63 - 1
"""What both stores can add in one step."""

MAX_VALUES = 1_000
MAX_VALUE_LENGTH = 200
"""How many values totals by value have under one key, and how many characters a value: a payload holds them all."""


class StoreUnavailableError(UnavailableError):
    """The store is away: locked, full, unreachable, closed, another one. The message is one line and names the store.

    What was to be written is not written, except where it is an OutcomeUnknownError. ``reason`` is what callers of the
    API may know: it names no file, no host and no key.
    """

    def __init__(self, message: str, reason: str = "the store is unavailable") -> None:
        super().__init__(message)
        self.reason = reason


class UnreadableError(StoreUnavailableError):
    """What is kept under a name was not written by this program. Only what is asked for is lost: it can be replaced."""


class OutcomeUnknownError(StoreUnavailableError):
    """The store broke off while it was writing, and nobody knows whether it has written."""


class CounterError(OperationalError):
    """A counter of the store holds something that is not a counter. The message is one line and names the key."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What events change.

    ``increments``: counter key -> by how much. ``sums``: sum key -> by how much, finite. ``uniques``: key of a set ->
    the values to add. ``expiring``: those of these keys that end, the weekly ones: a store keeps them for KEY_LIFETIME
    after the first write at least, and after the last one at most. ``outbox``: JSON documents, one for each event that
    goes to the collector. ``by_value``: key of totals by value -> value -> by how much; what is beyond MAX_VALUES or
    MAX_VALUE_LENGTH is added under `left_out_key` instead.

    Raises ValueError for a number that a store could not add: it would spoil what the same transaction holds for
    others.
    """

    increments: Mapping[str, int] = field(default_factory=dict)
    sums: Mapping[str, float] = field(default_factory=dict)
    uniques: Mapping[str, frozenset[str]] = field(default_factory=dict)
    expiring: frozenset[str] = frozenset()
    outbox: tuple[str, ...] = ()
    by_value: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.increments or self.sums or self.uniques or self.outbox or self.by_value)

    def __post_init__(self) -> None:
        for key, amount in self.increments.items():
            if not -MAX_INCREMENT <= amount <= MAX_INCREMENT:
                raise ValueError(f"{key}: {amount} is too large to be added to a counter")
        for key, value in self.sums.items():
            if not math.isfinite(value):
                raise ValueError(f"{key}: {value} cannot be added to a sum")


NOTHING: Mapping[str, int] = {}
NO_VALUES: Mapping[str, Mapping[str, int]] = {}

_one_object = lru_cache(maxsize=1_000)(lambda keys: keys)
"""Many events change the same weekly keys: they name them by one object, so that Python has less to collect."""


class ChangesBuilder:
    """Changes that are being gathered: what changes the same key is added up.

    ``increments``, ``sums``, ``uniques`` (key -> values), ``by_value``, ``expiring`` and ``outbox`` grow by what is
    added to them.
    """

    __slots__ = ("by_value", "expiring", "increments", "outbox", "sums", "uniques")

    def __init__(self) -> None:
        self.increments: defaultdict[str, int] = defaultdict(int)
        self.sums: defaultdict[str, float] = defaultdict(int)  # whole numbers stay whole
        self.uniques: defaultdict[str, set[str]] = defaultdict(set)
        self.by_value: dict[str, defaultdict[str, int]] = {}
        self.expiring: set[str] = set()
        self.outbox: list[str] = []

    def add(self, changes: Changes) -> None:
        """Add all of these changes."""
        for key, amount in changes.increments.items():
            self.increments[key] += amount
        for key, value in changes.sums.items():
            self.sums[key] += value
        for key, values in changes.uniques.items():
            self.uniques[key] |= values
        for key, amounts in changes.by_value.items():
            for text, times in amounts.items():
                self.add_to_value(key, text, times)
        self.expiring |= changes.expiring
        self.outbox += changes.outbox

    def add_to_value(self, key: str, value: str, amount: int = 1) -> None:
        """Add to the total of one value."""
        self.by_value.setdefault(key, defaultdict(int))[value] += amount

    def changes(self) -> Changes:
        """Return what was added so far; raises ValueError as Changes does."""
        uniques = {key: frozenset(values) for key, values in self.uniques.items()}
        return Changes(
            dict(self.increments) or NOTHING,
            dict(self.sums) or NOTHING,
            uniques,
            _one_object(frozenset(self.expiring)),
            tuple(self.outbox),
            {key: dict(amounts) for key, amounts in self.by_value.items()} if self.by_value else NO_VALUES,
        )


class Identified(Sequence[tuple[bytes, Changes]]):
    """The events of a request that have an id. The changes of each are made only when somebody asks for them."""

    __slots__ = ("_changes_of", "names")

    def __init__(self, names: Sequence[bytes], changes_of: Callable[[int], Changes]) -> None:
        self.names = names
        self._changes_of = changes_of

    @overload
    def __getitem__(self, position: int) -> tuple[bytes, Changes]: ...

    @overload
    def __getitem__(self, position: slice) -> Sequence[tuple[bytes, Changes]]: ...

    def __getitem__(self, position: int | slice) -> tuple[bytes, Changes] | Sequence[tuple[bytes, Changes]]:
        """Return an id and the changes of its event."""
        if isinstance(position, slice):
            return [self[each] for each in range(*position.indices(len(self)))]
        return self.names[position], self._changes_of(position)

    def __len__(self) -> int:
        """Return how many events there are."""
        return len(self.names)


@dataclass(frozen=True, slots=True)
class Recording:
    """What one request writes, all of it or nothing.

    ``changes`` are those of events without an id, added up; ``identified`` has one entry for each event with one: the
    16 bytes of its id, and its changes, which are made unless the id is known. ``request`` is what 16 bytes name the
    request by, where the client names it (`request_name`), ``digest`` 8 bytes of what it asks: a request that is known
    with the same digest is a duplicate. ``whole`` is all of this added up, where it is known: what changes when every
    id is new, which is nearly always.
    """

    changes: Changes
    identified: Sequence[tuple[bytes, Changes]] = ()
    request: bytes | None = None
    digest: bytes = b""
    whole: Changes | None = field(default=None, compare=False)

    @property
    def names(self) -> Sequence[bytes]:
        """The ids of the events that have one, in their order."""
        identified = self.identified
        return identified.names if isinstance(identified, Identified) else [name for name, _ in identified]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return self.request is None and not self.identified and self.changes.is_empty


def request_name(scope: str, key: str) -> bytes:
    """Return the 16 bytes that name a request: BLAKE2b of whose it is and of its Idempotency-Key.

    The two bits that say how a UUID is to be read (RFC 9562, section 4.1) are set to what no UUID of an event has, so
    that nobody can name a request by the id of an event.
    """
    name = bytearray(hashlib.blake2b(f"{scope}\0{key}".encode(), digest_size=16).digest())
    name[8] |= 0xC0
    return bytes(name)


class Outcome(enum.Enum):
    """What became of a recording."""

    RECORDED = "it is written, apart from events whose id was known"
    DUPLICATE = "the request and its digest were known: nothing is written, and the answer is as it was"
    CONFLICT = "the request was known with another digest: nothing is written"
    REFUSED = "one of its keys holds something that nothing can be added to: nothing is written"
    OUTBOX_FULL = "the outbox has no room for its events: nothing is written"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``key`` is the one for which a recording is refused; for the log only.

    ``known`` is how many events of a recording that is written were left out, as their ids were known.
    """

    outcome: Outcome
    key: str | None = None
    known: int = 0


@dataclass(frozen=True, slots=True)
class CachedPayload:
    """The last Service Ping payload.

    ``payload`` and ``metadata`` are JSON documents; the second says for each metric how long it took and why it failed.
    ``recorded_at`` is what the clock said, ``saved_at`` the trusted time at which the store took the payload; None
    before that, and for a payload that an older release saved.
    """

    recorded_at: datetime
    payload: str
    metadata: str
    saved_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An event that waits for the collector. ``identifier`` means something to its store only; ``text`` is JSON.

    ``tries`` is how often the collector has refused it.
    """

    identifier: str
    text: str
    tries: int = 0


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """An event that the collector has refused, ``tries`` times, the last time for a ``reason`` of one line.

    ``since`` is when it came. It is tried again at ``retry_at``; None for a dead letter.
    """

    identifier: str
    text: str
    tries: int
    reason: str
    since: datetime | None
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutboxState:
    """How many events wait, since when the ``oldest`` of them, and how many were refused.

    ``retrying`` are tried again, and the oldest of these came at ``oldest_retrying``; ``dead_letters`` are not tried
    again. ``dropped`` counts events for which there was no room, since the store was created.
    """

    waiting: int
    oldest: datetime | None
    retrying: int
    oldest_retrying: datetime | None
    dead_letters: int
    dropped: int

    @property
    def depth(self) -> int:
        """How many events there are in all: what the limit is about."""
        return self.waiting + self.retrying + self.dead_letters


@dataclass(frozen=True, slots=True)
class OutboxLimit:
    """How many events the outbox keeps, refused ones included.

    Beyond that a recording with events for the collector is refused or, with ``drop``, made without them.
    """

    rows: int
    drop: bool


OUTBOX_LIMIT = OutboxLimit(1_000_000, drop=False)
"""Unless a setting says otherwise: 2 GB or so."""


class Store(Protocol):
    """Every method may be called from any thread and raises StoreUnavailableError when the store is away."""

    def commit(self, recordings: Sequence[Recording]) -> list[Verdict]:
        """Write these recordings in one transaction, and return what became of each, in order, when it is durable.

        Ids and requests are known for 24 hours at least. A StoreUnavailableError concerns all of the recordings:
        nothing of them is written, or with OutcomeUnknownError perhaps all. Raises ValueError and the like for what
        no store can write, and then nothing is written either.
        """

    def totals(self, keys: Sequence[str]) -> dict[str, float]:
        """Return what counters (int) and sums (finite float) stand at; an absent key is left out.

        Raises CounterError.
        """

    def totals_by_value(self, keys: Sequence[str]) -> dict[str, int]:
        """Return value -> its total, added up over these keys; an absent key has no values. Raises CounterError."""

    def distinct(self, keys: Sequence[str]) -> int:
        """Return the size of the union of these sets; an absent set is empty. Redis estimates (0.81 % error).

        Raises CounterError.
        """

    def save_payload(self, payload: CachedPayload) -> None:
        """Keep this payload in place of the last one."""

    def payload(self) -> CachedPayload | None:
        """Return the payload that was saved last; it outlives a restart."""

    def state(self, name: str) -> str | None:
        """Return what was kept under this name; None when there is nothing."""

    def set_state(self, name: str, value: str) -> None:
        """Keep a short text under this name, in place of the last one."""

    def keep_state(self, name: str, value: str) -> str:
        """Return what is kept under this name; when there is nothing, keep ``value``. Of many at once one decides."""

    def add_token(self, token: Token) -> None:
        """Keep a token, in place of one with the same digest."""

    def token(self, digest: str) -> Token | None:
        """Look a token up by its digest, expired or not. After that, `estimated_now` is by the store's time."""

    def tokens(self) -> list[Token]:
        """Return all tokens, the oldest first. After that, `estimated_now` is by the store's time."""

    def revoke_token(self, identifier: str) -> bool:
        """Forget a token; False when there is none with this identifier."""

    def flags(self) -> dict[str, bool]:
        """Return the flags that were ever set."""

    def set_flag(self, name: str, enabled: bool) -> None:
        """Set a flag."""

    def outbox(self, limit: int) -> list[OutboxRow]:
        """Return the oldest rows that wait, the oldest first; they stay until they are `sent`."""

    def delete_sent(self, rows: Iterable[OutboxRow]) -> None:
        """Delete rows that the collector has. Who dies before this sends them again: nothing is ever lost.

        A row that has got the id of one of these meanwhile, by a backup that was restored, stays.
        """

    def set_refused(self, row: OutboxRow, tries: int, reason: str, seconds: float | None) -> None:
        """Take a row out of those that wait: it is due again after so many seconds, or with None a dead letter."""

    def due_refused(self, limit: int) -> list[OutboxRow]:
        """Return refused rows that are due again; they stay until they are `sent` or refused again."""

    def refused(self, limit: int) -> list[RefusedRow]:
        """Return refused rows: those first that are tried again first, dead letters last."""

    def retry_refused(self, identifiers: Sequence[str] | None) -> list[str]:
        """Let these refused rows, or all, wait again behind the others; return the ids of those that there were."""

    def drop_refused(self, identifiers: Sequence[str] | None) -> list[str]:
        """Delete these refused rows, or all; return the ids of those that there were."""

    def outbox_state(self) -> OutboxState:
        """Return how full the outbox is; cheap however full."""

    def lease(self, name: str, holder: str, seconds: float) -> bool:
        """Take or prolong the lease of this name; False while somebody else holds it. It ends after `seconds`."""

    def trusted_now(self) -> datetime:
        """Return the time in UTC by which things expire and are due: one wrong reading of a clock does not move it."""

    def estimated_now(self) -> datetime:
        """Return `trusted_now` as far as it is known here: without waiting for anything, and raising nothing."""

    def clock_warning(self) -> str | None:
        """Return why this process's clock is not trusted, as of the last commit or `trusted_now`; None when it is."""

    def warnings(self) -> list[str]:
        """Return what somebody should look at, as of the last commit or probe: the clock, what Redis may delete."""

    def identifier(self) -> str:
        """Return the UUID of the store that this process started with: it was written when the store was created."""

    def adopt(self) -> str:
        """Let running servers that started with another store take this one in its place, and return its UUID.

        They find out within ADOPTION_SECONDS.
        """

    def check(self) -> None:
        """Read all that is kept in a file of the store's own, and raise OperationalError when it is damaged."""

    def probe(self) -> None:
        """Write something small, and return when it is there: whether events could be recorded now.

        It waits for PROBE_SECONDS at most for a lock or an answer. Raises StoreUnavailableError, which says why, also
        for a store that is not the one that this process started with.
        """

    def holdings(self, named: Sequence[str] = ()) -> dict[str, int]:
        """Return how much the store holds of everything that it keeps, by what it is called in the plural.

        ``named`` are keys that only definitions know, `named_keys`.
        """

    def backup(self, file: Path, named: Sequence[str] = ()) -> None:
        """Write all that the store holds at one moment into a file, which is there whole or not at all.

        Raises OperationalError for a file that cannot be written.
        """

    def restore(self, file: Path, named: Sequence[str] = ()) -> str:
        """Replace all that the store holds by a backup, in one transaction, adopt it, and return its UUID.

        Raises OperationalError for what is not a backup of such a store, is damaged, or is of a newer release.
        """

    def close(self) -> None:
        """Let go of files and connections; every later call raises StoreUnavailableError."""


IDS_LIMIT = 5_000_000
"""How many ids of events and requests a store keeps, unless a setting says otherwise: 150 MB or so in SQLite."""

STORE_ERRORS = Counter("store_errors_total", "Times that the store could not be used, by what needed it.", ("by",))
for _by in ("commit", "probe", "request"):
    STORE_ERRORS.add(_by, amount=0)

FORGOTTEN_EARLY = Gauge(
    "ids_forgotten_early_time_seconds",
    "When ids last came so fast that some may have been forgotten before 24 hours were over, in seconds since 1970.",
)


def tell_forgotten_early(ids: int, seconds: float) -> None:
    """Say that ``ids``, a third of what a store keeps, came within so many seconds, which are less than 12 hours."""
    FORGOTTEN_EARLY.set(time.time())
    log.warning(
        "store: %s ids came in %.1f hours, so that ids may be forgotten before 24 hours are over; raise "
        "store.idempotency_limit",
        f"{ids:,}",
        seconds / 3600,
    )


LEFT_OUT = Counter(
    "values_left_out_total",
    f"Events that a total by value does not count: it has {MAX_VALUES:,} values, or theirs is too long.",
)
LEFT_OUT.add(amount=0)

TELL_AGAIN_SECONDS = 3_600.0
_told: dict[str, float] = {}


def short_values(amounts: Mapping[str, int]) -> tuple[dict[str, int], int]:
    """Return the totals of values that are short enough to be kept, and the total of all others."""
    short = {value: amount for value, amount in amounts.items() if len(value) <= MAX_VALUE_LENGTH}
    return short, sum(amounts.values()) - sum(short.values())


def tell_left_out(left_out: Mapping[str, int]) -> None:
    """Count what was left out of totals by value, by key, and say it of each key once an hour."""
    for key, amount in left_out.items():
        LEFT_OUT.add(amount=amount)
        if _is_to_be_told(key):
            log.warning(
                "store: %s has no place for the values of some events, which are not counted there: it keeps %s values "
                "of at most %s characters",
                key,
                f"{MAX_VALUES:,}",
                MAX_VALUE_LENGTH,
            )


DROPPED = Counter(
    "outbox_dropped_total", "Events that this server counted and did not send, because the outbox was full."
)


def tell_dropped(events: int) -> None:
    """Count the events for which the outbox had no room, and say once an hour that there are some."""
    DROPPED.add(amount=events)
    if events and _is_to_be_told("outbox"):
        log.warning(
            "the outbox is full: events are counted and not sent; `metrics-dictionary outbox list` shows how many; "
            "look at the collector"
        )


def _is_to_be_told(key: str) -> bool:
    """Whether nothing was said of this key within the last hour."""
    now = time.monotonic()
    if now - _told.get(key, -math.inf) < TELL_AGAIN_SECONDS:
        return False
    if len(_told) >= MAX_VALUES:
        _told.clear()
    _told[key] = now
    return True


IDENTIFIER = "store_identifier"
"""The state that tells a store from every other one, and from an empty one. A backup has it, too."""

ADOPTED = "adopted_at"
"""The state that says when somebody adopted the store, in seconds since 1970."""

ADOPTION_SECONDS = 600.0
PROBE_SECONDS = 1.5

INSTANCE_UUID = "instance_uuid"
"""The state that names an instance whose settings do not. It is data like a counter: a backup has it, too."""


def made_uuid(store: Store) -> str:
    """Return the UUID that the store keeps; make one where there is none. Raises StoreUnavailableError."""
    return store.keep_state(INSTANCE_UUID, str(uuid.uuid4()))


def kept_uuid(store: Store) -> str | None:
    """Return the UUID that the store keeps; None before the first collection. Raises StoreUnavailableError."""
    return store.state(INSTANCE_UUID)
