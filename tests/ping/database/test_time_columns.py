"""Time windows over the forms in which applications store times, held against Python's own arithmetic."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from metrics_dictionary.ping.database import batches
from metrics_dictionary.ping.database.database import DatabaseError, StatementTimeout
from metrics_dictionary.ping.database.open_database import open_database
from metrics_dictionary.ping.query.time_window import TimeWindow, time_window
from tests.ping.database.applications import PostgresApplication, SqliteApplication, heard_by, relation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from metrics_dictionary.ping.database.database import Database
    from tests.ping.database.applications import Application
    from tests.ping.database.conftest import Opener

NOW = datetime(2024, 3, 31, 12, 0, 0, 250_000, tzinfo=UTC)
START, END = NOW - timedelta(days=9), NOW - timedelta(days=2)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND, MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)
WEST, EAST = timezone(timedelta(hours=-9, minutes=-30)), timezone(timedelta(hours=14))


def blank(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def zone(moment: datetime, where: timezone, separator: str = "T") -> str:
    return moment.astimezone(where).isoformat(separator)


FORMS: dict[str, Callable[[datetime], object]] = {
    "blank": blank,
    "T and Z": lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    "T without a zone": lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.%f"),
    "west": lambda moment: zone(moment, WEST),
    "east": lambda moment: zone(moment, EAST, " "),
    "PostgreSQL": lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S.%f+00"),
    "microseconds": lambda moment: (moment - EPOCH) // MICROSECOND,
}
"""Forms that keep each microsecond."""

SECONDS: dict[str, Callable[[datetime], object]] = {
    "blank": lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S"),
    "T and Z": lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "seconds": lambda moment: (moment - EPOCH) // SECOND,
    "real": lambda moment: (moment - EPOCH) / SECOND,
    "milliseconds": lambda moment: (moment - EPOCH) // timedelta(milliseconds=1),
    "Julian days": lambda moment: (moment - EPOCH) / timedelta(days=1) + 2440587.5,
}
"""Forms in which the window's ends, which have a fraction of a second, are not met."""

AROUND = [
    *(end + shift for end in (START, END) for shift in (-MICROSECOND, MICROSECOND, 0 * SECOND)),
    *(START + timedelta(hours=hour) for hour in range(-40, 9 * 24, 5)),
]


WHOLE = [START.replace(microsecond=0) + timedelta(minutes=minutes) for minutes in range(-40 * 60 + 7, 9 * 24 * 60, 300)]


@pytest.fixture
def file(tmp_path: Path) -> SqliteApplication:
    return SqliteApplication(tmp_path / "application.db")


