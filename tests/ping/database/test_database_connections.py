"""Databases that are not there, go away, come back, or cannot be named."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from metrics_dictionary.ping.database.database import DatabaseError, DatabaseUnavailableError
from metrics_dictionary.ping.database.open_database import open_database
from metrics_dictionary.ping.database.structure import snapshot
from metrics_dictionary.ping.measurement import SourceUnavailableError, reason
from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.tools.errors import OperationalError
from tests.ping.database.applications import PostgresApplication, SqliteApplication, relation
from tests.ping.database.conftest import new_database
from tests.services.postgres import running_postgres

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ping.database.applications import Application
    from tests.ping.database.conftest import Opener
    from tests.services.postgres import PostgresServer

USERS = relation("count", "users")


def sqlite_with_users(path: Path, number: int) -> SqliteApplication:
    application = SqliteApplication(path)
    application.execute("CREATE TABLE users (id INTEGER PRIMARY KEY)")
    application.insert("users", [(user,) for user in range(number)])
    return application


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("mysql://root:geheim@host/db", "'mysql'"),
        ("application.db", "no scheme"),
        ("", "no scheme"),
        ("sqlite:///", "does not name a file"),
        ("sqlite:///:memory:", "does not name a file"),
        ("sqlite:///file.db?mode=rwc", "does not name a file"),
        ("sqlite://host/file.db", "'sqlite'"),
        ("postgresql://user:geheim@[::1/db", "host or the port"),
        ("postgresql://user:geheim@host/db?colour=red", "cannot be read"),
    ],
)
def test_a_url_that_names_no_database_is_refused_without_its_password(url: str, problem: str) -> None:
    with pytest.raises(OperationalError, match=problem) as caught:
        open_database(url, statement_timeout=1.0)
    assert "geheim" not in str(caught.value)
    assert "write " in str(caught.value)


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan"), float("inf")])
def test_a_statement_needs_some_time_and_not_all_of_it(timeout: float) -> None:
    with pytest.raises(OperationalError, match="statement timeout"):
        open_database("sqlite:///application.db", statement_timeout=timeout)


def test_the_remedy_for_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "metrics_dictionary.ping.database.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(OperationalError, match=r"pip install 'psycopg\[binary\]>="):
        open_database("postgresql://host/db", statement_timeout=1.0)


def test_the_driver_of_one_database_is_not_loaded_for_another() -> None:
    code = """if True:
        import sys
        from metrics_dictionary.ping.database.open_database import open_database
        open_database("sqlite:///x.db", statement_timeout=1.0)
        assert "psycopg" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], check=True)


def unavailable(url: str) -> str:
    with (
        closing(open_database(url, statement_timeout=1.0)) as database,
        pytest.raises(DatabaseUnavailableError) as caught,
    ):
        database.compute(USERS)
    assert isinstance(caught.value, SourceUnavailableError)
    text = str(caught.value)
    assert reason(caught.value) == text
    assert "\n" not in text
    return text


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gone.db"
    assert unavailable(f"sqlite:///{path}") == f"{path}: cannot read the database: No such file or directory"
    assert not path.exists()


