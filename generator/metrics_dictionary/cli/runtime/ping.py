"""``metrics-dictionary ping``: the Service Ping payload."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.console import progress, render_table, report_left_out
from metrics_dictionary.cli.options import kept_store, opened_store, setting_options, settings_of
from metrics_dictionary.tools.addresses import shown_address
from metrics_dictionary.tools.clock import iso
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.ping.collect.payload import Outage
    from metrics_dictionary.ping.sources.evaluation import Sources
    from metrics_dictionary.stores.store import CachedPayload

    Listing = Callable[[Dictionary, Sources, datetime], dict[str, object]]

SOURCES = ("store", "database", "prometheus")


@click.group("ping")
def command() -> None:
    """Collect, show and submit the Service Ping payload.

    \b
    Examples:
      metrics-dictionary ping generate --database sqlite:///var/application.db
      metrics-dictionary ping show --failures
      metrics-dictionary ping submit https://example.com/usage_data
    """


@command.command("generate")
@setting_options("definitions", *SOURCES)
def generate(*, roots: tuple[Path, ...], settings_file: Path | None, **given: str | None) -> None:
    """Compute every live metric and keep the payload in the store, where GET service_ping reads it.

    While the database is away or gives no value, a former payload that has its values stays for `ping.hold_hours`, and
    the exit status is 2. Without a former payload, one is published at once, with status 0.
    """
    from metrics_dictionary.ping.collect.publication import limits, publish
    from metrics_dictionary.ping.sources.open_sources import open_sources
    from metrics_dictionary.reading.read import read_dictionary

    settings = settings_of(settings_file, **given)
    limits(settings)  # this and the sources before a store is made
    sources = open_sources(settings, None)
    reading = read_dictionary(roots)
    report_left_out(reading)
    dictionary = reading.dictionary
    with closing(opened_store(settings)) as store, progress("Computing metrics:") as draw:
        sources = replace(sources, store=store)
        payload = publish(dictionary, sources, store, settings, now=datetime.now(UTC), progress=draw)
    failed = len(payload.failures)
    hint = "; `ping show --failures` says why" if failed else ""
    click.echo(f"Collected {len(payload.measurements):,} metrics, {failed:,} of them with a fallback value{hint}.")
    _print_outages(payload.outages)


@command.command("show")
@click.option("--failures", "only_failures", is_flag=True, help="Show the metrics that failed, and why.")
@setting_options("store")
def show(*, only_failures: bool, settings_file: Path | None, store: str | None) -> None:
    """Print the last payload."""
    from metrics_dictionary.ping.collect.payload import failures, outages

    payload = _last_payload(settings_file, store)
    if not only_failures:
        _print_json(json.loads(payload.payload))
        return
    _print_outages(outages(payload))
    rows = [(failure.key_path, failure.reason) for failure in failures(payload)]
    click.echo(render_table(("key path", "reason"), rows) if rows else "No metric failed.\n", nl=False)


@command.command("queries")
@setting_options("definitions", *SOURCES)
def queries(*, roots: tuple[Path, ...], settings_file: Path | None, **given: str | None) -> None:
    """Print the SQL of every database metric, as GET queries does."""
    from metrics_dictionary.ping.collect.listing import queries as listing

    _print_listing(listing, roots, settings_file, given)


@command.command("non-sql")
@setting_options("definitions", *SOURCES)
def non_sql(*, roots: tuple[Path, ...], settings_file: Path | None, **given: str | None) -> None:
    """Print the value of every other metric, as GET non_sql_metrics does."""
    from metrics_dictionary.ping.collect.listing import non_sql_metrics as listing

    _print_listing(listing, roots, settings_file, given)


@command.command("submit")
@click.argument("url")
@setting_options("store")
def submit(*, url: str, settings_file: Path | None, store: str | None) -> None:
    """Post the last payload to a URL, and then its metadata: how long each metric took."""
    from metrics_dictionary.ping.collect.submission import submit as post

    payload = _last_payload(settings_file, store)
    answer = post(url, payload, report=lambda line: click.echo(line, err=True))
    click.echo(f"Submitted: {answer.payload_status} for the payload, {answer.metadata_status} for its metadata.")


def _print_listing(
    listing: Listing, roots: tuple[Path, ...], settings_file: Path | None, given: dict[str, str | None]
) -> None:
    from metrics_dictionary.ping.sources.open_sources import open_sources
    from metrics_dictionary.reading.read import read_dictionary

    settings = settings_of(settings_file, **given)
    with kept_store(settings) as store:
        _print_json(listing(read_dictionary(roots).dictionary, open_sources(settings, store), datetime.now(UTC)))


def _print_outages(outages: Iterable[Outage]) -> None:
    for outage in outages:
        attempts = counted(outage.attempts, "attempt")
        since = f"{attempts} since {iso(outage.since)}" if outage.attempts > 1 else f"found at {iso(outage.since)}"
        click.echo(f"Outage: this payload was collected without the {outage.service} ({since}): {outage.reason}")


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=not sys.stdout.encoding.lower().startswith("utf")) + "\n")


def _last_payload(settings_file: Path | None, url: str | None) -> CachedPayload:
    settings = settings_of(settings_file, store=url)
    with kept_store(settings) as store:
        payload = None if store is None else store.payload()
    if payload is None:
        raise OperationalError(
            f"no payload in {shown_address(settings.string('store') or '')} yet; `ping generate` collects one"
        )
    return payload
