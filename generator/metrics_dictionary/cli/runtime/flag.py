"""``metrics-dictionary flag``: feature flags of the API."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.audit import audited
from metrics_dictionary.cli.console import render_table
from metrics_dictionary.cli.options import kept_store, opened_store, setting_options, settings_of
from metrics_dictionary.settings import BY_NAME

if TYPE_CHECKING:
    from pathlib import Path

FLAGS = tuple(name.removeprefix("flags.") for name in BY_NAME if name.startswith("flags."))

STATES = {True: "on", False: "off"}


@click.group("flag")
def command() -> None:
    """List, enable and disable the feature flags of the API. The settings can force one.

    \b
    Examples:
      metrics-dictionary flag list
      metrics-dictionary flag enable usage_data_queries_api
    """


@command.command("list")
@setting_options("store")
def show(*, settings_file: Path | None, store: str | None) -> None:
    """Show each flag, whether it is on, and what decided that."""
    settings = settings_of(settings_file, store=store)
    with kept_store(settings) as opened:
        stored = {} if opened is None else opened.flags()
    forced = settings.forced_flags
    rows = []
    for name in FLAGS:
        enabled = forced.get(name, stored.get(name, False))
        source = "settings" if name in forced else "flag command" if name in stored else "default"
        rows.append((name, STATES[enabled], source))
    click.echo(render_table(("flag", "state", "decided by"), rows), nl=False)


@command.command("enable")
@click.argument("name", metavar="FLAG", type=click.Choice(FLAGS))
@setting_options("store")
def enable(*, name: str, settings_file: Path | None, store: str | None) -> None:
    """Switch FLAG on: one of those that `flag list` shows."""
    _set(name, settings_file, store, enabled=True)


@command.command("disable")
@click.argument("name", metavar="FLAG", type=click.Choice(FLAGS))
@setting_options("store")
def disable(*, name: str, settings_file: Path | None, store: str | None) -> None:
    """Switch FLAG off: one of those that `flag list` shows."""
    _set(name, settings_file, store, enabled=False)


def _set(name: str, settings_file: Path | None, url: str | None, *, enabled: bool) -> None:
    settings = settings_of(settings_file, store=url)
    with (
        closing(opened_store(settings)) as opened,
        audited(settings, f"flag {'enable' if enabled else 'disable'}", flag=name),
    ):
        opened.set_flag(name, enabled)
    if settings.forced_flags.get(name, enabled) == enabled:
        click.echo(f"{name} is {STATES[enabled]}.")
    else:
        click.echo(f"{name} is {STATES[not enabled]}: the settings force it. It is {STATES[enabled]} without them.")