def test_a_file_that_is_no_database_is_away(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear database,\n" * 200, encoding="utf-8")
    assert "file is not a database" in unavailable(f"sqlite:///{path}")
    assert unavailable(f"sqlite:///{tmp_path}").endswith("cannot read the database: Is a directory")


def test_a_relative_path_and_one_with_odd_characters_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sqlite_with_users(tmp_path / "größe 100%#?.db", 3)
    with closing(open_database("sqlite:///größe 100%25%23%3F.db", statement_timeout=1.0)) as database:
        assert database.compute(USERS) == 3


@pytest.mark.parametrize("name", ["a?b.db", "a#b.db", "a b.db", "größe.db", "50%25.db"])
def test_the_store_and_the_database_open_the_same_file_for_an_address(tmp_path: Path, name: str) -> None:
    address = f"sqlite:///{tmp_path}/{quote(name)}"
    with closing(open_store(address)) as store:
        store.set_flag("usage_data_queries_api", True)
    assert (tmp_path / name).is_file()
    with closing(open_database(address, statement_timeout=1.0)) as database:
        assert database.rows("SELECT COUNT(*) FROM flags") == [(1,)]


def test_a_locked_file_is_away_until_it_is_free(tmp_path: Path) -> None:
    application = sqlite_with_users(tmp_path / "application.db", 2)
    writer = sqlite3.connect(application.path, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    with closing(open_database(application.url, statement_timeout=0.05)) as database:
        with pytest.raises(DatabaseUnavailableError, match="locked"):
            database.compute(USERS)
        writer.execute("COMMIT")
        assert database.compute(USERS) == 2
    writer.close()


def test_rows_that_a_writer_adds_to_a_file_with_a_log_are_seen(tmp_path: Path) -> None:
    application = sqlite_with_users(tmp_path / "application.db", 2)
    writer = sqlite3.connect(application.path, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    with closing(open_database(application.url, statement_timeout=1.0)) as database:
        assert database.compute(USERS) == 2
        writer.execute("INSERT INTO users VALUES (77)")
        assert database.compute(USERS) == 3
    writer.close()


def test_a_file_that_goes_away_and_comes_back_is_opened_again(tmp_path: Path) -> None:
    application = sqlite_with_users(tmp_path / "application.db", 2)
    with closing(open_database(application.url, statement_timeout=1.0)) as database:
        assert database.compute(USERS) == 2
        application.path.unlink()
        with pytest.raises(DatabaseUnavailableError):
            database.compute(USERS)
        sqlite_with_users(tmp_path / "restored.db", 5).path.rename(application.path)
        assert database.compute(USERS) == 5
        sqlite_with_users(tmp_path / "newer.db", 6).path.rename(application.path)
        assert database.compute(USERS) == 6


def test_a_text_that_is_not_utf_8_can_be_told_apart(tmp_path: Path) -> None:
    application = SqliteApplication(tmp_path / "application.db")
    application.execute(
        "CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT)",
        "INSERT INTO words VALUES (1, CAST(X'FF' AS TEXT)), (2, CAST(X'FE' AS TEXT)), (3, 'é'), (4, 1.5), (5, X'FF')",
    )
    with closing(open_database(application.url, statement_timeout=1.0)) as database:
        asked = relation("estimate_batch_distinct_count", "words", "word", batch_size=2)
        assert database.compute(asked) == pytest.approx(5, abs=1)


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    text = unavailable("postgresql://tester:geheim@127.0.0.1:1/application")
    assert "application at 127.0.0.1" in text
    assert "refused" in text
    assert "geheim" not in text


def test_a_database_that_a_server_lacks_is_away(postgres_server: PostgresServer) -> None:
    assert "does not exist" in unavailable(postgres_server.url_of("elsewhere"))


def postgres_with_users(server: PostgresServer, number: int) -> PostgresApplication:
    application = PostgresApplication(new_database(server))
    application.execute("CREATE TABLE users (id INTEGER PRIMARY KEY)")
    application.insert("users", [(user,) for user in range(number)])
    return application


def test_a_server_that_stops_is_away_and_is_found_again_when_it_is_back(postgres_server: PostgresServer) -> None:
    assert postgres_server.port
    with running_postgres() as server:
        application = postgres_with_users(server, 4)
        with closing(open_database(application.url, statement_timeout=1.0)) as database:
            assert database.compute(USERS) == 4
            server.stop()
            for _ in range(2):
                with pytest.raises(DatabaseUnavailableError):
                    database.compute(USERS)
            server.start()
            assert database.compute(USERS) == 4


def test_a_connection_that_ended_unnoticed_costs_no_metric(postgres_server: PostgresServer) -> None:
    application = postgres_with_users(postgres_server, 4)
    with closing(open_database(application.url, statement_timeout=1.0)) as database:
        ((process,),) = database.rows("SELECT pg_backend_pid()")
        application.ask(f"SELECT pg_terminate_backend({process})")
        assert database.compute(USERS) == 4


def test_a_server_process_that_no_longer_answers_is_left(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metrics_dictionary.ping.database.postgres.CANCEL_TIMEOUT", 0.3)
    application = postgres_with_users(postgres_server, 4)
    with closing(open_database(application.url, statement_timeout=0.2)) as database:
        ((process,),) = database.rows("SELECT pg_backend_pid()")
        os.kill(process, signal.SIGSTOP)
        try:
            started = time.monotonic()
            assert database.compute(USERS) == 4
            assert time.monotonic() - started < 5
        finally:
            os.kill(process, signal.SIGCONT)


def test_the_session_cannot_write_and_is_in_utc(postgres_server: PostgresServer) -> None:
    application = postgres_with_users(postgres_server, 1)
    name = application.url.rpartition("/")[2]
    application.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'")
    with closing(open_database(application.url, statement_timeout=1.5)) as database:
        assert database.rows("SHOW timezone") == [("UTC",)]
        assert database.rows("SHOW statement_timeout") == [("1500ms",)]
        with pytest.raises(DatabaseError, match="read-only"):
            database.rows("INSERT INTO users VALUES (9) RETURNING id")


def test_many_threads_share_a_database(application: Application, opened: Opener) -> None:
    application.execute("CREATE TABLE users (id INTEGER PRIMARY KEY)")
    application.insert("users", [(user,) for user in range(300)])
    database = opened()
    values: list[object] = []

    def count() -> None:
        values.extend(database.compute(relation("count", "users", batch_size=size)) for size in (50, 100, 400))

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values == [300] * 24


def test_a_closed_database_opens_again_when_it_is_asked(application: Application, opened: Opener) -> None:
    application.execute("CREATE TABLE users (id INTEGER PRIMARY KEY)")
    database = opened()
    assert database.compute(USERS) == 0
    database.close()
    database.close()
    assert database.compute(USERS) == 0
    assert snapshot(database)["table_columns"].keys() == {"users.id"}