@pytest.fixture(params=["CREATE INDEX orders_by_time ON orders (created_at)", "SELECT 1"], ids=["index", "no index"])
def index(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def fill(application: Application, values: list[Any], kind: str = "", index: str = "SELECT 1") -> None:
    application.execute(f"CREATE TABLE orders (id INTEGER PRIMARY KEY, created_at {kind})")
    application.insert("orders", [*enumerate([*values, None], start=1)])
    application.execute(index)


def counted(database: Database, time_frame: str = "7d", **entry: Any) -> object:
    return database.compute(relation("count", "orders", window=time_window(time_frame, NOW), **entry))


def within(moments: list[datetime]) -> int:
    return sum(START <= moment <= END for moment in moments)


@pytest.fixture
def opened_file(file: SqliteApplication) -> Callable[[], Database]:
    return lambda: open_database(file.url, statement_timeout=30.0)


@pytest.mark.parametrize("form", FORMS)
def test_a_window_counts_the_same_rows_in_every_form(
    file: SqliteApplication, opened_file: Callable[[], Database], form: str, index: str
) -> None:
    fill(file, [FORMS[form](moment) for moment in AROUND], index=index)
    assert counted(opened_file()) == within(AROUND)
    assert counted(opened_file(), batch_size=3) == within(AROUND)


@pytest.mark.parametrize(
    ("form", "kind"),
    [(form, kind) for form in SECONDS for kind in ("", "DATETIME", "TEXT") if kind != "TEXT" or form in FORMS],
)
def test_a_window_counts_the_same_rows_in_every_form_of_whole_seconds(
    file: SqliteApplication, opened_file: Callable[[], Database], form: str, kind: str, index: str
) -> None:
    fill(file, [SECONDS[form](moment) for moment in WHOLE], kind, index)
    assert counted(opened_file()) == within(WHOLE)


def test_forms_may_be_mixed(file: SqliteApplication, opened_file: Callable[[], Database], index: str) -> None:
    chosen = random.Random(7)
    moments = [START + timedelta(seconds=chosen.randrange(-40 * 3600, 9 * 86_400)) for _ in range(5_000)]
    texts = [FORMS[name] for name in FORMS if name != "microseconds"]
    kinds = [*texts, SECONDS["seconds"]]
    days = [date(2024, 3, day) for day in range(15, 32)]
    fill(file, [chosen.choice(kinds)(moment) for moment in moments] + [day.isoformat() for day in days], index=index)
    expected = within(moments) + sum(START.date() <= day <= END.date() for day in days)
    assert counted(opened_file()) == expected
    assert counted(opened_file(), batch_size=700) == expected


def test_a_time_without_a_fraction_is_in_the_window_that_begins_with_it(
    file: SqliteApplication, opened_file: Callable[[], Database]
) -> None:
    fill(file, ["2024-03-22 12:00:00", "2024-03-22 11:59:59", "2024-03-29 12:00:00", "2024-03-29 12:00:01"])
    window = time_window("7d", NOW.replace(microsecond=0))
    assert opened_file().compute(relation("count", "orders", window=window)) == 2


def text_around_the_grammar(chosen: random.Random, first: date, days: int) -> tuple[str, datetime | None]:
    """Return a string that SQLite may take for a time, and its moment; None where it is not an ISO 8601 time.

    The moment is put together from the parts that the string is made of.
    """

    def pick(common: str, *others: str) -> str:
        return chosen.choice([common] * 20 + list(others))

    day = first + timedelta(days=chosen.randrange(days))
    before = pick(" ", "T", "t", "  ", "\n", "\t ", "", "T ", " T", "W", "\u00a0")
    hour, minute, second = (pick(f"{chosen.randrange(limit):02}", *others) for limit, others in (
        (24, ("24", "24", "25")), (60, ("00", "60")), (60, ("00", "60")),
    ))  # fmt: skip
    if hour == "24":
        minute, second = pick("00", minute), pick("00", second)
    digits = pick("", "0", "5", "25", "250", "250000", "250001", "2500009", "123456789")
    clock = pick(
        f"{hour}:{minute}:{second}{'.' * bool(digits)}{digits}", f"{hour}:{minute}:{second}.", f"{hour}.{minute}"
    )
    gap = pick("", " ", "\n", "  ", "\0")
    sign, ahead, past = chosen.choice("+-"), chosen.randrange(15), chosen.choice([0, 30, 45])
    zone = pick("", "Z", "z", *[f"{sign}{ahead:02}:{past:02}"] * 4, f"{sign}{ahead:02}", "UTC", "+25:00")
    after = pick("", " ", "\n", "\r\n", "   ", "\t", "\0", "x", "\u2003")
    hours = int(hour)
    is_time = (
        (before in {"T", "t"} or (before != "" and before.strip(" \t\n") == ""))
        and (hours < 24 or (hours == 24 and minute == second == "00" and not digits.strip("0")))
        and int(minute) < 60
        and int(second) < 60
        and clock.count(":") == 2
        and not clock.endswith(".")
        and gap != "\0"
        and zone not in {"UTC", "+25:00"}
        and after in {"", " ", "\n", "\r\n", "   ", "\t"}
    )
    text = f"{day}{before}{clock}{gap}{zone}{after}"
    if not is_time:
        return text, None
    offset = timedelta(hours=ahead, minutes=past if ":" in zone else 0) if zone[:1] in {"+", "-"} else timedelta()
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(
        hours=hours, minutes=int(minute), seconds=int(second), microseconds=int(digits[:6].ljust(6, "0"))
    )
    return text, moment + offset if sign == "-" else moment - offset


@pytest.mark.parametrize("days", [3, 7])
def test_text_around_the_grammar_of_times_is_counted_or_refused(
    file: SqliteApplication, opened_file: Callable[[], Database], index: str, days: int
) -> None:
    chosen = random.Random(days)
    start = END - timedelta(days=days)
    texts = [text_around_the_grammar(chosen, start.date(), days + 1) for _ in range(4_000)]
    known = [(text, moment) for text, moment in texts if moment is not None]
    unknown = [text for text, moment in texts if moment is None]
    assert len(known) > 1_000
    assert len(unknown) > 1_000
    counts = relation("count", "orders", window=TimeWindow(start, END))
    fill(file, [], index=index)
    for size in [1] * 40 + [3] * 10 + [1_000]:
        rows = chosen.sample(known, size)
        file.execute("DELETE FROM orders")
        file.insert("orders", [*enumerate((text for text, _ in rows), start=1)])
        with closing(opened_file()) as database:
            expected = sum(start <= moment <= END for _, moment in rows)
            assert database.compute(counts) == expected, rows[:3]
            file.insert("orders", [(0, odd := chosen.choice(unknown))])
        with (
            closing(opened_file()) as database,
            pytest.raises(DatabaseError, match="text that is not an ISO 8601 time"),
        ):
            pytest.fail(f"{odd!r} counts: {database.compute(counts)}")


def test_text_that_is_not_utf_8_is_not_a_time(
    file: SqliteApplication, opened_file: Callable[[], Database], index: str
) -> None:
    fill(file, [blank(moment) for moment in AROUND], index=index)
    file.execute("INSERT INTO orders VALUES (0, CAST(CAST('2024-03-25 10:00:00' AS BLOB) || x'ff' AS TEXT))")
    with pytest.raises(DatabaseError, match="text that is not an ISO 8601 time"):
        counted(opened_file())


@pytest.mark.parametrize(("time_frame", "days"), [("7d", 8), ("28d", 29)])
def test_a_window_over_dates_has_the_days_of_both_its_ends(
    application: Application, opened: Opener, time_frame: str, days: int
) -> None:
    fill(application, [(NOW.date() - timedelta(days=ago)).isoformat() for ago in range(-3, 50)], "DATE")
    assert counted(opened(), time_frame) == days


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (["2024-03-25 10:00:00", "yesterday"], "text that is not an ISO 8601 time"),
        (["25.03.2024"], "text that is not an ISO 8601 time"),
        (["03/25/2024"], "text that is not an ISO 8601 time"),
        (["2024/03/25"], "text that is not an ISO 8601 time"),
        (["20240325"], "text that is not an ISO 8601 time"),
        (["2024-02-30"], "text that is not an ISO 8601 time"),
        (["2024-3-5 10:00"], "text that is not an ISO 8601 time"),
        (["1711360800"], "text that is not an ISO 8601 time"),
        (["2024-03-25 10:00:00 UTC"], "text that is not an ISO 8601 time"),
        (["2024-03-25 afternoon"], "text that is not an ISO 8601 time"),
        (["2024-03-25 "], "text that is not an ISO 8601 time"),
        (["2024-03-25 24:30:00"], "text that is not an ISO 8601 time"),
        (["2024-03-25 10:00:60"], "text that is not an ISO 8601 time"),
        (["2024-03-25 10:00:00:00"], "text that is not an ISO 8601 time"),
        (["2024-03-25T 10:00:00"], "text that is not an ISO 8601 time"),
        (["2024-03-2510:00:00"], "text that is not an ISO 8601 time"),
        (["2024-03-25 10:00:00\0"], "text that is not an ISO 8601 time"),
        (["2024-03-25\0"], "text that is not an ISO 8601 time"),
        (["2024-03-25 10:00:00\u00a0"], "text that is not an ISO 8601 time"),
        ([""], "text that is not an ISO 8601 time"),
        ([b"2024-03-25 10:00:00"], "holds blobs"),
        ([1711360800, 0], "numbers from 0 to"),
        ([1711360800, 1711360800000], "not times in one unit"),
        ([5], "not times in one unit"),
    ],
)
def test_a_column_that_holds_something_else_than_times_fails_with_the_reason(
    file: SqliteApplication, opened_file: Callable[[], Database], values: list[object], problem: str, index: str
) -> None:
    fill(file, ["2024-03-24 10:00:00", *values] if isinstance(values[0], str) else values, index=index)
    database = opened_file()
    for _ in range(2):
        with pytest.raises(DatabaseError, match=rf"^orders\.created_at .*{problem}.*`timestamp_column`$"):
            counted(database)
    assert database.compute(relation("count", "orders")) == len(values) + 1 + isinstance(values[0], str)


