"""``metrics-dictionary outbox``: events on their way to the collector, and those that it has refused."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

import click

from metrics_dictionary.cli.audit import audited
from metrics_dictionary.cli.console import render_table
from metrics_dictionary.cli.options import kept_store, opened_store, setting_options, settings_of
from metrics_dictionary.tools.clock import iso
from metrics_dictionary.tools.text import counted, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from metrics_dictionary.stores.store import RefusedRow

Command = TypeVar("Command", bound="Callable[..., object]")


@click.group("outbox")
def command() -> None:
    """Show events that wait for the collector; retry or drop those that it has refused.

    An event that the collector refuses is tried again a few times, and is then a dead letter.

    \b
    Examples:
      metrics-dictionary outbox list
      metrics-dictionary outbox retry --all
      metrics-dictionary outbox drop 17 18
    """


@command.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many events are shown.")
@setting_options("store")
def show(*, limit: int, settings_file: Path | None, store: str | None) -> None:
    """Show how many events wait, and those that the collector has refused."""
    with kept_store(settings_of(settings_file, store=store)) as opened:
        if opened is None:
            return
        state, rows = opened.outbox_state(), opened.refused(limit)
    oldest = f", the oldest since {iso(state.oldest)}" if state.oldest else ""
    click.echo(f"waiting: {counted(state.waiting, 'event')}{oldest}")
    click.echo(f"refused and tried again: {counted(state.retrying, 'event')}")
    click.echo(f"dead letters: {counted(state.dead_letters, 'event')}")
    if state.dropped:
        click.echo(f"dropped, because the outbox was full: {counted(state.dropped, 'event')} since the store was made")
    if rows:
        click.echo()
        head = ("id", "event", "since", "tries", "next try", "reason")
        click.echo(render_table(head, [_cells(row) for row in rows]), nl=False)
        more = state.retrying + state.dead_letters - len(rows)
        if more > 0:
            click.echo(f"and {more:,} more; --limit shows more of them", err=True)


def _chosen_options(function: Command) -> Command:
    """Add the arguments ``identifiers``, the option ``--all``, and those that name the store."""
    everything = click.option(
        "--all", "everything", is_flag=True, help="All events that were refused, dead letters included."
    )
    identifiers = click.argument("identifiers", nargs=-1, metavar="[ID]...")
    return identifiers(everything(setting_options("store")(function)))


@command.command("retry")
@_chosen_options
def retry(*, identifiers: Sequence[str], everything: bool, settings_file: Path | None, store: str | None) -> None:
    """Send refused events again, after those that wait: with the ids that `outbox list` shows, or all."""
    chosen = _chosen(identifiers, everything=everything)
    settings = settings_of(settings_file, store=store)
    with closing(opened_store(settings, create=False)) as opened, audited(settings, "outbox retry") as details:
        found = _noted(details, opened.retry_refused(chosen), chosen)
    _report(found, "will be sent again", chosen)


@command.command("drop")
@_chosen_options
def drop(*, identifiers: Sequence[str], everything: bool, settings_file: Path | None, store: str | None) -> None:
    """Delete refused events: with the ids that `outbox list` shows, or all. Metrics have counted them."""
    chosen = _chosen(identifiers, everything=everything)
    settings = settings_of(settings_file, store=store)
    with closing(opened_store(settings, create=False)) as opened, audited(settings, "outbox drop") as details:
        found = _noted(details, opened.drop_refused(chosen), chosen)
    _report(found, "deleted", chosen)


def _chosen(identifiers: Sequence[str], *, everything: bool) -> Sequence[str] | None:
    """Return the ids, each once; None means all."""
    if everything and identifiers:
        raise click.UsageError("--all and ids exclude each other: give one of them")
    if not everything and not identifiers:
        raise click.UsageError("name events by the ids that `outbox list` shows, or give --all")
    return None if everything else tuple(dict.fromkeys(identifiers))


def _noted(details: dict[str, object], found: Sequence[str], chosen: Sequence[str] | None) -> int:
    """Let the audit log's line name the events that were changed; there is none when no id named one."""
    if chosen and not found:
        raise click.ClickException(_unknown(len(chosen)))
    details |= {"events": len(found), "ids": "all" if chosen is None else list(found)}
    return len(found)


def _report(found: int, what: str, chosen: Sequence[str] | None) -> None:
    click.echo(f"{counted(found, 'event')} {what}.")
    if chosen is not None and found < len(chosen):
        raise click.ClickException(_unknown(len(chosen) - found))


def _unknown(number: int) -> str:
    return f"{counted(number, 'id')} named no refused event; `outbox list` shows the ids"


def _cells(row: RefusedRow) -> tuple[str, ...]:
    try:
        name = str(json.loads(row.text)["se_ac"])
    except (ValueError, KeyError, TypeError):
        name = "?"
    since, retry_at = ("" if moment is None else iso(moment) for moment in (row.since, row.retry_at))
    return row.identifier, one_line(name), since or "?", str(row.tries), retry_at or "dead letter", row.reason
