"""How many statements a value takes, of which size, and what becomes of those that take too long."""

from __future__ import annotations

import math
import re
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics_dictionary.ping.database import batches, counting
from metrics_dictionary.ping.database.bounds import BoundsCache
from metrics_dictionary.ping.database.database import DatabaseError, DatabaseUnavailableError, StatementTimeout
from metrics_dictionary.ping.database.open_database import open_database
from metrics_dictionary.ping.measurement import TimeLimitReached
from metrics_dictionary.ping.query.relation import Batching, Column, Operation
from metrics_dictionary.ping.query.sql import select
from metrics_dictionary.ping.query.time_window import TimeWindow
from tests.ping.database.applications import PostgresApplication, relation

if TYPE_CHECKING:
    from metrics_dictionary.ping.database.database import Database
    from tests.ping.database.applications import Application
    from tests.ping.database.conftest import Opener


BOUNDS = "SELECT (SELECT MIN("


@pytest.fixture
def numbers(application: Application) -> Application:
    """A table with 1,000 ids, each of the numbers below 100 ten times, in the order of nothing."""
    application.execute("CREATE TABLE numbers (id INTEGER PRIMARY KEY, number INTEGER, created_at TIMESTAMP)")
    application.insert("numbers", [(row, row * 37 % 100, "2024-01-01") for row in range(1, 1001)])
    return application


def listen(database: Database, monkeypatch: pytest.MonkeyPatch, slow: int | None = None) -> list[str]:
    """Return the list that statements are written to. With ``slow``, larger ranges of ids take too long."""
    statements: list[str] = []
    rows = database.rows

    def heard(statement: str) -> list[tuple[Any, ...]]:
        statements.append(statement)
        if slow is not None and BOUNDS not in statement and covered(statement) > slow:
            raise StatementTimeout("a statement took longer than it may")
        return rows(statement)

    monkeypatch.setattr(database, "rows", heard)
    return statements


def covered(statement: str) -> int:
    """How much of the ids from 1 to 1,000 a statement covers."""
    if "IS NULL" in statement:
        return 0
    start = re.search(r">= (-?\d+)", statement)
    end = re.search(r" < (-?\d+)", statement)
    return int(end[1] if end else 1001) - int(start[1] if start else 1)


