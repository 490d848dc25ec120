"""Any instrumentation over any rows, on both databases, held against plain Python."""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics_dictionary.ping.database.open_database import open_database
from metrics_dictionary.ping.query.resolution import resolve
from metrics_dictionary.ping.query.time_window import time_window
from tests.ping.database import any_instrumentation
from tests.ping.database.any_instrumentation import NOW, PRECISIONS
from tests.ping.database.conftest import new_database
from tests.ping.database.plain_python import COLUMNS, Row, Tables, value_of
from tests.ping.ping_samples import a_metric, an_instrumentation
from tests.services import postgres as postgres_service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from metrics_dictionary.ping.database.database import Database
    from tests.services.postgres import PostgresServer

CREATE = [
    f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
    for table, columns in COLUMNS.items()
]
INSTRUMENTATIONS = 4
"""How many are computed over the same rows; filling the tables takes longest."""

ROUNDS = 500 if os.environ.get("CI") == "true" else 50

Filled = tuple["Database", "Callable[[Tables, str], None]"]


@pytest.fixture(scope="module")
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Filled]]:
    """Databases with the tables, each with what fills them anew; without PostgreSQL, SQLite is tested alone."""
    with ExitStack() as stack:
        found = [stack.enter_context(_in_sqlite(tmp_path_factory.mktemp("any") / "application.db"))]
        if postgres_service.PROGRAMS is not None or os.environ.get("CI") == "true":
            found.append(stack.enter_context(_in_postgres(request.getfixturevalue("postgres_server"))))
        yield found


@contextmanager
def _in_sqlite(path: Path) -> Iterator[Filled]:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for statement in CREATE:
            connection.execute(statement)

        with closing(open_database(f"sqlite:///{path}", statement_timeout=30)) as database:

            def fill(tables: Tables, form: str) -> None:
                for table, columns in COLUMNS.items():
                    connection.execute(f"DELETE FROM {table}")
                    rows = [
                        [_stored(row[column], number, form) for column in columns]
                        for number, row in enumerate(tables[table])
                    ]
                    connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", rows)
                connection.commit()
                database.close()  # what its time columns hold is looked up once for a collection

            yield database, fill


STRINGS = ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d %H:%M:%S.%f+00:00")


def _stored(value: Any, number: int, form: str) -> Any:
    """A value of the row of this number as SQLite may hold it: times in a form that changes from row to row."""
    if not isinstance(value, datetime):
        return value
    if form != "strings" and number % 2:
        return (value.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
            microseconds=PRECISIONS[form]
        )
    written = value.strftime(STRINGS[number % len(STRINGS)])
    return written if value.microsecond else written.replace(".000000", "")


@contextmanager
def _in_postgres(server: PostgresServer) -> Iterator[Filled]:
    url = new_database(server)
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in CREATE:
            connection.execute(statement.encode())

        def fill(tables: Tables, _form: str) -> None:
            with connection.transaction():
                for table in COLUMNS:
                    connection.execute(f"DELETE FROM {table}".encode())
                    with connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as target:
                        for row in tables[table]:
                            target.write_row([row[column] for column in COLUMNS[table]])

        with closing(open_database(url, statement_timeout=30)) as database:
            yield database, fill


cases = st.tuples(any_instrumentation.entries(), any_instrumentation.options, any_instrumentation.time_frames)


@given(any_instrumentation.tables, st.lists(cases, min_size=INSTRUMENTATIONS, max_size=INSTRUMENTATIONS))
@settings(max_examples=ROUNDS)
def test_any_instrumentation_has_the_value_that_plain_python_finds(
    databases: list[Filled], rows: tuple[Tables, str], cases: list[tuple[Row, Row, str]]
) -> None:
    tables, form = rows
    for _, fill in databases:
        fill(tables, form)
    for entry, options, time_frame in cases:
        relation = resolve(an_instrumentation(entry), a_metric(options=options))
        expected = value_of(entry, options, tables, time_frame, NOW.replace(tzinfo=None))
        for database, _ in databases:
            value = database.compute(relation.within(time_window(time_frame, NOW)))
            assert value == (expected if expected is None else pytest.approx(expected)), database.adapter
