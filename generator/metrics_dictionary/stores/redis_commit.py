"""Recordings as the arguments of the script that writes them to Redis, and its answer as verdicts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis

from metrics_dictionary.stores.keys import left_out_key
from metrics_dictionary.stores.outbox.redis_outbox import DUE, OUTBOX
from metrics_dictionary.stores.store import MAX_VALUES, Outcome, Verdict, short_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta

    from metrics_dictionary.stores.store import Changes, OutboxLimit, Recording

SCRIPT = Path(__file__).with_suffix(".lua").read_text(encoding="utf-8")
"""What it takes and returns is said at its top."""

SCRIPT_SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
"""The name by which Redis knows it (EVALSHA)."""

STATE = "{metrics_dictionary_state}"
IDS = "{metrics_dictionary_ids}"
ID_TABLES = (f"{IDS}_0", f"{IDS}_1", f"{IDS}_2")
"""Three tables of ids, of which one is filled; the oldest is emptied whole and filled next."""

FIXED_KEYS = (STATE, OUTBOX, IDS, *ID_TABLES, DUE)
"""The keys that every commit may touch, in the order of the script."""

ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))

MAX_EXACT = 2**53
"""Up to here Lua's numbers are exact."""

FIRST_ROW = 10
"""Where the rows of the outbox begin among the arguments; Lua counts from one."""

PARTLY = "PARTLY"
"""How the script's error begins when it could not take back what it had written."""

NOT_DONE = (
    redis.exceptions.BusyLoadingError,
    redis.exceptions.AuthenticationError,
    redis.exceptions.AuthorizationError,
)
"""Errors that redis-py calls errors of the connection, though Redis answered, and refused."""

OUTCOMES = {
    "W": Verdict(Outcome.RECORDED),
    "D": Verdict(Outcome.DUPLICATE),
    "C": Verdict(Outcome.CONFLICT),
    "F": Verdict(Outcome.OUTBOX_FULL),
}


class MaybeDoneError(Exception):
    """Redis got the recordings, and did not say what became of them. The message is the reason."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The keys and the arguments of the script."""

    keys: list[str]
    arguments: list[str | bytes | int]


@dataclass(frozen=True, slots=True)
class Limits:
    """How many ids fit into each of the tables, how many events into the outbox, and how long weekly keys live."""

    ids: int
    outbox: OutboxLimit
    lifetime: timedelta


def packed(recordings: Iterable[Recording], identifier: str, limits: Limits) -> Packed:
    """Return what the script is called with. The store must have this ``identifier``."""
    packing = _Packing()
    listed = [packing.recording(one) for one in recordings]
    arguments: list[str | bytes | int] = [
        identifier,
        limits.ids,
        int(limits.lifetime.total_seconds()),
        b"".join(packing.names),
        b"".join(packing.digests),
        ENCODER.encode([packing.shapes, listed]).encode("utf-8", "surrogatepass"),
        limits.outbox.rows,
        int(limits.outbox.drop),
        MAX_VALUES,
        *packing.rows,
    ]
    return Packed(list(packing.positions), arguments)


def verdicts(letters: str, repeated: Sequence[int], refused: Iterable[str]) -> list[Verdict]:
    """Return what the script says of each recording, with how many ids were known, and the keys of refused ones."""
    keys = iter(refused)
    found = [OUTCOMES.get(letter) or Verdict(Outcome.REFUSED, next(keys)) for letter in letters]
    for position, known in zip(repeated[::2], repeated[1::2], strict=True):  # Lua counts from one
        found[position - 1] = Verdict(Outcome.RECORDED, known=known)
    return found


