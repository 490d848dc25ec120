"""A store in Redis: shared by many machines; GitLab's tooling reads its counters."""

# ruff: noqa: D102 - Store explains its methods, once

from __future__ import annotations

import json
import logging
import re
import socket
import sys
import threading
import uuid
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from operator import methodcaller
from typing import TYPE_CHECKING, Any, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from metrics_dictionary.stores.keys import KEY_LIFETIME
from metrics_dictionary.stores.outbox.redis_outbox import (
    DELETE,
    DROPPED,
    DUE,
    LEAVE_REFUSED,
    LIST_REFUSED,
    LOOK,
    OUTBOX,
    OUTBOX_KEYS,
    REFUSED,
    SET_REFUSED,
    outbox_state,
    refused_rows,
    rows_of,
)
from metrics_dictionary.stores.redis_backup import SETS, TOTALS, number_of_keys, put_back, write_backup
from metrics_dictionary.stores.redis_commit import (
    ID_TABLES,
    STATE,
    CommitConnection,
    Limits,
    MaybeDoneError,
    packed,
    verdicts,
)
from metrics_dictionary.stores.store import (
    ADOPTED,
    ADOPTION_SECONDS,
    IDENTIFIER,
    IDS_LIMIT,
    MAX_INCREMENT,
    OUTBOX_LIMIT,
    PROBE_SECONDS,
    CachedPayload,
    Changes,
    CounterError,
    OutboxLimit,
    OutboxRow,
    OutcomeUnknownError,
    Recording,
    StoreUnavailableError,
    UnreadableError,
    tell_dropped,
    tell_forgotten_early,
    tell_left_out,
)
from metrics_dictionary.stores.tokens import Token
from metrics_dictionary.stores.trusted_time import TRUSTED, TrustedTime, since_boot
from metrics_dictionary.tools.addresses import read_address
from metrics_dictionary.tools.clock import utc_now
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from redis.client import Pipeline

    from metrics_dictionary.stores.store import OutboxState, RefusedRow, Verdict
    from metrics_dictionary.tools.clock import Clock

TIMEOUT = 5.0
"""For a connection, for an answer, and for a connection of the pool to be free."""

BACKUP_SECONDS = 300.0
"""For the answer that holds all keys."""

MAX_CONNECTIONS = 64

PAYLOAD = "{metrics_dictionary_payload}"
TOKENS = "{metrics_dictionary_tokens}"
FLAGS = "{metrics_dictionary_flags}"
PROBED = tuple(f"{{metrics_dictionary_probe}}_{kind}" for kind in ("counter", "sum", "set", "hash"))
LEASE = "{metrics_dictionary_lease}_"

PROBING = Recording(
    Changes(
        {PROBED[0]: 1},
        {PROBED[1]: 1},
        {PROBED[2]: frozenset({"1"})},
        frozenset(PROBED),
        by_value={PROBED[3]: {"1": 1}},
    )
)
"""What a probe records: something of each kind, as events do."""

PROBE_LIFETIME = timedelta(seconds=60)

PROBE_TIMEOUTS = {"socket_connect_timeout": PROBE_SECONDS / 4, "socket_timeout": PROBE_SECONDS * 3 / 4}
"""In seconds: to connect, and to be answered."""

POLICY = re.compile(r"^maxmemory_policy:(?!noeviction\b)(\S+)", re.MULTILINE)
"""A policy by which Redis deletes keys; a part of what INFO says."""

MAX_KEYS_PER_QUERY = 1_000

WRONG_SET = ("WRONGTYPE", "INVALIDOBJ")

DATABASE_PATH = re.compile(r"/?|/[0-9]+", re.ASCII)

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")

INTEGER = re.compile(r"-?[0-9]{1,19}")

KEEPALIVE = {
    getattr(socket, option): seconds
    for option, seconds in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
    if hasattr(socket, option)
}
"""The kernel notices a peer that vanished; the pool then connects anew before anything is sent."""

EVICTION = (
    "Redis deletes counters once maxmemory is reached, for its maxmemory-policy is {policy}: set it to noeviction"
)

log = logging.getLogger(__name__)

