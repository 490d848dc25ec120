"""Values on both databases, held against the same rows in Python."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from metrics_dictionary.ping.database.database import DatabaseError
from metrics_dictionary.ping.database.open_database import open_database
from metrics_dictionary.ping.query.time_window import time_window
from tests.ping.database.applications import PostgresApplication, SqliteApplication, relation

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.ping.database.database import Database
    from tests.ping.database.applications import Application
    from tests.ping.database.conftest import Opener

NOW = datetime(2024, 3, 31, 12, 0, tzinfo=UTC)

BUILDS = [
    (number, 1 + number % 7, ("Ci::Build", "Ci::Bridge")[number % 3 == 0], None if number % 5 == 0 else number % 11,
     f"2024-03-{1 + number % 31:02} 0{number % 10}:30:00")
    for number in range(1, 501)
]  # fmt: skip
USERS = [(1, "Ada", True), (2, "Bo", False), (3, "Cy", True), (4, "O'Di", True), (9, "Em", True)]


@pytest.fixture
def database(application: Application, opened: Opener) -> Database:
    application.execute(
        "CREATE TABLE builds (id INTEGER PRIMARY KEY, user_id INTEGER, type TEXT, duration INTEGER, "
        "created_at TIMESTAMP)",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, active BOOLEAN)",
    )
    application.insert("builds", BUILDS)
    application.insert("users", USERS)
    return opened()


@pytest.fixture(params=[None, 7, 100], ids=lambda size: f"batch_size={size}")
def batching(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {} if request.param is None else {"batch_size": request.param}


def test_rows_are_counted(database: Database, batching: dict[str, Any]) -> None:
    assert database.compute(relation("count", "builds", **batching)) == len(BUILDS)


def test_conditions_limit_what_is_counted(database: Database, batching: dict[str, Any]) -> None:
    expected = sum(kind == "Ci::Build" and user == 3 for _, user, kind, _, _ in BUILDS)
    conditions = [{"type": "Ci::Build"}, {"user_id": 3}]
    assert database.compute(relation("count", "builds", conditions=conditions, **batching)) == expected


def test_a_column_is_counted_where_it_has_a_value(database: Database, batching: dict[str, Any]) -> None:
    expected = sum(duration is not None for _, _, _, duration, _ in BUILDS)
    assert database.compute(relation("count", "builds", "duration", **batching)) == expected


def test_distinct_values_are_counted_once_however_small_the_batches(
    database: Database, batching: dict[str, Any]
) -> None:
    assert database.compute(relation("distinct_count", "builds", "user_id", **batching)) == 7
    assert database.compute(relation("distinct_count", "builds", "duration", **batching)) == 11
    assert database.compute(relation("distinct_count", "builds", "type", **batching)) == 2


def test_values_are_added_up_without_those_that_are_missing(database: Database, batching: dict[str, Any]) -> None:
    value = database.compute(relation("sum", "builds", "duration", **batching))
    assert value == sum(duration or 0 for _, _, _, duration, _ in BUILDS)
    assert type(value) is int


LARGE = [2**62 - number * 3 for number in range(40)] + [-(2**61) + number for number in range(7)] + [None]


@pytest.mark.parametrize("added", [[], [0.5, 1e20], [-(2**63)] * 3])
def test_sums_and_averages_may_exceed_64_bits(
    application: Application, database: Database, batching: dict[str, Any], added: list[float]
) -> None:
    kind = "DOUBLE PRECISION" if any(isinstance(value, float) for value in added) else "BIGINT"
    application.execute(f"CREATE TABLE sizes (id INTEGER PRIMARY KEY, size {kind})")
    values = [*LARGE, *added]
    application.insert("sizes", [*enumerate(values, start=1)])
    present = [value for value in values if value is not None]
    total = database.compute(relation("sum", "sizes", "size", **batching))
    assert total == (sum(present) if kind == "BIGINT" else pytest.approx(float(sum(present)), rel=1e-12))
    average = database.compute(relation("average", "sizes", "size", **batching))
    assert average == pytest.approx(sum(present) / len(present))


def test_an_average_is_that_of_the_values_that_are_there(database: Database, batching: dict[str, Any]) -> None:
    durations = [duration for _, _, _, duration, _ in BUILDS if duration is not None]
    value = database.compute(relation("average", "builds", "duration", **batching))
    assert value == pytest.approx(sum(durations) / len(durations))
    assert type(value) is float


def test_an_estimate_of_few_values_is_exact(database: Database, batching: dict[str, Any]) -> None:
    value = database.compute(relation("estimate_batch_distinct_count", "builds", "user_id", **batching))
    assert value == 7


@pytest.mark.parametrize(
    ("operation", "value"),
    [("count", 0), ("distinct_count", 0), ("sum", 0), ("average", None), ("estimate_batch_distinct_count", 0)],
)
def test_nothing_has_a_sum_of_zero_and_no_average(
    database: Database, batching: dict[str, Any], operation: str, value: object
) -> None:
    conditions = [{"user_id": 999}]
    assert database.compute(relation(operation, "builds", "duration", conditions=conditions, **batching)) == value


def test_a_joined_table_limits_what_is_counted(database: Database, batching: dict[str, Any]) -> None:
    active = {number for number, _, is_active in USERS if is_active}
    joined: dict[str, Any] = {
        "joins": [{"table": "users", "on": {"id": "builds.user_id"}}],
        "conditions": [{"users.active": True}],
    }
    count = sum(user in active for _, user, _, _, _ in BUILDS)
    assert database.compute(relation("count", "builds", **joined, **batching)) == count
    names = database.compute(relation("distinct_count", "builds", "users.name", **joined, **batching))
    ids = database.compute(relation("distinct_count", "builds", "users.id", **joined, **batching))
    assert (names, ids) == (3, 3)


def test_a_left_join_keeps_the_rows_without_a_partner(database: Database, batching: dict[str, Any]) -> None:
    joins = [{"table": "users", "type": "left_outer", "on": {"id": "builds.user_id"}}]
    lonely = sum(user > 4 for _, user, _, _, _ in BUILDS)
    entry: dict[str, Any] = {"joins": joins, "conditions": [{"users.id": None}]}
    assert database.compute(relation("count", "builds", **entry, **batching)) == lonely


def test_a_join_and_a_condition_may_be_sql(database: Database, batching: dict[str, Any]) -> None:
    entry: dict[str, Any] = {
        "joins": [{"sql": "JOIN users AS u ON u.id = builds.user_id"}],
        "conditions": [{"sql": "u.name LIKE '%''Di' OR u.name = 'Bo'"}],
    }
    expected = sum(user in (2, 4) for _, user, _, _, _ in BUILDS)
    assert database.compute(relation("count", "builds", **entry, **batching)) == expected
    assert database.compute(relation("distinct_count", "builds", "u.id", **entry, **batching)) == 2


def test_a_window_is_in_utc_and_has_both_of_its_ends(database: Database, batching: dict[str, Any]) -> None:
    def within(row: tuple[Any, ...]) -> bool:
        return "2024-03-22 12:00:00" <= str(row[4]) <= "2024-03-29 12:00:00"

    window = time_window("7d", NOW)
    expected = sum(within(row) for row in BUILDS)
    assert expected > 0
    assert database.compute(relation("count", "builds", window=window, **batching)) == expected


def test_text_that_only_keeps_a_query_as_it_was_changes_nothing(database: Database, batching: dict[str, Any]) -> None:
    entry: dict[str, Any] = {"distinct": True, "order": {"type": "asc"}}
    assert database.compute(relation("count", "builds", **entry, **batching)) == len(BUILDS)
    assert database.compute(relation("distinct_count", "builds", "user_id", **entry, **batching)) == 7


def test_a_hint_saves_looking_for_the_bounds_and_leaves_no_row_out(database: Database) -> None:
    for start, finish in ((1, 500), (100, 200), (-5, 10_000), (300, 2), (700, 800)):
        hinted: dict[str, Any] = {"start": start, "finish": finish, "batch_size": 50}
        assert database.compute(relation("count", "builds", **hinted)) == len(BUILDS)
        assert database.compute(relation("distinct_count", "builds", "user_id", **hinted)) == 7


def test_a_hint_in_numbers_for_a_column_of_strings_changes_nothing(database: Database) -> None:
    hinted: dict[str, Any] = {"start": 1, "finish": 500, "batch_size": 50}
    assert database.compute(relation("distinct_count", "builds", "type", **hinted)) == 2
    assert database.compute(relation("distinct_count", "users", "active", **hinted)) == 2


def test_rows_that_come_after_the_bounds_were_asked_are_counted(application: Application, database: Database) -> None:
    counted = relation("count", "builds", batch_size=100)
    assert database.compute(counted) == 500
    application.insert("builds", [(900, 1, "Ci::Build", 1, "2024-01-01"), (-7, 1, "Ci::Build", 1, "2024-01-01")])
    assert database.compute(counted) == 502


def test_rows_without_an_id_are_counted_with_the_others(application: Application, database: Database) -> None:
    application.execute("CREATE TABLE imports (id INTEGER, size INTEGER)")
    application.insert("imports", [(None, 5), (1, 7), (50, None), (None, None), (99, 1)])
    assert database.compute(relation("sum", "imports", "size", batch_size=10)) == 13
    assert database.compute(relation("average", "imports", "size", batch_size=10)) == pytest.approx(13 / 3)
    assert database.compute(relation("count", "imports", "size", batch_size=10)) == 3


def test_a_table_without_ids_is_split_by_the_column_that_counts(application: Application, database: Database) -> None:
    application.execute("CREATE TABLE preferences (user_id INTEGER, tab_width INTEGER)")
    application.insert("preferences", [(number, 8) for number in range(100)])
    assert database.compute(relation("count", "preferences", "user_id", batch_size=9)) == 100
    assert database.compute(relation("sum", "preferences", "tab_width", batch_size=3)) == 800


def test_an_id_that_is_a_text_leaves_one_statement(application: Application, database: Database) -> None:
    application.execute("CREATE TABLE devices (id TEXT, size INTEGER)")
    application.insert("devices", [(f"device-{number}", number) for number in range(50)])
    assert database.compute(relation("count", "devices", batch_size=3)) == 50
    assert database.compute(relation("distinct_count", "devices", batch_size=3)) == 50
    assert database.compute(relation("estimate_batch_distinct_count", "devices", batch_size=3)) == 50


@pytest.mark.parametrize("number", [10, 1_000, 200_000])
def test_an_estimate_is_within_five_percent(application: Application, opened: Opener, number: int) -> None:
    application.execute("CREATE TABLE visits (id INTEGER PRIMARY KEY, visitor INTEGER, page TEXT)")
    rows = max(number, 3_000)
    application.insert("visits", ((row, row * 7 % number, f"/page/{row % number}") for row in range(rows)))
    database = opened()
    for column in ("visitor", "page"):
        asked = relation("estimate_batch_distinct_count", "visits", column, batch_size=rows // 3)
        assert database.compute(asked) == pytest.approx(number, rel=0.05)


EQUAL = {
    "numeric": ("NUMERIC", ["1", "1.0", "1.00", "2.50", "2.5", "-0.0", "0"]),
    "float": ("DOUBLE PRECISION", ["0", "-0", "1e0", "1.0"]),
    "char": ("CHAR(5)", ["a", "a  ", "b"]),
    "interval": ("INTERVAL", ["1 day", "24 hours", "1 hour", "60 minutes"]),
    "jsonb": ("JSONB", ["1", "1.0", '{"a": 1, "b": 2}', '{"b": 2, "a": 1.0}']),
    "money": ("MONEY", ["1", "1.00", "2"]),
    "boolean": ("BOOLEAN", ["true", "t", "f"]),
}


@pytest.mark.parametrize("kind", EQUAL)
def test_an_estimate_counts_equal_values_of_postgresql_once_in_all_batches(postgres_url: str, kind: str) -> None:
    application = PostgresApplication(postgres_url)
    column, values = EQUAL[kind]
    application.execute(
        "DROP SCHEMA public CASCADE",
        "CREATE SCHEMA public",
        f"CREATE TABLE sizes (id INTEGER PRIMARY KEY, size {column})",
    )
    application.insert("sizes", [*enumerate([*values, None] * 3, start=1)])
    ((expected,),) = application.ask("SELECT COUNT(DISTINCT size) FROM sizes")
    with closing(open_database(postgres_url, statement_timeout=30.0)) as database:
        for size in (1, 4, 100):
            asked = relation("estimate_batch_distinct_count", "sizes", "size", batch_size=size)
            assert database.compute(asked) == expected


@pytest.mark.parametrize("collation", ["BINARY", "NOCASE", "RTRIM"])
def test_an_estimate_counts_strings_once_that_a_collation_of_sqlite_holds_for_equal(
    tmp_path: Path, collation: str
) -> None:
    application = SqliteApplication(tmp_path / "application.db")
    application.execute(f"CREATE TABLE words (id INTEGER PRIMARY KEY, word COLLATE {collation})")
    words = ["Ada", "ada", "ADA ", "ada  ", "Émile", "émile", 5, 5.0, "5", b"ada", None]
    application.insert("words", [*enumerate(words, start=1)])
    ((expected,),) = application.ask("SELECT COUNT(DISTINCT word) FROM words")
    with closing(open_database(application.url, statement_timeout=30.0)) as database:
        for size in (1, 3, 100):
            asked = relation("estimate_batch_distinct_count", "words", "word", batch_size=size)
            assert database.compute(asked) == expected


def test_a_table_that_is_not_there_is_a_fault_of_the_instrumentation(database: Database) -> None:
    with pytest.raises(DatabaseError, match=r"mops.*check the instrumentation") as caught:
        database.compute(relation("count", "mops"))
    assert "\n" not in str(caught.value)


def test_a_table_in_another_schema_is_read(postgres_url: str) -> None:
    application = PostgresApplication(postgres_url)
    application.execute(
        "DROP SCHEMA IF EXISTS other CASCADE",
        "CREATE SCHEMA other",
        "CREATE TABLE other.things (id BIGINT PRIMARY KEY, owner_id INTEGER, created_at TIMESTAMPTZ)",
        "CREATE TABLE other.owners (id INTEGER PRIMARY KEY, active BOOLEAN)",
        "INSERT INTO other.things SELECT n, n % 3, '2024-03-25 10:00Z' FROM generate_series(1, 100) AS n",
        "INSERT INTO other.owners VALUES (0, TRUE), (1, FALSE), (2, TRUE)",
    )
    joins = [{"schema": "other", "table": "owners", "on": {"id": "things.owner_id"}}]
    entry: dict[str, Any] = {"schema": "other", "joins": joins, "conditions": [{"owners.active": True}]}
    with closing(open_database(postgres_url, statement_timeout=30.0)) as database:
        batchings: list[dict[str, Any]] = [{}, {"batch_size": 7}]
        for batching in batchings:
            assert (
                database.compute(relation("count", "things", window=time_window("7d", NOW), **entry, **batching)) == 66
            )
            assert database.compute(relation("distinct_count", "things", "owner_id", schema="other", **batching)) == 3
    application.execute("DROP SCHEMA other CASCADE")


def test_sqlite_has_no_other_schemas(tmp_path: Path) -> None:
    application = SqliteApplication(tmp_path / "application.db")
    application.execute("CREATE TABLE things (id INTEGER PRIMARY KEY)")
    with (
        closing(open_database(application.url, statement_timeout=30.0)) as database,
        pytest.raises(DatabaseError, match=r"no such table: other\.things"),
    ):
        database.compute(relation("count", "things", schema="other"))


def test_a_condition_in_sql_cannot_bring_a_second_statement(application: Application, database: Database) -> None:
    for attack in ("1=1); DROP TABLE users; --", "1=1); COMMIT; DELETE FROM users; --"):
        with pytest.raises(DatabaseError):
            database.compute(relation("count", "users", conditions=[{"sql": attack}]))
    assert application.ask("SELECT COUNT(*) FROM users") == [(len(USERS),)]


@pytest.mark.parametrize("statement", ["DELETE FROM users", "DROP TABLE users", "CREATE TABLE more (id INTEGER)"])
def test_nothing_can_be_written(application: Application, database: Database, statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"read-?only"):
        database.rows(statement)
    assert application.ask("SELECT COUNT(*) FROM users") == [(len(USERS),)]


def test_an_answer_that_is_no_number_is_refused(application: Application, database: Database) -> None:
    application.execute("CREATE TABLE gauges (id INTEGER, level DOUBLE PRECISION)")
    application.insert("gauges", [(1, float("inf"))])
    with pytest.raises(DatabaseError, match="is not a number"):
        database.compute(relation("sum", "gauges", "level"))


def test_a_percent_sign_is_no_parameter(application: Application, database: Database) -> None:
    application.insert("users", [(20, "100%s", True)])
    assert database.compute(relation("count", "users", conditions=[{"name": "100%s"}])) == 1


def test_the_product_is_named_with_its_version(application: Application, database: Database) -> None:
    assert database.adapter == application.url.split(":")[0]
    assert database.version().split(".")[0].isdigit()