class _Packing:
    """Collects what recordings have in common: keys and shapes once, names, digests and rows in one list each."""

    def __init__(self) -> None:
        self.positions = {key: position for position, key in enumerate(FIXED_KEYS, 1)}
        self.names: list[bytes] = []
        self.digests: list[bytes] = []
        self.rows: list[str] = []
        self.shapes: list[list[object]] = []
        self._known_shapes: dict[object, int] = {}

    def recording(self, recording: Recording) -> list[object]:
        if recording.request is not None:
            self.names.append(recording.request)
            self.digests.append(recording.digest)
        listed: list[object] = [int(recording.request is not None), self._changes(recording.changes)]
        for name, changes in recording.identified:
            self.names.append(name)
            listed.append(self._changes(changes))
        return listed

    def _changes(self, changes: Changes) -> list[object]:
        values = [[*values] for values in changes.uniques.values()]
        sums: list[object] = []
        for key, value in changes.sums.items():
            sums += (self._position(key), _exact(value))
        first = FIRST_ROW + len(self.rows)
        self.rows += changes.outbox
        listed: list[object] = [self._shape(changes), values, sums, [*range(first, first + len(changes.outbox))]]
        if changes.by_value:
            listed.append([self._totals(key, amounts) for key, amounts in changes.by_value.items()])
        return listed

    def _totals(self, key: str, amounts: Mapping[str, int]) -> list[object]:
        short, left_out = short_values(amounts)
        return [self._position(key), self._position(left_out_key(key)), left_out, *chain.from_iterable(short.items())]

    def _shape(self, changes: Changes) -> int:
        """Return the position of what these changes have in common with others; Lua counts from one."""
        shape = (tuple(changes.increments.items()), tuple(changes.uniques), changes.expiring)
        known = self._known_shapes.get(shape)
        if known is not None:
            return known
        increments: list[object] = []
        for key, amount in changes.increments.items():
            increments += (self._position(key), _exact(amount))
        sets, weekly = ([self._position(key) for key in keys] for keys in (changes.uniques, changes.expiring))
        self.shapes.append([increments, sets, weekly])
        self._known_shapes[shape] = len(self.shapes)
        return len(self.shapes)

    def _position(self, key: str) -> int:
        return self.positions.setdefault(key, len(self.positions) + 1)


def _exact(number: float) -> float | str:
    """Return a number as it is when a double holds it exactly, else its digits."""
    return str(number) if isinstance(number, int) and abs(number) > MAX_EXACT else number


class CommitConnection:
    """A connection of its own for the script. It tells what was never sent from what Redis may have done.

    One thread at a time may use it. Every call raises redis.RedisError and OSError when nothing is done, and
    MaybeDoneError.
    """

    def __init__(self, connection: Any) -> None:  # a redis.Connection: most of its methods have no types
        self._connection = connection

    def run_script(self, call: Packed) -> list[Any]:
        """Run the script and return its answer."""
        arguments = (len(call.keys), *call.keys, *call.arguments)
        try:
            answer: list[Any] = self.command("EVALSHA", SCRIPT_SHA, *arguments)
        except redis.exceptions.NoScriptError:
            answer = self.command("EVAL", SCRIPT, *arguments)
        return answer

    def command(self, *words: str | bytes | int) -> Any:
        """Return what Redis answers to a command."""
        self._connect()
        return self._answer(words)

    def disconnect(self) -> None:
        """Close it; the next call connects anew."""
        self._connection.disconnect()

    def _connect(self) -> None:
        """Connect, also in place of a connection that Redis dropped meanwhile: nothing has been sent yet."""
        self._connection.connect()
        try:
            dropped = self._connection.can_read()
        except (redis.ConnectionError, redis.TimeoutError, OSError):
            dropped = True
        if dropped:
            self._connection.disconnect()
            self._connection.connect()

    def _answer(self, words: Iterable[str | bytes | int]) -> Any:
        try:
            self._connection.send_command(*words)
            return self._connection.read_response()
        except NOT_DONE:
            raise
        except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
            self._connection.disconnect()
            raise MaybeDoneError(str(error)) from error
        except redis.ResponseError as error:
            if str(error).startswith(PARTLY):
                raise MaybeDoneError(str(error)) from error
            raise
