"""A store in Redis: shared by many machines; GitLab's tooling reads its counters."""

# ruff: noqa: D102 - Store explains its methods, once

from __future__ import annotations

import json
import re
import socket
import sys
import time
import uuid
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from metrics_dictionary.stores.keys import KEY_LIFETIME
from metrics_dictionary.stores.store import (
    ADOPTED,
    IDENTIFIER,
    MAX_INCREMENT,
    CachedPayload,
    ChangesBuilder,
    CounterError,
    OutboxRow,
    Outcome,
    StoreUnavailableError,
    Verdict,
)
from metrics_dictionary.stores.tokens import Token
from metrics_dictionary.stores.trusted_time import TrustedTime, since_boot
from metrics_dictionary.tools.addresses import read_address
from metrics_dictionary.tools.clock import utc_now
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from metrics_dictionary.stores.store import Recording
    from metrics_dictionary.tools.clock import Clock

Reply = TypeVar("Reply")

TIMEOUT = 5.0
"""For a connection, for an answer, and for a connection of the pool to be free."""

MAX_CONNECTIONS = 64

OUTBOX = "{metrics_dictionary_outbox}"
PAYLOAD = "{metrics_dictionary_payload}"
TRUSTED = "trusted_time"
"""The name of the state in which TrustedTime keeps what it knows."""

STATE = "{metrics_dictionary_state}"
TOKENS = "{metrics_dictionary_tokens}"
FLAGS = "{metrics_dictionary_flags}"
PROBE = "{metrics_dictionary_probe}"
LEASE = "{metrics_dictionary_lease}_"

MAX_KEYS_PER_QUERY = 1_000

DATABASE_PATH = re.compile(r"/?|/[0-9]+", re.ASCII)

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")

KEEPALIVE = {
    getattr(socket, option): seconds
    for option, seconds in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
    if hasattr(socket, option)
}
"""The kernel notices a peer that vanished; the pool then connects anew before anything is sent."""

TAKE_LEASE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""