REASONS = {
    "OutOfMemoryError": "the store is out of memory",
    "OOM": "the store is out of memory",
    "READONLY": "the store is read-only",
    "read only replica": "the store is read-only",
    "MISCONF": "the store cannot write to its disk",
    "NOREPLICAS": "the store has too few replicas",
    "BusyLoadingError": "the store is loading its data",
    "AuthenticationError": "the store does not accept the server's name and password",
    "NoPermissionError": "the store does not let the server do what events need",
    "can't run this command": "the store does not let the server do what events need",
    "can't access": "the store does not let the server do what events need",
    "same slot": "the store is a Redis Cluster, which is not supported",
}
"""What is in the name or the text of an error of Redis -> what a caller of the API is told."""

TAKE_LEASE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""


class RedisStore:
    """One Redis server. Its own settings say how durable it is (`appendfsync always` keeps all that is acknowledged).

    Keys and leases expire by the server's clock, so that machines whose clocks differ agree on it. The trusted time
    says only when a payload is due, and moves when somebody asks for it. Redis Cluster is not supported: a commit
    touches keys of several slots.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = since_boot,
        ids_limit: int = IDS_LIMIT,
        outbox_limit: OutboxLimit = OUTBOX_LIMIT,
    ) -> None:
        """Check the URL; connect with the first call, so that a server starts before its Redis.

        It keeps at most ``ids_limit`` ids, or a few more. Raises OperationalError for a URL that Redis cannot have.
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
        self._commits = CommitConnection(pool.connection_class(**pool.connection_kwargs))
        self._commit_lock = threading.Lock()
        self._probes = CommitConnection(pool.connection_class(**{**pool.connection_kwargs, **PROBE_TIMEOUTS}))
        self._probe_lock = threading.Lock()
        # A third of the ids fit into each table: so the youngest two thirds are kept, however fast they come.
        self._limits = Limits(max(1, ids_limit // len(ID_TABLES)), outbox_limit, KEY_LIFETIME)
        self._eviction_warning: str | None = None
        self._identifier: str | None = None
        self._time = TrustedTime(clock, monotonic)
        self._closed = False

    def commit(self, recordings: Sequence[Recording]) -> list[Verdict]:
        """One call of one script. A dropped idle connection is replaced before it is sent; nothing is repeated."""
        if not recordings:
            return []
        with self._commit_lock:
            letters, crowd, seconds, dropped, lost, repeated, *refused = self._written(
                recordings, self._commits, self._limits
            )
        tell_left_out(dict(zip(lost[::2], lost[1::2], strict=True)))
        tell_dropped(dropped)
        if crowd:
            tell_forgotten_early(crowd, seconds)
        return verdicts(letters, repeated, refused)

    def _written(self, recordings: Iterable[Recording], connection: CommitConnection, limits: Limits) -> list[Any]:
        """Return what the script says, after it has found that this is the store that it should be."""
        with self._translating_errors():
            while True:
                if self._identifier is None:
                    connection.command("HSETNX", STATE, IDENTIFIER, str(uuid.uuid4()))
                    self._identifier = connection.command("HGET", STATE, IDENTIFIER)
                known = self._identifier or ""
                state, *answer = connection.run_script(packed(recordings, known, limits))
                if state == "DONE":
                    return answer
                self._require_own(known, *(field or None for field in answer))

    def totals(self, keys: Sequence[str]) -> dict[str, float]:
        found: dict[str, float] = {}
        for start in range(0, len(keys), MAX_KEYS_PER_QUERY):
            some = list(keys[start : start + MAX_KEYS_PER_QUERY])
            values = cast("list[str | None]", self._reply(methodcaller("mget", some)))
            by_key = dict(zip(some, values, strict=True))
            found.update((key, self._number(key, value)) for key, value in by_key.items() if value is not None)
            self._require_absent([key for key, value in by_key.items() if value is None])
        return found

    def totals_by_value(self, keys: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for key in keys:
            try:
                totals = cast("dict[str, str]", self._reply(methodcaller("hgetall", key)))
            except StoreUnavailableError as error:
                if not isinstance(error.__cause__, redis.ResponseError) or "WRONGTYPE" not in str(error.__cause__):
                    raise
                raise self._wrong(key, "something that is not a hash") from None
            for value, total in totals.items():
                if not INTEGER.fullmatch(total):
                    raise self._wrong(key, "a hash with something that is not an integer")
                found[value] = found.get(value, 0) + int(total)
        return found

    def distinct(self, keys: Sequence[str]) -> int:
        if not keys:
            return 0
        try:
            return cast("int", self._reply(lambda redis: redis.pfcount(*keys)))
        except StoreUnavailableError as error:
            if not isinstance(error.__cause__, redis.ResponseError) or not str(error.__cause__).startswith(WRONG_SET):
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
        if not keys or not self._reply(lambda redis: redis.exists(*keys)):
            return
        for key in keys:
            kind = cast("str", self._reply(methodcaller("type", key)))
            if kind not in ("none", "string"):  # a string was written meanwhile: the key was absent before
                raise self._wrong(key, f"a {kind}, not a number")

    def save_payload(self, payload: CachedPayload) -> None:
        entry = {
            "recorded_at": payload.recorded_at.isoformat(),
            "payload": payload.payload,
            "metadata": payload.metadata,
            "saved_at": self.trusted_now().isoformat(),
        }
        self._reply(lambda redis: redis.set(PAYLOAD, json.dumps(entry)))

    def payload(self) -> CachedPayload | None:
        text = cast("str | None", self._reply(lambda redis: redis.get(PAYLOAD)))
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
        return cast("str | None", self._reply(lambda redis: redis.hget(STATE, name)))

    def set_state(self, name: str, value: str) -> None:
        self._reply(lambda redis: redis.hset(STATE, name, value))

    def keep_state(self, name: str, value: str) -> str:
        self._reply(lambda redis: redis.hsetnx(STATE, name, value))
        return self.state(name) or value

    def add_token(self, token: Token) -> None:
        self._reply(lambda redis: redis.hset(TOKENS, token.digest, _token_text(token)))

    def token(self, digest: str) -> Token | None:
        text = cast("str | None", self._reply(lambda redis: redis.hget(TOKENS, digest)))
        self._time.now(self.state(TRUSTED))
        with self._reading(TOKENS):
            return None if text is None else _token(digest, text)

    def tokens(self) -> list[Token]:
        entries = cast("dict[str, str]", self._reply(lambda redis: redis.hgetall(TOKENS)))
        self._time.now(self.state(TRUSTED))
        with self._reading(TOKENS):
            tokens = [_token(digest, text) for digest, text in entries.items()]
        return sorted(tokens, key=lambda token: (token.created, token.identifier))

    def revoke_token(self, identifier: str) -> bool:
        digests = [token.digest for token in self.tokens() if token.identifier == identifier]
        if digests:
            self._reply(lambda redis: redis.hdel(TOKENS, *digests))
        return bool(digests)

    def flags(self) -> dict[str, bool]:
        entries = cast("dict[str, str]", self._reply(lambda redis: redis.hgetall(FLAGS)))
        return {name: enabled == "1" for name, enabled in entries.items()}

    def set_flag(self, name: str, enabled: bool) -> None:
        self._reply(lambda redis: redis.hset(FLAGS, name, "1" if enabled else "0"))

    def outbox(self, limit: int) -> list[OutboxRow]:
        rows = cast("list[tuple[str, dict[str, str]]]", self._reply(lambda redis: redis.xrange(OUTBOX, count=limit)))
        return [OutboxRow(identifier, entry.get("event", "")) for identifier, entry in rows]

    def delete_sent(self, rows: Iterable[OutboxRow]) -> None:
        # An id says when the event came: a backup that is restored does not make Redis give it again.
        self._on_outbox(DELETE, *(row.identifier for row in rows))

    def set_refused(self, row: OutboxRow, tries: int, reason: str, seconds: float | None) -> None:
        retry_at = "+inf" if seconds is None else str(self._now() + seconds)
        self._on_outbox(SET_REFUSED, row.identifier, str(tries), reason, retry_at)

    def due_refused(self, limit: int) -> list[OutboxRow]:
        with self._reading(REFUSED):
            return rows_of(cast("list[list[str]]", self._on_outbox(LIST_REFUSED, str(self._now()), str(limit))))

    def refused(self, limit: int) -> list[RefusedRow]:
        with self._reading(REFUSED):
            return refused_rows(cast("list[list[str]]", self._on_outbox(LIST_REFUSED, "+inf", str(limit))))

    def retry_refused(self, identifiers: Sequence[str] | None) -> list[str]:
        return self._leave_refused("retry", identifiers)

    def drop_refused(self, identifiers: Sequence[str] | None) -> list[str]:
        return self._leave_refused("drop", identifiers)

    def outbox_state(self) -> OutboxState:
        waiting, oldest, refused, dead, oldest_retrying = cast("list[Any]", self._on_outbox(LOOK))
        return outbox_state(waiting, oldest, refused, dead, oldest_retrying, self.state(DROPPED))

    def _on_outbox(self, script: str, *arguments: str) -> object:
        return self._reply(lambda redis: redis.eval(script, len(OUTBOX_KEYS), *OUTBOX_KEYS, *arguments))

    def _leave_refused(self, action: str, identifiers: Sequence[str] | None) -> list[str]:
        if identifiers is None:
            identifiers = cast("list[str]", self._reply(lambda redis: redis.zrange(DUE, 0, -1)))
        found: list[str] = []
        for start in range(0, len(identifiers), MAX_KEYS_PER_QUERY):
            some = identifiers[start : start + MAX_KEYS_PER_QUERY]
            found += cast("list[str]", self._on_outbox(LEAVE_REFUSED, action, *some))
        return found

    def lease(self, name: str, holder: str, seconds: float) -> bool:
        milliseconds = max(1, int(seconds * 1000))
        return bool(self._reply(lambda redis: redis.eval(TAKE_LEASE, 1, f"{LEASE}{name}", holder, str(milliseconds))))

    def trusted_now(self) -> datetime:
        now, text = self._time.now(self.state(TRUSTED))
        if text is not None:
            self.set_state(TRUSTED, text)
        return datetime.fromtimestamp(now, UTC)

    def estimated_now(self) -> datetime:
        return self._time.estimate()

    def clock_warning(self) -> str | None:
        return self._time.warning

    def warnings(self) -> list[str]:
        return [warning for warning in (self.clock_warning(), self._eviction_warning) if warning]

    def identifier(self) -> str:
        if self._identifier is None:
            self._identifier = self.keep_state(IDENTIFIER, str(uuid.uuid4()))
        return self._identifier

    def adopt(self) -> str:
        self._identifier = None
        identifier = self.identifier()
        self.set_state(ADOPTED, str(self._now()))
        return identifier

    def check(self) -> None:
        """Leave it to Redis, which checks its files when it loads them."""

    def probe(self) -> None:
        """Record something as events are recorded: whatever refuses them refuses this."""
        with self._probe_lock:
            _, _, _, _, _, _, *refused = self._written(
                [PROBING], self._probes, replace(self._limits, lifetime=PROBE_LIFETIME)
            )
            memory = self._memory()
        for key in refused:
            raise StoreUnavailableError(f"{self._name}: the key {key} holds what this store did not write; delete it")
        policy = POLICY.search(memory)
        self._eviction_warning = EVICTION.format(policy=policy[1]) if policy else None

    def holdings(self, named: Sequence[str] = ()) -> dict[str, int]:
        with self._translating_errors(), self._patient_client() as client:
            return {
                "counters and sums": number_of_keys(client, TOTALS, named),
                "sets": number_of_keys(client, SETS, kind="string"),
                "totals by value": number_of_keys(client, SETS, kind="hash"),
                "tokens": int(client.hlen(TOKENS)),
                "flags": int(client.hlen(FLAGS)),
                "events that wait for the collector": int(client.xlen(OUTBOX)),
                "events that the collector refused": int(client.hlen(REFUSED)),
                "payloads": int(client.exists(PAYLOAD)),
            }

    def backup(self, file: Path, named: Sequence[str] = ()) -> None:
        identifier = self.identifier()
        with self._translating_errors(), self._patient_client() as client:
            write_backup(client, file, identifier, named)

    def restore(self, file: Path, named: Sequence[str] = ()) -> str:
        with self._translating_errors(), self._patient_client() as client:
            self._identifier = put_back(client, file, named)
        return self._identifier

    def _patient_client(self) -> redis.Redis:
        """Return a client for bytes that waits for BACKUP_SECONDS."""
        settings = {**self._pool.connection_kwargs, "decode_responses": False, "socket_timeout": BACKUP_SECONDS}
        return redis.Redis(connection_pool=redis.ConnectionPool(self._pool.connection_class, **settings))

    def _memory(self) -> str:
        """Return what Redis says about its memory; nothing where its user may not ask, which events do not need."""
        with self._translating_errors():
            try:
                return str(self._probes.command("INFO", "memory"))
            except redis.ResponseError:
                return ""

    def close(self) -> None:
        self._closed = True
        self._commits.disconnect()
        self._probes.disconnect()
        self._pool.disconnect()

    def _reply(self, command: Callable[[Pipeline], object]) -> object:
        """Return what a command answers, in one transaction with a look at whose store this is.

        The command does no harm when it runs twice: it runs once more on a new connection when the old one broke.
        """
        with self._translating_errors():
            try:
                return self._transaction(command)
            except redis.ConnectionError:
                return self._transaction(command)

    def _transaction(self, command: Callable[[Pipeline], object]) -> object:
        known = self._identifier
        with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hmget(STATE, IDENTIFIER, ADOPTED)
            command(pipeline)
            answers = pipeline.execute(raise_on_error=False)
        for answer in answers:
            if isinstance(answer, redis.RedisError):
                raise answer
        kept, reply = answers
        self._require_own(known, *kept)
        return reply

    def _require_own(self, known: str | None, identifier: str | None, adopted: str | None) -> None:
        """Raise StoreUnavailableError unless this is the store of the first call, or one that was adopted just now.

        ``known`` was the identifier when Redis was asked. What another thread has learned since then says nothing
        about an answer that was under way: a new store had no identifier yet, a store that was replaced had its own.
        """
        if self._identifier is None:
            self._identifier = identifier
        elif identifier not in (known, self._identifier):
            if identifier is None or not self._is_recent(adopted):
                raise StoreUnavailableError(
                    f"{self._name}: this Redis is empty or is not the one that this server started with; restore it, "
                    "or run `metrics-dictionary store adopt`",
                    "the store was emptied or replaced",
                )
            log.warning("store: %s was adopted in place of the one that this server started with", self._name)
            self._identifier = identifier

    def _is_recent(self, adopted: str | None) -> bool:
        try:
            return adopted is not None and abs(self._now() - float(adopted)) <= ADOPTION_SECONDS
        except ValueError:
            return False

    def _now(self) -> int:
        """Return what the clock of Redis says, in seconds: several machines compare it."""
        with self._translating_errors():
            seconds: int = self._redis.time()[0]
        return seconds

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        if self._closed:
            raise StoreUnavailableError(f"{self._name}: this store is closed")
        try:
            yield
        except MaybeDoneError as error:
            raise OutcomeUnknownError(f"{self._name}: {error}") from error
        except (redis.RedisError, OSError) as error:
            # The client puts the command before the reason, and in it what a user sent.
            reason = str(error).rpartition("caused error: ")[2].rstrip(".").partition("\n")[0]
            raise StoreUnavailableError(f"{self._name}: {reason}", _public_reason(error)) from error

    @contextmanager
    def _reading(self, key: str) -> Iterator[None]:
        """Say of what this store did not write that it cannot be read; what it holds is nobody's business."""
        try:
            yield
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise UnreadableError(
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


def _public_reason(error: Exception) -> str:
    """Return what a caller of the API is told of an error of Redis."""
    found = f"{type(error).__name__}: {error}"
    silent = isinstance(error, redis.ConnectionError | redis.TimeoutError | OSError)
    default = "the store does not answer" if silent else "the store is unavailable"
    return next((reason for kind, reason in REASONS.items() if kind in found), default)