@pytest.mark.parametrize("kind", ["TEXT", "VARCHAR(40)"])
def test_a_column_of_strings_in_postgresql_has_no_windows(postgres_url: str, kind: str) -> None:
    application = PostgresApplication(postgres_url)
    application.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    fill(application, [FORMS["T and Z"](moment) for moment in AROUND], kind)
    with closing(open_database(postgres_url, statement_timeout=30.0)) as database:
        with pytest.raises(
            DatabaseError, match=r"^orders\.created_at has the type (text|varchar).*`timestamp_column`$"
        ):
            counted(database)
        assert counted(database, "all") == len(AROUND) + 1


def test_the_column_of_a_table_that_an_author_joined_in_sql_is_read_through_the_join(
    file: SqliteApplication, opened_file: Callable[[], Database]
) -> None:
    fill(file, [FORMS["T and Z"](moment) for moment in AROUND])
    file.execute("CREATE TABLE lines (id INTEGER PRIMARY KEY, order_id INTEGER)")
    file.insert("lines", [(number, 1 + number % len(AROUND)) for number in range(3 * len(AROUND))])
    joined: dict[str, Any] = {
        "joins": [{"sql": "JOIN orders AS o ON o.id = lines.order_id"}],
        "timestamp_column": "o.created_at",
    }
    counted = opened_file().compute(relation("count", "lines", window=time_window("7d", NOW), **joined))
    assert counted == 3 * within(AROUND)


