"""A backup of a Redis store: a file of JSON lines with the store's own keys, made and put back while servers run.

The first line says what the file is, then comes a line for each key with what DUMP gives for it, and the last one holds
a BLAKE2b digest of all lines before it.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from metrics_dictionary.stores.redis_commit import STATE
from metrics_dictionary.stores.store import ADOPTED, IDENTIFIER
from metrics_dictionary.stores.trusted_time import TRUSTED
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.files import open_staged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import redis

FORMAT = "metrics-dictionary redis store"
VERSION = 1

TOTALS = ("{event_counters}_*", "{event_sums}_*")
SETS = ("{hll_counters}_*",)
OWN = ("{metrics_dictionary_*", *TOTALS, *SETS)
"""Patterns of the keys that belong to a store, apart from those that definitions name."""

TRANSIENT = ("{metrics_dictionary_lease}*", "{metrics_dictionary_probe}*")
"""Patterns of keys that a backup leaves out."""

SCRATCH = "{metrics_dictionary_restoring}"

FIND = """
local found = {}
for _, pattern in ipairs(ARGV) do
  local cursor = '0'
  repeat
    local page = redis.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', 1000)
    cursor = page[1]
    for _, key in ipairs(page[2]) do found[key] = true end
  until cursor == '0'
end
for _, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then found[key] = true end
end
"""
EXPORT = f"""{FIND}
local dumps = {{}}
for key in pairs(found) do
  dumps[#dumps + 1] = {{key, redis.call('PTTL', key), redis.call('DUMP', key)}}
end
local now = redis.call('TIME')
return {{now[1], now[2], dumps}}
"""
"""Returns Redis's time in seconds and microseconds, and [key, milliseconds left or -1, dump] for each key, all of them
as they stand at one moment. Redis serves nobody meanwhile."""

DELETE = f"""redis.replicate_commands()
{FIND}
for key in pairs(found) do redis.call('DEL', key) end
"""


def write_backup(client: redis.Redis, file: Path, identifier: str, named: Sequence[str]) -> None:
    """Write the store's own keys, and those that are ``named``, into a file, which is there whole or not at all.

    ``client`` gives bytes. Raises OperationalError, and redis.RedisError.
    """
    seconds, microseconds, dumps = client.eval(EXPORT, len(named), *named, *OWN)
    now = int(seconds) * 1000 + int(microseconds) // 1000
    head = {"format": FORMAT, "version": VERSION, "identifier": identifier, "milliseconds": now}
    lines = [head, *(_entry(key, left, dump, now) for key, left, dump in sorted(dumps) if not _is_transient(key))]
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()
    text += json.dumps({"keys": len(lines) - 1, "blake2b": _digest(text)}).encode() + b"\n"
    with open_staged(file) as staged:
        try:
            staged.write_bytes(text)
        except OSError as error:
            raise OperationalError(f"{file}: cannot write the backup: {error.strerror}; make room") from error


def put_back(client: redis.Redis, file: Path, named: Sequence[str]) -> str:
    """Replace the store's own keys by those of a backup, in one transaction, and return the identifier of the store.

    The store's time stays: an old backup must not make its clock look wrong. ``client`` gives bytes. Raises
    OperationalError for a file that is not a backup of a Redis store or is damaged, and redis.RedisError.
    """
    identifier, entries = _read(file)
    kept_time = client.hget(STATE, TRUSTED)
    _require_readable(client, entries, file)
    names = sorted({*named, *(key.decode("utf-8", "surrogateescape") for key, _, _ in entries)})
    with client.pipeline(transaction=True) as pipeline:
        pipeline.eval(DELETE, len(names), *(name.encode("utf-8", "surrogateescape") for name in names), *OWN)
        for key, ends, dump in entries:
            # A time to live of 0 is none; what has ended meanwhile is deleted by Redis at once.
            pipeline.restore(key, ends, dump, replace=True, absttl=True)
        pipeline.hset(STATE, IDENTIFIER, identifier)
        pipeline.hset(STATE, ADOPTED, str(client.time()[0]))
        if kept_time is None:
            pipeline.hdel(STATE, TRUSTED)
        else:
            pipeline.hset(STATE, TRUSTED, kept_time)
        pipeline.execute()
    return identifier


def number_of_keys(
    client: redis.Redis, patterns: Sequence[str], named: Sequence[str] = (), kind: str | None = None
) -> int:
    """Return how many keys match a pattern or are ``named``, and are of this type. Raises redis.RedisError."""
    is_counted = "true" if kind is None else f"redis.call('TYPE', key).ok == '{kind}'"
    add_one = f"if {is_counted} then number = number + 1 end"
    count = f"{FIND}\nlocal number = 0\nfor key in pairs(found) do {add_one} end\nreturn number"
    return int(client.eval(count, len(named), *named, *patterns))


def _require_readable(client: redis.Redis, entries: Sequence[tuple[bytes, int, bytes]], file: Path) -> None:
    """Raise OperationalError when this Redis cannot read dumps of the one that the backup is of."""
    import redis

    try:
        for _, _, dump in entries[:1]:
            client.restore(SCRATCH, 1, dump, replace=True)
    except redis.ResponseError as error:
        if "DUMP payload" not in str(error):
            raise
        raise OperationalError(
            f"{file}: this Redis is too old for the backup ({error}); restore it into one that is as new as the old one"
        ) from None


def _entry(key: bytes, left: int, dump: bytes, now: int) -> dict[str, object]:
    ends = now + left if left >= 0 else 0
    return {"key": key.decode("utf-8", "surrogateescape"), "ends": ends, "dump": b64encode(dump).decode("ascii")}


def _is_transient(key: bytes) -> bool:
    return any(key.startswith(pattern.removesuffix("*").encode()) for pattern in TRANSIENT)


def _read(file: Path) -> tuple[str, list[tuple[bytes, int, bytes]]]:
    """Return the identifier and the entries: key, milliseconds since 1970 or 0, dump."""
    try:
        lines = file.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise OperationalError(f"{file}: the backup cannot be read: {error.strerror}; name another file") from None
    try:
        head: dict[str, Any] = json.loads(lines[0])
        kind, version, identifier = head["format"], head["version"], str(head["identifier"])
    except (ValueError, IndexError, KeyError, TypeError):
        kind, version, identifier = None, 0, ""
    if kind != FORMAT:
        raise OperationalError(f"{file}: this is not the backup of a Redis store; name another file")
    if version != VERSION:
        raise OperationalError(
            f"{file}: a newer release wrote this backup (version {version}, this one knows {VERSION}); install that one"
        )
    try:
        last = json.loads(lines[-1])
        if last["keys"] != len(lines) - 2 or last["blake2b"] != _digest(b"".join(lines[:-1])):
            raise ValueError
        return identifier, list(_entries(lines[1:-1]))
    except (ValueError, KeyError, TypeError):
        raise OperationalError(f"{file}: the backup is damaged; name another file") from None


def _entries(lines: Sequence[bytes]) -> Iterator[tuple[bytes, int, bytes]]:
    for line in lines:
        entry = json.loads(line)
        yield entry["key"].encode("utf-8", "surrogateescape"), int(entry["ends"]), b64decode(entry["dump"])


def _digest(text: bytes) -> str:
    return hashlib.blake2b(text, digest_size=32).hexdigest()
