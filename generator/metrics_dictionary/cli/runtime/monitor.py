"""``metrics-dictionary monitor``: counters of events as they change."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.console import note, render_table, terminal_width
from metrics_dictionary.cli.options import has_store, kept_store, setting_options, settings_of
from metrics_dictionary.tools.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from metrics_dictionary.stores.event_metrics import LiveValue

HEAD = ("key path", "time frame", "in the payload", "with this week", "change")

NUMBER_COLUMNS = 60
"""Columns for everything but the key path."""

_HOME_AND_CLEAR = "\x1b[H\x1b[J"
_CLEAR_SCREEN = "\x1b[2J"


@click.command("monitor")
@click.argument("key_paths", nargs=-1, metavar="[KEY_PATH]...")
@click.option("--event", "events", multiple=True, metavar="NAME", help="Show all metrics that this event feeds.")
@click.option("--once", is_flag=True, help="Show the counters as they are now, and exit.")
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Time between two readings.",
)
@setting_options("definitions", "store")
def command(
    *,
    key_paths: tuple[str, ...],
    events: tuple[str, ...],
    once: bool,
    interval: float,
    roots: tuple[Path, ...],
    settings_file: Path | None,
    **given: str | None,
) -> None:
    """Show the values of metrics that count events, and how they change, until interrupted.

    On a terminal, the table is refreshed; elsewhere, each change is a line. A payload counts complete weeks only, so
    what happens now first appears under "with this week". A counter that cannot be read is shown as `unreadable`, with
    the reason; the exit status of --once is then 2.

    \b
    Examples:
      metrics-dictionary monitor --event mr_name_changed
      metrics-dictionary monitor counts.boards --once --store redis://127.0.0.1:6379/0
    """
    from metrics_dictionary.reading.read import read_dictionary
    from metrics_dictionary.stores.event_metrics import live_values, watched_metrics

    if not key_paths and not events:
        raise click.UsageError("name key paths, or an event with --event")
    metrics = watched_metrics(read_dictionary(roots).dictionary, key_paths, events)
    settings = settings_of(settings_file, **given)
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        store = stack.enter_context(kept_store(settings))

        def look() -> list[LiveValue]:
            nonlocal store
            if store is None and has_store(settings):  # a server has made it meanwhile
                store = stack.enter_context(kept_store(settings))
            return live_values(metrics, store, datetime.now(UTC))

        def looks() -> Iterator[list[LiveValue]]:
            yield look()
            while True:
                time.sleep(interval)
                yield look()

        if once:
            now = look()
            click.echo(_table(now, now), nl=False)
            for problem in _problems(now):
                note(problem)
            if _problems(now):
                raise click.exceptions.Exit(2)
            return
        show = _refresh_table if sys.stdout.isatty() else _print_changes
        show(looks())


def _refresh_table(looks: Iterator[list[LiveValue]]) -> None:
    click.echo(_CLEAR_SCREEN, nl=False)
    first = next(looks)
    _draw(first, first)
    for now in looks:
        _draw(first, now)


def _draw(first: list[LiveValue], now: list[LiveValue]) -> None:
    clock = datetime.now(UTC).strftime("%H:%M:%S")
    problems = "".join(f"{printable(problem)}\n" for problem in _problems(now))
    click.echo(f"{_HOME_AND_CLEAR}{_table(first, now)}{problems}\n{clock} UTC, press Ctrl-C to stop")


def _print_changes(looks: Iterator[list[LiveValue]]) -> None:
    """Print every reading once, and then those that changed: each a line, flushed at once."""
    last: dict[str, LiveValue] = {}
    for now in looks:
        for reading in now:
            if last.get(reading.name) != reading:
                click.echo(_line(reading))
                if reading.problem:
                    note(reading.problem)
                last[reading.name] = reading
        sys.stdout.flush()


def _line(reading: LiveValue) -> str:
    clock = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    values = ("unreadable" if value is None else value for value in (reading.in_payload, reading.with_this_week))
    return " ".join(map(str, (clock, printable(reading.name), *values)))


def _problems(now: Sequence[LiveValue]) -> list[str]:
    return list(dict.fromkeys(reading.problem for reading in now if reading.problem))


def _table(first: Sequence[LiveValue], now: Sequence[LiveValue]) -> str:
    before = {reading.name: reading.with_this_week for reading in first}
    rows = [
        (
            _clipped(printable(reading.name)),
            reading.time_frame,
            _number(reading.in_payload),
            _number(reading.with_this_week),
            _change((reading.with_this_week or 0) - (before.get(reading.name) or 0)),
        )
        for reading in now
    ]
    return render_table(HEAD, rows)


def _number(value: float | None) -> str:
    return "unreadable" if value is None else f"{value:,}"


def _change(difference: float) -> str:
    return f"{difference:+,}" if difference else ""


def _clipped(key_path: str) -> str:
    """Return the end of a key path, as much of it as leaves room for the numbers on a terminal."""
    columns = terminal_width()
    room = len(key_path) if columns is None else max(columns - NUMBER_COLUMNS, 16)
    return key_path if len(key_path) <= room else f"…{key_path[1 - room :]}"