class RedisStore:
    """One Redis server. Its own settings say how durable it is (`appendfsync always` keeps all that is acknowledged).

    Keys and leases expire by the server's clock, so that machines whose clocks differ agree on it. The trusted time
    says only when a payload is due, and moves when somebody asks for it.
    """

    def __init__(self, url: str, *, clock: Clock = utc_now, monotonic: Callable[[], float] = since_boot) -> None:
        """Check the URL; connect with the first call, so that a server starts before its Redis.

        Raises OperationalError for a URL that Redis cannot have.
        """
        address = read_address(url, "the store's address")
        on_socket = address.scheme == "unix"
        if not on_socket and not DATABASE_PATH.fullmatch(address.path):  # redis-py would use database 0
            raise OperationalError(
                f"the path of the store's address is not the number of a database: write {address.scheme}://HOST:6379/0"
            )
        keepalive = {} if on_socket else {"socket_keepalive": True, "socket_keepalive_options": KEEPALIVE}
        try:
            pool = redis.BlockingConnectionPool.from_url(
                url,
                max_connections=MAX_CONNECTIONS,
                timeout=TIMEOUT,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
                **keepalive,
                decode_responses=True,
                encoding_errors="replace",  # a HyperLogLog is a string of any bytes, also where a number should be
                protocol=2,
                # Never again by itself: the client would repeat increments whose answer was lost, and count them twice.
                retry=Retry(NoBackoff(), 0),
            )
        except ValueError:  # its message may repeat a part of the URL
            raise OperationalError("the store's address cannot be read: write redis://HOST:6379/0") from None
        self._name = address.shown
        self._pool = pool
        self._redis = redis.Redis(connection_pool=pool)
        self._time = TrustedTime(clock, monotonic)
        self._closed = False

    def commit(self, recordings: Sequence[Recording]) -> list[Verdict]:
        """One MULTI. A dropped idle connection is replaced before it is sent; what breaks later is not repeated."""
        seconds = int(KEY_LIFETIME.total_seconds())
        pipeline = self._redis.pipeline(transaction=True)
        builder = ChangesBuilder()
        for one in recordings:
            builder.add(one.changes)
            for _, of_event in one.identified:
                builder.add(of_event)
        recording = builder.changes()
        for key, amount in recording.increments.items():
            pipeline.incrby(key, amount)
        for key, value in recording.sums.items():
            pipeline.incrbyfloat(key, value)
        for key, values in recording.uniques.items():
            pipeline.pfadd(key, *(value.encode("utf-8", "surrogatepass") for value in values))
        for key in recording.expiring:
            pipeline.expire(key, seconds)
        for text in recording.outbox:
            pipeline.xadd(OUTBOX, {"event": text})
        with self._translating_errors():
            pipeline.execute()
        return [Verdict(Outcome.RECORDED)] * len(recordings)

    def totals(self, keys: Sequence[str]) -> dict[str, float]:
        found: dict[str, float] = {}
        for start in range(0, len(keys), MAX_KEYS_PER_QUERY):
            some = list(keys[start : start + MAX_KEYS_PER_QUERY])
            values = cast("list[str | None]", self._idempotent(partial(self._redis.mget, some)))
            by_key = dict(zip(some, values, strict=True))
            found.update((key, self._number(key, value)) for key, value in by_key.items() if value is not None)
            self._require_absent([key for key, value in by_key.items() if value is None])
        return found

    def distinct(self, keys: Sequence[str]) -> int:
        if not keys:
            return 0
        return self._idempotent(partial(self._distinct, keys))

    def _distinct(self, keys: Sequence[str]) -> int:
        try:
            return self._redis.pfcount(*keys)
        except redis.ResponseError as error:
            if not str(error).startswith(("WRONGTYPE", "INVALIDOBJ")):
                raise
            wrong = next((key for key in keys if not self._is_set(key)), keys[0])
            raise self._wrong(wrong, "something that is not a HyperLogLog") from None

    def _is_set(self, key: str) -> bool:
        try:
            self._redis.pfcount(key)
        except redis.ResponseError:
            return False
        return True

    def _require_absent(self, keys: Sequence[str]) -> None:
        """Raise CounterError if MGET had nothing to say of a key because it holds another type than a string."""
        if not keys or not self._idempotent(lambda: self._redis.exists(*keys)):
            return
        for key in keys:
            kind = cast("str", self._idempotent(partial(self._redis.type, key)))
            if kind not in ("none", "string"):  # a string was written meanwhile: the key was absent before
                raise self._wrong(key, f"a {kind}, not a number")

    def save_payload(self, payload: CachedPayload) -> None:
        entry = {
            "recorded_at": payload.recorded_at.isoformat(),
            "payload": payload.payload,
            "metadata": payload.metadata,
            "saved_at": self.trusted_now().isoformat(),
        }
        self._idempotent(lambda: self._redis.set(PAYLOAD, json.dumps(entry)))

    def payload(self) -> CachedPayload | None:
        text = cast("str | None", self._idempotent(lambda: self._redis.get(PAYLOAD)))
        if text is None:
            return None
        with self._reading(PAYLOAD):
            entry = json.loads(text)
            for document in (entry["payload"], entry["metadata"]):
                json.loads(document)
            saved_at = datetime.fromisoformat(entry["saved_at"]) if "saved_at" in entry else None
            recorded_at = datetime.fromisoformat(entry["recorded_at"])
            return CachedPayload(recorded_at, entry["payload"], entry["metadata"], saved_at)

    def state(self, name: str) -> str | None:
        return cast("str | None", self._idempotent(lambda: self._redis.hget(STATE, name)))

    def set_state(self, name: str, value: str) -> None:
        self._idempotent(lambda: self._redis.hset(STATE, name, value))

    def keep_state(self, name: str, value: str) -> str:
        self._idempotent(lambda: self._redis.hsetnx(STATE, name, value))
        return self.state(name) or value

    def add_token(self, token: Token) -> None:
        self._idempotent(lambda: self._redis.hset(TOKENS, token.digest, _token_text(token)))

    def token(self, digest: str) -> Token | None:
        text = cast("str | None", self._idempotent(lambda: self._redis.hget(TOKENS, digest)))
        with self._reading(TOKENS):
            return None if text is None else _token(digest, text)

    def tokens(self) -> list[Token]:
        entries = cast("dict[str, str]", self._idempotent(lambda: self._redis.hgetall(TOKENS)))
        with self._reading(TOKENS):
            tokens = [_token(digest, text) for digest, text in entries.items()]
        return sorted(tokens, key=lambda token: (token.created, token.identifier))

    def revoke_token(self, identifier: str) -> bool:
        digests = [token.digest for token in self.tokens() if token.identifier == identifier]
        if digests:
            self._idempotent(lambda: self._redis.hdel(TOKENS, *digests))
        return bool(digests)

    def flags(self) -> dict[str, bool]:
        entries = cast("dict[str, str]", self._idempotent(lambda: self._redis.hgetall(FLAGS)))
        return {name: enabled == "1" for name, enabled in entries.items()}

    def set_flag(self, name: str, enabled: bool) -> None:
        self._idempotent(lambda: self._redis.hset(FLAGS, name, "1" if enabled else "0"))

    def outbox(self, limit: int) -> list[OutboxRow]:
        rows = cast(
            "list[tuple[str, dict[str, str]]]", self._idempotent(lambda: self._redis.xrange(OUTBOX, count=limit))
        )
        return [OutboxRow(identifier, entry["event"]) for identifier, entry in rows]

    def delete_sent(self, identifiers: Iterable[str]) -> None:
        gone = list(identifiers)
        if gone:
            self._idempotent(lambda: self._redis.xdel(OUTBOX, *gone))

    def lease(self, name: str, holder: str, seconds: float) -> bool:
        milliseconds = max(1, int(seconds * 1000))
        return bool(
            self._idempotent(lambda: self._redis.eval(TAKE_LEASE, 1, f"{LEASE}{name}", holder, str(milliseconds)))
        )

    def trusted_now(self) -> datetime:
        now, text = self._time.now(self.state(TRUSTED))
        if text is not None:
            self.set_state(TRUSTED, text)
        return datetime.fromtimestamp(now, UTC)

    def clock_warning(self) -> str | None:
        return self._time.warning

    def identifier(self) -> str:
        return self.keep_state(IDENTIFIER, str(uuid.uuid4()))

    def adopt(self) -> str:
        self.set_state(ADOPTED, str(time.time()))
        return self.identifier()

    def probe(self) -> None:
        self._idempotent(lambda: self._redis.set(PROBE, "1", ex=60))

    def close(self) -> None:
        self._closed = True
        self._pool.disconnect()

    def _idempotent(self, command: Callable[[], Reply]) -> Reply:
        """Run a command that does no harm when it runs twice, once more on a new connection when the old one broke."""
        with self._translating_errors():
            try:
                return command()
            except redis.ConnectionError:
                return command()

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        if self._closed:
            raise StoreUnavailableError(f"{self._name}: this store is closed")
        try:
            yield
        except (redis.RedisError, OSError) as error:
            # The client puts the command before the reason, and in it what a user sent.
            reason = str(error).rpartition("caused error: ")[2].rstrip(".").partition("\n")[0]
            raise StoreUnavailableError(f"{self._name}: {reason}") from error

    @contextmanager
    def _reading(self, key: str) -> Iterator[None]:
        """Say of what this store did not write that it cannot be read; what it holds is nobody's business."""
        try:
            yield
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise StoreUnavailableError(
                f"{self._name}: the key {key} holds what this store did not write; rename or delete the key in Redis"
            ) from None

    def _number(self, key: str, text: str) -> float:
        """Read a total. Redis adds sums with more than a double's range, and writes them as integers when they are."""
        if not NUMBER.fullmatch(text):
            raise self._wrong(key, "a string that is not a number")
        number = max(-sys.float_info.max, min(sys.float_info.max, float(text)))
        return int(text) if text.lstrip("-").isdecimal() and abs(number) <= MAX_INCREMENT else number

    def _wrong(self, key: str, found: str) -> CounterError:
        """Return the error of a key that another program wrote; what it holds is nobody's business."""
        return CounterError(f"{self._name}: the key {key} holds {found}; rename or delete the key in Redis")


def _token_text(token: Token) -> str:
    return json.dumps(
        {
            "identifier": token.identifier,
            "user": token.user,
            "scopes": sorted(token.scopes),
            "admin": token.admin,
            "expires": None if token.expires is None else token.expires.isoformat(),
            "created": token.created.isoformat(),
        }
    )


def _token(digest: str, text: str) -> Token:
    entry: dict[str, Any] = json.loads(text)
    return Token(
        identifier=entry["identifier"],
        digest=digest,
        user=entry["user"],
        scopes=frozenset(entry["scopes"]),
        admin=entry["admin"],
        expires=None if entry["expires"] is None else date.fromisoformat(entry["expires"]),
        created=datetime.fromisoformat(entry["created"]),
    )