def test_a_table_that_takes_long_is_looked_at_in_batches(
    file: SqliteApplication, opened_file: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MIN_BATCH_SIZE", 5)
    fill(file, [FORMS["T and Z"](moment) for moment in AROUND])
    database = opened_file()
    rows = database.rows

    def impatient(statement: str) -> list[tuple[Any, ...]]:
        limited = any(text in statement for text in ('"orders"."id" <', '"orders"."id" >=', "IS NULL"))
        if '"orders"."created_at"' in statement and not limited:
            raise StatementTimeout("a statement took longer than it may")
        return rows(statement)

    monkeypatch.setattr(database, "rows", impatient)
    assert counted(database) == within(AROUND)


def test_what_a_column_holds_is_looked_up_once_for_a_collection(
    file: SqliteApplication, opened_file: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(file, [FORMS["T and Z"](moment) for moment in AROUND])
    database = opened_file()
    heard = heard_by(database, monkeypatch)
    assert counted(database) == within(AROUND)
    first = len(heard)
    for _ in range(5):
        counted(database)
    assert len(heard) == first + 5
    assert database.compute(relation("count", "orders", window=time_window("7d", NOW + timedelta(days=1)))) is not None
    assert len(heard) > first + 6


def test_the_index_finds_the_rows_of_every_form(
    file: SqliteApplication, opened_file: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = [START + timedelta(minutes=minute) for minute in range(-3_000, 3_000)]
    values = [(FORMS["T and Z"], SECONDS["seconds"], blank)[number % 3](one) for number, one in enumerate(moments)]
    fill(file, values, index="CREATE INDEX orders_by_time ON orders (created_at)")
    database = opened_file()
    heard = heard_by(database, monkeypatch)
    assert counted(database) == within(moments)
    steps = [str(row[3]) for row in database.rows(f"EXPLAIN QUERY PLAN {heard[-1]}")]
    assert any("USING" in step and "INDEX orders_by_time" in step for step in steps)
    assert not any(step.startswith("SCAN") for step in steps)
