"""From a URL to a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metrics_dictionary.stores.sqlite import SqliteStore
from metrics_dictionary.stores.store import IDS_LIMIT, OUTBOX_LIMIT, OutboxLimit
from metrics_dictionary.stores.trusted_time import since_boot
from metrics_dictionary.tools.addresses import SQLITE, scheme_of, sqlite_path
from metrics_dictionary.tools.clock import utc_now
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.stores.store import Store
    from metrics_dictionary.tools.clock import Clock

REDIS_SCHEMES = {"redis", "rediss", "unix"}


def open_store(
    url: str,
    *,
    clock: Clock = utc_now,
    monotonic: Callable[[], float] = since_boot,
    ids_limit: int = IDS_LIMIT,
    outbox_limit: OutboxLimit = OUTBOX_LIMIT,
) -> Store:
    """Open `sqlite:///relative/path`, `sqlite:////absolute/path`, or `redis://host:6379/0` (`rediss://`, `unix://`).

    The store keeps ``ids_limit`` ids of events and requests before it forgets the oldest ones early. Raises
    OperationalError for any other URL, a path that cannot hold a store, and a missing redis-py; StoreUnavailableError
    when a SQLite file stays locked. A Redis that is away shows with the first call.
    """
    if url.startswith(SQLITE):
        return SqliteStore(
            sqlite_path(url), clock=clock, monotonic=monotonic, ids_limit=ids_limit, outbox_limit=outbox_limit
        )
    scheme = scheme_of(url)
    if scheme in REDIS_SCHEMES:
        return _redis_store(url, clock=clock, monotonic=monotonic, ids_limit=ids_limit, outbox_limit=outbox_limit)
    # Never the rest of the URL: it may hold a password.
    raise OperationalError(
        f"the store's URL begins with {scheme or 'no scheme'!r}: write sqlite:///PATH or redis://HOST:6379/0"
    )


def _redis_store(url: str, **options: Any) -> Store:
    try:
        from metrics_dictionary.stores.redis import RedisStore
    except ModuleNotFoundError as error:
        if error.name != "redis":
            raise
        raise OperationalError("a redis:// store needs redis-py: run `pip install 'redis>=5.0'`") from error
    return RedisStore(url, **options)
