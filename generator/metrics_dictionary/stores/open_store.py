"""From a URL to a store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from metrics_dictionary.stores.sqlite import SqliteStore
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.stores.store import Store

SQLITE = "sqlite:///"
REDIS_SCHEMES = {"redis", "rediss", "unix"}


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def open_store(url: str, *, clock: Callable[[], datetime] = utc_now) -> Store:
    """Open `sqlite:///relative/path`, `sqlite:////absolute/path`, or `redis://host:6379/0` (`rediss://`, `unix://`).

    Raises OperationalError for any other URL, a path that cannot hold a store, and a missing redis-py;
    StoreUnavailable when a SQLite file stays locked. A Redis that is away shows with the first call.
    """
    if url.startswith(SQLITE):
        return SqliteStore(_sqlite_path(url), clock=clock)
    if _scheme(url) in REDIS_SCHEMES:
        return _redis_store(url)
    raise OperationalError(
        f"the store's URL begins with {_scheme(url) or 'no scheme'!r}: write sqlite:///PATH or redis://HOST:6379/0"
    )


def _scheme(url: str) -> str:
    """Never the rest of the URL: it may hold a password."""
    return url.partition("://")[0].lower() if "://" in url else ""


def _sqlite_path(url: str) -> Path:
    path = unquote(url.removeprefix(SQLITE))
    if not path or "?" in path or "#" in path or "\0" in path or path == ":memory:":
        raise OperationalError(
            f"{url!r} names no file: write sqlite:///relative/path or sqlite:////absolute/path, without parameters"
        )
    return Path(path)


def _redis_store(url: str) -> Store:
    try:
        from metrics_dictionary.stores.redis import RedisStore
    except ModuleNotFoundError as error:
        if error.name != "redis":
            raise
        raise OperationalError(
            "a redis:// store needs redis-py: run `pip install metrics-dictionary[redis]`"
        ) from error
    return RedisStore(url)
