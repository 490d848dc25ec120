from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import psycopg
import pytest

from metrics_dictionary.ping.database.database import Database
from metrics_dictionary.ping.database.open_database import open_database
from tests.ping.database.applications import Application, PostgresApplication, SqliteApplication

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.postgres import PostgresServer

Opener = Callable[..., Database]


@pytest.fixture(params=["sqlite", "postgresql"])
def application(request: pytest.FixtureRequest, tmp_path: Path) -> Application:
    """An empty database of each kind."""
    if request.param == "sqlite":
        file = SqliteApplication(tmp_path / "application.db")
        file.execute()
        return file
    server = PostgresApplication(request.getfixturevalue("postgres_url"))
    server.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """The URL of a database that each test empties: making one takes long."""
    return new_database(postgres_server)


def new_database(server: PostgresServer) -> str:
    name = f"application_{uuid.uuid4().hex}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server.url_of(name)


@pytest.fixture
def opened(application: Application) -> Iterator[Opener]:
    """Opens the application's database as the runtime does, and closes it after the test."""
    with ExitStack() as stack:

        def opener(statement_timeout: float = 30.0) -> Database:
            database = open_database(application.url, statement_timeout=statement_timeout)
            return stack.enter_context(closing(database))

        yield opener
