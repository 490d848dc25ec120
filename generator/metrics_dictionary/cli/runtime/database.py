"""``metrics-dictionary database``: what the tool knows of the application's database."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import click

from metrics_dictionary.cli.options import definitions_option, setting_options, settings_of
from metrics_dictionary.tools.errors import OperationalError


@click.group("database")
def command() -> None:
    """Write down the structure of a database, or create a sample one.

    \b
    Examples:
      metrics-dictionary database snapshot --database postgresql://reader@db/product > structure.json
      metrics-dictionary database sample var/application.db
    """


@command.command("snapshot")
@setting_options("database")
def snapshot(*, settings_file: Path | None, database: str | None) -> None:
    """Print tables, columns, indexes, foreign keys and triggers as JSON.

    The metric of schema inconsistencies compares the database with this file, which the setting
    `ping.schema_snapshot` names.
    """
    from metrics_dictionary.ping.database.open_database import open_database
    from metrics_dictionary.ping.database.structure import snapshot as structure

    settings = settings_of(settings_file, database=database)
    url = settings.string("database")
    if not url:
        raise OperationalError(
            "no database is configured; give --database sqlite:///FILE or postgresql://USER@HOST/NAME"
        )
    with closing(open_database(url, statement_timeout=settings.number("ping.statement_timeout"))) as opened:
        click.echo(json.dumps(structure(opened), indent=2))


@command.command("sample")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@definitions_option
def sample(*, file: Path, roots: tuple[Path, ...]) -> None:
    """Write an SQLite database with believable rows for every database metric; an existing FILE is left alone."""
    from metrics_dictionary.reading.read import read_dictionary
    from metrics_dictionary.sample.database import create_sample_database

    if file.exists():
        click.echo(f"{file} exists and is left as it is; delete it to get a new sample database.")
        return
    create_sample_database(read_dictionary(roots).dictionary, file)
    click.echo(f"The sample database is {file}; --database sqlite:///{file} reads it.")
