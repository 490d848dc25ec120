"""From a URL to a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.ping.database.sqlite import SqliteDatabase
from metrics_dictionary.tools.addresses import SQLITE, scheme_of, sqlite_path
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from metrics_dictionary.ping.database.database import Database

POSTGRES_SCHEMES = {"postgresql", "postgres"}


def open_database(url: str, *, statement_timeout: float) -> Database:
    """Return the database at ``sqlite:///relative/path``, ``sqlite:////absolute/path`` or ``postgresql://USER@HOST/NAME``.

    ``statement_timeout`` is in seconds. Whether the database is there shows when it is first asked. Raises
    OperationalError for any other URL, a timeout that is not positive, and a missing psycopg.
    """
    if not 0.001 <= statement_timeout <= 86_400:
        raise OperationalError(
            f"the statement timeout of the database is {statement_timeout:g} s; it must be from 0.001 to 86400 s"
        )
    if url.startswith(SQLITE):
        return SqliteDatabase(sqlite_path(url), statement_timeout)
    scheme = scheme_of(url)
    if scheme in POSTGRES_SCHEMES:
        return _postgres(url, statement_timeout)
    # Never the rest of the URL: it may hold a password.
    raise OperationalError(
        f"the database's URL begins with {scheme or 'no scheme'!r}; write sqlite:///PATH or postgresql://USER@HOST/NAME"
    )


def _postgres(url: str, statement_timeout: float) -> Database:
    try:
        from metrics_dictionary.ping.database.postgres import PostgresDatabase
    except ImportError as error:
        if not (error.name or "psycopg").startswith("psycopg"):
            raise
        raise OperationalError(
            "a postgresql:// database needs psycopg: run `pip install 'psycopg[binary]>=3.1.8'`"
        ) from error
    return PostgresDatabase(url, statement_timeout)
