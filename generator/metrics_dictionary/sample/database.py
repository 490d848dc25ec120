"""An SQLite database with the tables that a dictionary's metrics read, filled with believable rows."""

from __future__ import annotations

import random
import sqlite3
import zlib
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from metrics_dictionary.ping.query.sql import quoted_name
from metrics_dictionary.sample.tables import TIMESTAMP, Tables, tables_of
from metrics_dictionary.tools.clock import utc_now
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.ping.query.relation import Scalar

MIN_ROWS, MAX_ROWS = 40, 400
"""Rows of a table."""

HISTORY_DAYS = 500
"""How far back the rows were created."""


@dataclass(frozen=True, slots=True)
class Seed:
    """How a table differs from what chance would put there.

    ``rows`` is how many there are. ``values`` gives a column these values only; ``without`` keeps values out of it.
    """

    rows: int | None = None
    values: Mapping[str, tuple[Scalar, ...]] = field(default_factory=dict)
    without: Mapping[str, frozenset[Scalar]] = field(default_factory=dict)


SEEDS = {
    "ci_builds": Seed(rows=463, values={"type": ("Ci::Build",)}),
    "ci_pipeline_schedules": Seed(rows=0),
    "ci_pipelines": Seed(without={"source": frozenset({6}), "config_source": frozenset({1, 2})}),
    "ci_triggers": Seed(rows=0),
    "lists": Seed(without={"list_type": frozenset({3})}),
    "users": Seed(rows=266, values={"state": ("active",) * 9 + ("blocked",), "user_type": (None,) * 9 + (6,)}),
}
"""What makes the counts those of the usage-data API's example: 463 ``ci_builds``, no ``ci_triggers`` and so on."""


def create_sample_database(dictionary: Dictionary, path: Path, now: datetime | None = None) -> None:
    """Write the database to ``path``; a file that is there already is left alone.

    The rows are the same for the same dictionary and ``now``. Raises OperationalError where the machine refuses.
    """
    if path.exists():
        return
    tables = tables_of(dictionary)
    staged = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staged.unlink(missing_ok=True)
        with closing(sqlite3.connect(staged)) as connection, connection:
            # SQLite has no schemas, and only those have a dot in their name.
            for table in sorted(table for table in tables.columns if "." not in table):
                _create_table(connection, tables, table, now or utc_now())
        staged.rename(path)
    except (OSError, sqlite3.Error) as error:
        raise OperationalError(f"{path}: cannot write the sample database: {error}") from None


def _create_table(connection: sqlite3.Connection, tables: Tables, table: str, now: datetime) -> None:
    columns = sorted(set(tables.columns[table]) - {"id"})
    definitions = ["id INTEGER PRIMARY KEY", *(quoted_name(column) for column in columns)]
    connection.execute(f"CREATE TABLE {quoted_name(table)} ({', '.join(definitions)})")
    places = ", ".join("?" * len(definitions))
    connection.executemany(f"INSERT INTO {quoted_name(table)} VALUES ({places})", _rows(tables, table, columns, now))  # noqa: S608


def _rows(tables: Tables, table: str, columns: list[str], now: datetime) -> Iterator[tuple[Scalar, ...]]:
    rng = random.Random(zlib.crc32(table.encode()))  # noqa: S311 - believable rows, not secrets
    for number in range(1, _row_count(table) + 1):
        yield (number, *(_value(tables, table, column, rng, now) for column in columns))


def _row_count(table: str) -> int:
    seed = SEEDS.get(table, Seed())
    return MIN_ROWS + zlib.crc32(table.encode()) % (MAX_ROWS - MIN_ROWS) if seed.rows is None else seed.rows


def _value(tables: Tables, table: str, column: str, rng: random.Random, now: datetime) -> Scalar:
    if (table, column) in tables.timestamps or TIMESTAMP.search(column):
        moment = now - timedelta(seconds=rng.randrange(HISTORY_DAYS * 86_400))
        return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
    if referred := tables.references.get((table, column)):
        return rng.randint(1, max(_row_count(referred), 1))
    return rng.choice(_candidates(tables, table, column))


def _candidates(tables: Tables, table: str, column: str) -> list[Scalar]:
    """Return what the column may hold: the values that metrics look for, and some others."""
    seed = SEEDS.get(table, Seed())
    if column in seed.values:
        return list(seed.values[column])
    wanted = tables.columns[table][column]
    candidates = [*sorted(wanted, key=repr), *_others(wanted, column)]
    return [value for value in candidates if value not in seed.without.get(column, frozenset())]


def _others(wanted: set[Scalar], column: str) -> list[Scalar]:
    kinds = {type(value) for value in wanted - {None}}
    if bool in kinds:
        return [True, False]
    if str in kinds:
        return ["other"]
    if kinds or column.endswith("_id"):
        return list(range(20, 40))
    return list(range(10))
