"""The outbox of a Redis store: events that wait for the collector, and those that it has refused.

Those that wait are a stream, whose ids say when they came. A refused event lies in a hash under its id, and a sorted
set says when it is tried again: in seconds since 1970, infinity for a dead letter. The scripts take OUTBOX_KEYS, and do
no harm when they run twice.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from metrics_dictionary.stores.store import OutboxRow, OutboxState, RefusedRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

OUTBOX = "{metrics_dictionary_outbox}"
REFUSED = f"{OUTBOX}_refused"
DUE = f"{OUTBOX}_due"
"""Which events were refused, and when each is tried again."""

OUTBOX_KEYS = (OUTBOX, REFUSED, DUE)

DROPPED = "outbox_dropped"
"""The state that counts events for which there was no room."""

DELETE = """
for _, id in ipairs(ARGV) do
  redis.call('XDEL', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
end
return 0
"""
"""Deletes the events with these ids."""

SET_REFUSED = """
local entry = redis.call('HGET', KEYS[2], ARGV[1])
if not entry then
  local row = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
  if not row then
    return 0 -- somebody has dropped it
  end
  entry = cjson.encode({text = row[2][2]})
end
entry = cjson.decode(entry)
entry.tries, entry.reason = tonumber(ARGV[2]), ARGV[3]
redis.call('HSET', KEYS[2], ARGV[1], cjson.encode(entry))
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
return redis.call('XDEL', KEYS[1], ARGV[1])
"""
"""Takes an event, by its id, out of the queue: how often it was refused, why, and when it is tried again."""

LEAVE_REFUSED = """
local found = {}
for position = 2, #ARGV do
  local entry = redis.call('HGET', KEYS[2], ARGV[position])
  if entry then
    found[#found + 1] = ARGV[position]
    if ARGV[1] == 'retry' then
      redis.call('XADD', KEYS[1], '*', 'event', cjson.decode(entry).text)
    end
    redis.call('HDEL', KEYS[2], ARGV[position])
    redis.call('ZREM', KEYS[3], ARGV[position])
  end
end
return found
"""
"""Takes `retry` or `drop`, and the ids of refused events; returns the ids of those that there were."""

LIST_REFUSED = """
local found = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[3], '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, ARGV[2])) do
  local entry = redis.call('HGET', KEYS[2], id)
  if entry then
    found[#found + 1] = {id, redis.call('ZSCORE', KEYS[3], id), entry}
  end
end
return found
"""
"""Returns, of each refused event that is due by a time, id, score and entry; of so many at most."""

LOOK = """
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local retrying, since = '', math.huge
for _, id in ipairs(redis.call('ZRANGE', KEYS[3], '-inf', '(+inf', 'BYSCORE', 'LIMIT', 0, 10000)) do
  local came = tonumber(id:match('^%d+'))
  if came and came < since then
    retrying, since = id, came
  end
end
return {redis.call('XLEN', KEYS[1]), oldest and oldest[1] or '', redis.call('ZCARD', KEYS[3]),
  redis.call('ZCOUNT', KEYS[3], '+inf', '+inf'), retrying}
"""
"""Returns how many events wait, the id of the oldest, how many were refused, how many of them are dead letters, and the
id of the oldest of the others: of the 10,000 that are tried again first, so that Redis is not held up."""


def rows_of(listed: Iterable[Sequence[str]]) -> list[OutboxRow]:
    """Return what LIST_REFUSED found as rows that can be sent."""
    return [OutboxRow(row.identifier, row.text, row.tries) for row in refused_rows(listed)]


def refused_rows(listed: Iterable[Sequence[str]]) -> list[RefusedRow]:
    """Return what LIST_REFUSED found."""
    rows = []
    for identifier, score, text in listed:
        entry, retry_at = json.loads(text), float(score)
        rows.append(
            RefusedRow(
                identifier,
                entry["text"],
                entry["tries"],
                entry["reason"],
                _added(identifier),
                None if math.isinf(retry_at) else datetime.fromtimestamp(retry_at, UTC),
            )
        )
    return rows


def outbox_state(
    waiting: int, oldest: str, refused: int, dead: int, oldest_retrying: str, dropped: str | None
) -> OutboxState:
    """Return what LOOK found, and the state DROPPED."""
    return OutboxState(waiting, _added(oldest), refused - dead, _added(oldest_retrying), dead, int(dropped or 0))


def _added(identifier: str) -> datetime | None:
    """Return when an event came: its id begins with milliseconds since 1970."""
    return datetime.fromtimestamp(int(identifier.partition("-")[0]) / 1000, UTC) if identifier else None