@pytest.mark.usefixtures("numbers")
def test_a_small_table_is_read_with_its_own_statement(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    database = opened()
    heard = listen(database, monkeypatch)
    assert database.compute(relation("count", "numbers", conditions=[{"number": 7}])) == 10
    assert [statement for statement in heard if BOUNDS not in statement] == [
        'SELECT COUNT("numbers"."id") FROM "numbers" WHERE "numbers"."number" = 7'
    ]


@pytest.mark.usefixtures("numbers")
def test_bounds_are_asked_once_for_all_metrics(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    database = opened()
    heard = listen(database, monkeypatch)
    for number in range(20):
        database.compute(relation("count", "numbers", conditions=[{"number": number}], batch_size=300))
        database.compute(relation("sum", "numbers", "number", batch_size=300))
    assert [statement for statement in heard if BOUNDS in statement] == [
        'SELECT (SELECT MIN("numbers"."id") FROM "numbers"), (SELECT MAX("numbers"."id") FROM "numbers")'
    ]


@pytest.mark.usefixtures("numbers")
def test_a_large_table_is_never_read_with_one_statement(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "SMALL_RANGE", 500)
    monkeypatch.setattr(batches, "BATCH_SIZES", dict.fromkeys(Operation, 100))
    database = opened()
    heard = listen(database, monkeypatch)
    assert database.compute(relation("count", "numbers")) == 1000
    counted = [statement for statement in heard if BOUNDS not in statement]
    assert len(counted) > 1
    assert max(map(covered, counted)) < 1000
    assert sum(map(covered, counted)) == 1000


@pytest.mark.usefixtures("numbers")
def test_batches_grow_while_they_are_quick(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "SMALL_RANGE", 500)
    monkeypatch.setattr(batches, "BATCH_SIZES", dict.fromkeys(Operation, 10))
    database = opened(statement_timeout=3600.0)
    heard = listen(database, monkeypatch)
    database.compute(relation("count", "numbers"))
    sizes = [covered(statement) for statement in heard if BOUNDS not in statement]
    assert sizes == [10, 20, 40, 80, 160, 320, 370]


@pytest.mark.usefixtures("numbers")
def test_batches_grow_no_larger_than_the_instrumentation_allows(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = opened(statement_timeout=3600.0)
    heard = listen(database, monkeypatch)
    database.compute(relation("count", "numbers", batch_size=300))
    assert [covered(statement) for statement in heard if BOUNDS not in statement] == [300, 300, 300, 100]


def test_a_gap_of_a_million_billion_ids_takes_few_statements(
    numbers: Application, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers.execute("CREATE TABLE flakes (id BIGINT PRIMARY KEY)")
    numbers.insert("flakes", [(1,), (2,), (10**15,), (10**15 + 1,), (-(2**63),), (2**63 - 1,)])
    database = opened(statement_timeout=3600.0)
    heard = listen(database, monkeypatch)
    assert database.compute(relation("count", "flakes")) == 6
    assert database.compute(relation("distinct_count", "flakes")) == 6
    assert len(heard) < 150


@pytest.mark.usefixtures("numbers")
def test_a_batch_that_takes_too_long_is_halved(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MIN_BATCH_SIZE", 10)
    monkeypatch.setattr(batches, "GROW_BELOW", 0.0)
    database = opened()
    heard = listen(database, monkeypatch, slow=100)
    assert database.compute(relation("sum", "numbers", "number")) == 10 * sum(range(100))
    sizes = [covered(statement) for statement in heard if BOUNDS not in statement]
    assert sizes[:6] == [1000, 0, 500, 250, 125, 62]
    assert max(sizes[5:]) <= 100


@pytest.mark.parametrize("operation", [Operation.COUNT, Operation.AVERAGE, Operation.ESTIMATE_DISTINCT_COUNT])
@pytest.mark.usefixtures("numbers")
def test_rows_that_take_too_long_in_any_batch_are_given_up(
    opened: Opener, monkeypatch: pytest.MonkeyPatch, operation: Operation
) -> None:
    database = opened()
    heard = listen(database, monkeypatch, slow=0)
    with pytest.raises(StatementTimeout):
        database.compute(relation(operation, "numbers", "number"))
    assert len(heard) < 10


def test_what_cannot_be_split_times_out(numbers: Application, opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers.execute("CREATE TABLE words (word TEXT)")
    database = opened()
    listen(database, monkeypatch, slow=0)
    with pytest.raises(StatementTimeout):
        database.compute(relation("distinct_count", "words", "word"))


@pytest.mark.usefixtures("numbers")
def test_a_hint_that_would_take_endless_statements_is_not_followed(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MAX_STATEMENTS", 20)
    database = opened(statement_timeout=3600.0)
    heard = listen(database, monkeypatch)
    assert database.compute(relation("count", "numbers", batch_size=1)) == 1000
    assert database.compute(relation("distinct_count", "numbers", "number", batch_size=1)) == 100
    assert len(heard) < 100


INDEXES = {
    "CREATE TABLE things (id INTEGER PRIMARY KEY, kind TEXT)": True,
    "CREATE TABLE things (kind TEXT, id BIGINT PRIMARY KEY)": True,
    "CREATE TABLE things (kind TEXT, id BIGINT, PRIMARY KEY (id, kind))": True,
    "CREATE TABLE things (kind TEXT, id BIGINT, PRIMARY KEY (kind, id))": False,
    "CREATE TABLE things (id BIGINT, kind TEXT PRIMARY KEY)": False,
    "CREATE TABLE things (id BIGINT, kind TEXT); CREATE INDEX by_id ON things (id DESC)": True,
    "CREATE TABLE things (id BIGINT, kind TEXT); CREATE INDEX by_id ON things (id) WHERE kind IS NULL": False,
    "CREATE TABLE things (id BIGINT, kind TEXT); CREATE INDEX by_id ON things ((id + 1))": False,
}


@pytest.mark.parametrize("created", INDEXES)
def test_an_index_is_one_whose_first_column_is_the_column(
    application: Application, opened: Opener, created: str
) -> None:
    application.execute(*created.split(";"))
    assert BoundsCache(opened()).is_indexed(Column("things", "id")) is INDEXES[created]


SNOWFLAKES = [(1 << 62) + (number // 100 << 40) + number % 100 * 7 for number in range(3_000)]
"""3,000 ids in clusters of 100 that lie far apart, as servers make them from the time."""


@pytest.mark.parametrize("size", [None, 1, 500, 100_000])
@pytest.mark.parametrize("key", ["BIGINT PRIMARY KEY", "BIGINT"])
def test_ids_that_lie_far_apart_are_counted_whatever_the_hint(
    application: Application, opened: Opener, monkeypatch: pytest.MonkeyPatch, size: int | None, key: str
) -> None:
    application.execute(f"CREATE TABLE flakes (id {key}, user_id BIGINT)")
    application.execute("CREATE INDEX flakes_by_user ON flakes (user_id)")
    application.insert("flakes", [(flake, SNOWFLAKES[number // 3]) for number, flake in enumerate(SNOWFLAKES)])
    hint: dict[str, Any] = {} if size is None else {"batch_size": size}
    database = opened(statement_timeout=3600.0)
    heard = listen(database, monkeypatch)
    assert database.compute(relation("count", "flakes", **hint)) == 3_000
    assert database.compute(relation("distinct_count", "flakes", "user_id", **hint)) == 1_000
    assert database.compute(relation("average", "flakes", "id", **hint)) == pytest.approx(sum(SNOWFLAKES) / 3_000)
    assert len(heard) < (20_000 if size == 1 else 150)


def test_batches_of_ids_that_lie_far_apart_have_so_many_rows(
    application: Application, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "GROW_BELOW", 0.0)
    application.execute("CREATE TABLE flakes (id BIGINT PRIMARY KEY)")
    application.insert("flakes", [(flake,) for flake in SNOWFLAKES])
    database = opened()
    heard = listen(database, monkeypatch)
    assert database.compute(relation("count", "flakes", batch_size=400)) == 3_000
    ends = [int(end[1]) for statement in heard if (end := re.search(r" < (\d+)$", statement))]
    assert [sum(flake < end for flake in SNOWFLAKES) for end in ends] == [400, 800, 1200, 1600, 2000, 2400, 2800]


def test_far_apart_rows_that_take_too_long_in_any_batch_are_given_up_at_once(
    application: Application, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    application.execute("CREATE TABLE flakes (id BIGINT)")
    application.insert("flakes", [(flake,) for flake in SNOWFLAKES])
    database = opened()
    heard = listen(database, monkeypatch, slow=0)
    with pytest.raises(StatementTimeout):
        database.compute(relation("count", "flakes", batch_size=1))
    assert len(heard) < 60


@pytest.mark.usefixtures("numbers")
def test_a_time_window_is_tried_at_once_even_on_a_large_table(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "SMALL_RANGE", 500)
    database = opened()
    heard = listen(database, monkeypatch)
    window = TimeWindow("2023-12-31", "2024-01-02")
    assert database.compute(relation("count", "numbers", window=window)) == 1000
    assert len(heard) == 1


@pytest.mark.usefixtures("numbers")
def test_distinct_values_of_a_large_table_are_split_by_themselves(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "SMALL_RANGE", 500)
    monkeypatch.setattr(batches, "BATCH_SIZES", dict.fromkeys(Operation, 250))
    monkeypatch.setattr(batches, "GROW_BELOW", 0.0)
    database = opened()
    heard = listen(database, monkeypatch)
    assert database.compute(relation("distinct_count", "numbers", "number")) == 100
    counted = [statement for statement in heard if BOUNDS not in statement]
    assert [statement.partition(" WHERE ")[2].replace('"numbers".', "") for statement in counted] == [
        '"number" < 25',
        '"number" >= 25 AND "number" < 50',
        '"number" >= 50 AND "number" < 75',
        '"number" >= 75',
    ]


SLOW = {
    "sqlite": "(WITH RECURSIVE n (x) AS (SELECT numbers.id UNION ALL SELECT x + 1 FROM n LIMIT 2000) "
    "SELECT MAX(x) FROM n) > 0",
    "postgresql": "pg_sleep(0.001) IS NOT NULL",
}
"""Conditions that take a millisecond a row, more or less."""


@pytest.mark.usefixtures("numbers")
def test_a_statement_is_ended_when_its_time_is_over(opened: Opener) -> None:
    database = opened(statement_timeout=0.1)
    started = time.monotonic()
    with pytest.raises(StatementTimeout, match=r"longer than 0\.1 s"):
        database.rows(select(relation("count", "numbers", conditions=[{"sql": SLOW[database.adapter]}])))
    assert time.monotonic() - started < 1.0
    assert database.compute(relation("count", "numbers")) == 1000


@pytest.mark.usefixtures("numbers")
def test_a_deadline_ends_the_statement_and_the_batches_that_run_then(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MIN_BATCH_SIZE", 1)
    slow = "sqlite" if opened(0.05).adapter == "sqlite" else "postgresql"
    for timeout in (0.05, 30.0):
        database = opened(timeout)
        counted = relation("count", "numbers", conditions=[{"sql": SLOW[slow] + " AND " + SLOW[slow]}], batch_size=20)
        started = time.monotonic()
        database.deadline = started + 0.3
        with pytest.raises(TimeLimitReached):
            database.compute(counted)
        assert 0.3 <= time.monotonic() - started < 1.0
        with pytest.raises(TimeLimitReached):
            database.compute(relation("count", "numbers"))
        database.deadline = math.inf
        assert database.compute(relation("count", "numbers")) == 1000


def test_a_locked_table_fails_at_once_and_alone(postgres_url: str) -> None:
    application = PostgresApplication(postgres_url)
    application.execute(
        "DROP SCHEMA public CASCADE",
        "CREATE SCHEMA public",
        "CREATE TABLE free (id INTEGER)",
        "CREATE TABLE held (id BIGINT PRIMARY KEY)",
        "INSERT INTO held SELECT * FROM generate_series(1, 2000000)",
    )
    with (
        psycopg.connect(postgres_url) as other,
        closing(open_database(postgres_url, statement_timeout=0.4)) as database,
    ):
        other.execute("LOCK TABLE held IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        for _ in range(3):
            with pytest.raises(DatabaseError, match="another session locks the table") as caught:
                database.compute(relation("count", "held"))
            assert not isinstance(caught.value, DatabaseUnavailableError | StatementTimeout)
            assert database.compute(relation("count", "free")) == 0
        assert time.monotonic() - started < 3.0


@pytest.mark.usefixtures("numbers")
def test_a_count_that_takes_longer_than_a_statement_may_is_finished_in_batches(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MIN_BATCH_SIZE", 10)
    database = opened(statement_timeout=0.3)
    slow = relation("count", "numbers", conditions=[{"sql": SLOW[database.adapter]}])
    started = time.monotonic()
    assert database.compute(slow) == 1000
    assert time.monotonic() - started > 0.3


rows = st.lists(
    st.tuples(
        st.none() | st.integers(-20, 40),
        st.none() | st.integers(-5, 5),
        st.none() | st.integers(-(2**40), 2**40),
        st.none() | st.sampled_from(["a", "b", ""]),
    ),
    max_size=25,
)
operations = st.sampled_from(list(Operation))
joins = st.sampled_from(
    [
        [],
        [{"table": "owners", "on": {"id": "things.owner_id"}}],
        [{"table": "owners", "type": "left_outer", "on": {"id": "things.owner_id"}}],
    ]
)
conditions = st.lists(
    st.sampled_from([
        {"kind": ["a", "b"]},
        {"owner_id": None},
        {"not": {"kind": "a"}},
        {"any": [{"owner_id": [1, 2, 3]}, {"kind": None}]},
        {"sql": "things.size > 0 OR things.kind = ''"},
        {"owner_id": {"select": {"table": "owners", "conditions": [{"column": "id", "operator": ">", "value": 0}]}}},
    ]),
    max_size=2,
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=rows,
    entry=st.fixed_dictionaries({
        "operation": operations,
        "column": st.sampled_from(["id", "owner_id", "size"]),
        "joins": joins,
        "conditions": conditions,
    }),
    size=st.integers(1, 70),
    hint=st.tuples(st.none() | st.integers(-30, 50), st.none() | st.integers(-30, 50)),
)  # fmt: skip
def test_batches_together_give_what_the_statement_gives(
    application: Application,
    opened: Opener,
    rows: list[tuple[Any, ...]],
    entry: dict[str, Any],
    size: int,
    hint: tuple[int | None, int | None],
) -> None:
    application.execute(
        "DROP TABLE IF EXISTS things",
        "DROP TABLE IF EXISTS owners",
        "CREATE TABLE things (id INTEGER, owner_id INTEGER, size BIGINT, kind TEXT)",
        "CREATE TABLE owners (id INTEGER, name TEXT)",
    )
    application.insert("things", rows)
    application.insert("owners", [(number, str(number)) for number in range(-2, 4)])
    whole = relation(table="things", **entry)
    operation = entry["operation"]
    start, finish = hint
    if operation is Operation.DISTINCT_COUNT and entry["column"] == "size":
        start, finish = None, None  # a hint that is wrong by so much takes as many statements as there are numbers
    batched = replace(whole, batching=Batching(size=size))
    batched_with_hint = replace(whole, batching=Batching(start, finish, size))

    ((expected,),) = application.ask(select(whole))
    database = opened()
    for asked in (batched, batched_with_hint):
        value = database.compute(asked)
        if operation is Operation.AVERAGE:
            assert value == (None if expected is None else pytest.approx(float(expected)))
        elif operation is Operation.ESTIMATE_DISTINCT_COUNT:
            assert value == pytest.approx(expected, abs=2)  # two of few values rarely share a bucket
        else:
            assert value == (expected or 0)
    database.close()
