"""``metrics-dictionary store``: the store as a whole: what it is, its backups, which one is in use."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.audit import audited
from metrics_dictionary.cli.console import note, render_table
from metrics_dictionary.cli.options import has_store, opened_store, setting_options, settings_of
from metrics_dictionary.settings import BY_NAME
from metrics_dictionary.stores.store import StoreUnavailableError
from metrics_dictionary.tools.addresses import SQLITE, shown_address, sqlite_path
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.text import counted

if TYPE_CHECKING:
    from metrics_dictionary.settings import Settings
    from metrics_dictionary.stores.store import Store

FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
YES = click.option("--yes", is_flag=True, help="Replace what is there.")


@click.group("store")
def command() -> None:
    """Describe, back up, restore and adopt the store.

    \b
    Examples:
      metrics-dictionary store info
      metrics-dictionary store backup /backups/store-2026-11-28.db
      metrics-dictionary store restore /backups/store-2026-11-28.db --yes
    """


@command.command("info")
@setting_options("definitions", "store")
def info(*, roots: tuple[Path, ...], settings_file: Path | None, store: str | None) -> None:
    """Show which store it is, and how much it holds."""
    settings = settings_of(settings_file, store=store)
    is_elsewhere = tuple(map(str, roots)) == BY_NAME["definitions"].default and not any(root.exists() for root in roots)
    named = () if is_elsewhere else _named(roots, settings)
    with closing(opened_store(settings, create=False)) as opened:
        rows = [
            ("store", _shown(settings)),
            ("identifier", opened.identifier()),
            ("its time", f"{opened.trusted_now():%Y-%m-%d %H:%M:%S} UTC"),
            *((name, f"{number:,}") for name, number in opened.holdings(named).items()),
        ]
    click.echo(render_table(("what", "value"), rows), nl=False)
    if is_elsewhere and not (settings.string("store") or "").startswith(SQLITE):
        note(
            "definitions: no such folder, so counters with names of their own are left out; name one with --definitions"
        )


@command.command("backup")
@FILE
@YES
@setting_options("definitions", "store")
def backup(*, file: Path, yes: bool, roots: tuple[Path, ...], settings_file: Path | None, store: str | None) -> None:
    """Write all that the store holds to FILE, while servers run.

    FILE holds digests of tokens, and only its owner can read it. For a store in Redis it is text, and the definitions
    say which keys without a prefix of the store are part of it; Redis answers nobody while it gathers them.
    """
    settings = settings_of(settings_file, store=store)
    if file.exists() and not yes:
        raise OperationalError(f"{file}: this file exists; name another one, or replace it with --yes")
    named = _named(roots, settings)
    with closing(opened_store(settings, create=False)) as opened, audited(settings, "store backup", file=str(file)):
        opened.backup(file, named)
    click.echo(f"The backup of {_shown(settings)} is {file}.")


@command.command("restore")
@FILE
@YES
@setting_options("definitions", "store")
def restore(*, file: Path, yes: bool, roots: tuple[Path, ...], settings_file: Path | None, store: str | None) -> None:
    """Replace all that the store holds by a backup, while servers run; they go on with it.

    What was counted since the backup is gone. Events that have waited for the collector are sent again, with the same
    ids. Tokens that were revoked since the backup work again: the command names those that come back, so that you can
    revoke them.
    """
    settings = settings_of(settings_file, store=store)
    named = _named(roots, settings)
    with closing(opened_store(settings)) as opened:
        holdings = {name: number for name, number in opened.holdings(named).items() if number}
        if holdings and not yes:
            held = ", ".join(f"{name}: {number:,}" for name, number in holdings.items())
            raise OperationalError(
                f"{_shown(settings)} is not empty ({held}); a backup replaces all of that: confirm with --yes"
            )
        before = _tokens_found(opened)
        with audited(settings, "store restore", file=str(file)) as details:
            details["identifier"] = opened.restore(file, named)
        click.echo(f"{_shown(settings)} holds what {file} held.")
        back = sorted({token.identifier for token in opened.tokens()} - before)
    if back:
        click.echo(
            f"It brings back {counted(len(back), 'token')}: {', '.join(back)}. A token that was revoked since the"
            " backup works again: revoke it with `metrics-dictionary token revoke ID`."
        )


@command.command("adopt")
@click.option("--create", is_flag=True, help="Make an empty store where there is no file.")
@setting_options("store")
def adopt(*, create: bool, settings_file: Path | None, store: str | None) -> None:
    """Let running servers that started with another store go on with this one.

    For a store that is empty or another one on purpose: a server that finds it records nothing before that.
    """
    settings = settings_of(settings_file, store=store)
    is_missing = not has_store(settings)
    if is_missing and not create:
        raise OperationalError(
            f"{sqlite_path(settings.string('store') or '')}: there is no store; name the one that is meant with "
            "--store, or make an empty one with --create"
        )
    with closing(opened_store(settings)) as opened, audited(settings, "store adopt") as details:
        details["identifier"] = opened.adopt()
    if is_missing:
        click.echo(f"{_shown(settings)} is a new store, and empty.")
    click.echo(f"Servers that use {_shown(settings)} take it from now on.")


@command.command("set-aside")
@click.option("--yes", is_flag=True, help="Set aside a store that can be read, too.")
@setting_options("store")
def set_aside(*, yes: bool, settings_file: Path | None, store: str | None) -> None:
    """Rename the file of a damaged SQLite store, and those beside it, so that another one can take its place."""
    settings = settings_of(settings_file, store=store)
    url = settings.string("store") or ""
    if not url.startswith(SQLITE):
        raise OperationalError("only a SQLite store is a file that can be set aside")
    path = sqlite_path(url)
    if not yes and path.exists() and not _is_damaged(settings):
        raise OperationalError(f"{path}: this store can be read; set it aside with --yes")
    new = path.with_name(f"{path.name}.set-aside-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    with audited(settings, "store set-aside", file=str(new)):
        path.rename(new)
        for end in ("-wal", "-shm"):
            beside = path.with_name(f"{path.name}{end}")
            if beside.exists():
                beside.rename(new.with_name(f"{new.name}{end}"))
    click.echo(f"The store's file is {new} now.")


def _tokens_found(store: Store) -> set[str]:
    """Return the ids of the tokens, none where they cannot be read: that may be why a backup is put in their place."""
    try:
        return {token.identifier for token in store.tokens()}
    except StoreUnavailableError:
        return set()


def _is_damaged(settings: Settings) -> bool:
    try:
        with closing(opened_store(settings, create=False)) as opened:
            opened.check()
    except OperationalError:
        return True
    return False


def _named(roots: tuple[Path, ...], settings: Settings) -> tuple[str, ...]:
    """Return the keys of a store in Redis that only definitions know. A SQLite file holds nothing but the store."""
    if (settings.string("store") or "").startswith(SQLITE):
        return ()
    from metrics_dictionary.reading.read import read_dictionary
    from metrics_dictionary.stores.keys import named_keys

    return named_keys(read_dictionary(roots).dictionary.metrics)


def _shown(settings: Settings) -> str:
    return shown_address(settings.string("store") or "")
