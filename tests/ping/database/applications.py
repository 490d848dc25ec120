"""The databases of an imagined application, which the tests fill and the code under test only reads."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import psycopg

from metrics_dictionary.ping.query.resolution import resolve
from tests.ping.ping_samples import a_metric, an_instrumentation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pytest

    from metrics_dictionary.ping.database.database import Database
    from metrics_dictionary.ping.query.relation import Relation
    from metrics_dictionary.ping.query.time_window import TimeWindow


class Application(Protocol):
    @property
    def url(self) -> str: ...

    def execute(self, *statements: str) -> None: ...

    def insert(self, table: str, rows: Iterable[Sequence[object]]) -> None: ...

    def ask(self, statement: str) -> list[tuple[Any, ...]]: ...


@dataclass(frozen=True)
class SqliteApplication:
    path: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def execute(self, *statements: str) -> None:
        connection = sqlite3.connect(self.path)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    def insert(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        rows = list(rows)
        connection = sqlite3.connect(self.path)
        if rows:
            places = ", ".join("?" * len(rows[0]))
            connection.executemany(f'INSERT INTO "{table}" VALUES ({places})', rows)
        connection.commit()
        connection.close()

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.path)
        rows = connection.execute(statement).fetchall()
        connection.close()
        return rows


@dataclass(frozen=True)
class PostgresApplication:
    url: str

    def execute(self, *statements: str) -> None:
        with psycopg.connect(self.url) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def insert(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        copy = f'COPY "{table}" FROM STDIN'.encode()
        with psycopg.connect(self.url) as connection, connection.cursor().copy(copy) as target:
            for row in rows:
                target.write_row(row)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement.encode()).fetchall()


def relation(
    operation: str, table: str, column: str = "id", *, window: TimeWindow | None = None, **entry: Any
) -> Relation:
    """The relation of an entry of the database source."""
    whole = {"source": "database", "operation": operation, "table": table, "column": column, **entry}
    return resolve(an_instrumentation(whole), a_metric()).within(window)


def heard_by(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list that the database's statements are written to."""
    statements: list[str] = []
    rows = database.rows

    def heard(statement: str) -> list[tuple[Any, ...]]:
        statements.append(statement)
        return rows(statement)

    monkeypatch.setattr(database, "rows", heard)
    return statements
