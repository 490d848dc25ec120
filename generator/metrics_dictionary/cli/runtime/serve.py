"""``metrics-dictionary serve``: the site and the API, for reading on this machine or behind a proxy."""

from __future__ import annotations

import signal
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.console import progress, report_errors
from metrics_dictionary.cli.options import (
    opened_store,
    product_groups_option,
    setting_options,
    settings_of,
)

if TYPE_CHECKING:
    from types import FrameType

    from metrics_dictionary.cli.demo import Demo
    from metrics_dictionary.server.application import Application
    from metrics_dictionary.server.transport.server import Server
    from metrics_dictionary.settings import Settings

SWITCH_SECONDS = 0.0005
"""How long a thread that computes may keep the others from running."""


@click.command("serve")
@setting_options("definitions", "host", "port", "store", "database", "collector", "prometheus")
@click.option(
    "--site",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Build the site into DIR and keep it; by default it is deleted when the server stops.",
)
@click.option(
    "--demo",
    "demo_folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Create a sample application database, a payload and tokens in DIR, once, and serve them.",
)
@click.option("--yes", is_flag=True, help="Serve what --demo makes to other machines as well.")
@product_groups_option
def command(
    *,
    root: Path,
    site: Path | None,
    demo_folder: Path | None,
    yes: bool,
    product_groups: Path | None,
    settings_file: Path | None,
    **given: str | int | None,
) -> None:
    """Build the site, then serve it and the usage-data API until interrupted.

    \b
    Examples:
      metrics-dictionary serve --definitions definitions --port 8080
      metrics-dictionary serve --store sqlite:///store.db --database postgresql://reader@db/app
    """
    from metrics_dictionary.cli.demo import Demo

    signal.signal(signal.SIGTERM, _interrupt)
    demo = None if demo_folder is None else Demo(demo_folder)
    if demo is not None:
        if not yes:
            demo.keep_to_this_machine(settings_file, given["host"])
        demo.folder.mkdir(parents=True, exist_ok=True)
        settings_file = settings_file or demo.settings_file()
        given = {**given, **{name: value for name, value in demo.settings.items() if given[name] is None}}
    settings = settings_of(settings_file, **given)
    with tempfile.TemporaryDirectory(prefix="metrics-dictionary-") as scratch:
        _build_and_serve(root, site or Path(scratch) / "site", product_groups, settings, demo)


def _build_and_serve(
    root: Path, site: Path, product_groups: Path | None, settings: Settings, demo: Demo | None
) -> None:
    from metrics_dictionary.server.api.router import Router
    from metrics_dictionary.server.application import Application
    from metrics_dictionary.server.transport.server import Server, ServerOptions
    from metrics_dictionary.site.build.build import BuildOptions, build
    from metrics_dictionary.tools.text import counted

    with Server(ServerOptions.of(settings)) as server, closing(opened_store(settings)) as store:
        with progress("Building the site:") as draw:
            options = BuildOptions(product_groups=product_groups, repository_url=settings.string("repository_url"))
            report = build(root, site, options, draw)
        report_errors(report.diagnostics)
        application = Application.opened(settings, report.dictionary, store, site)
        server.router = Router(application)
        if demo is not None:
            _prepare(demo, application, server)
        with application.background_threads():
            # Before anybody is told how to stop the server: until then, Ctrl-C ends the command with an error.
            _stop_at_a_signal(server)
            definitions = f"{counted(report.metrics, 'metric')} and {counted(report.events, 'event')}"
            click.echo(f"Serving {definitions} on {server.url}")
            click.echo(f"Combined definitions: {server.url}api/v4/usage_data/metric_definitions")
            click.echo("Press Ctrl-C to stop.")
            # Answers must not wait for five milliseconds, time and again, while a payload is being computed.
            sys.setswitchinterval(SWITCH_SECONDS)
            server.serve_forever()


def _prepare(demo: Demo, application: Application, server: Server) -> None:
    from metrics_dictionary.cli.demo import show_calls

    tokens = demo.prepare(application.dictionary, application.store, application.generate_payload)
    show_calls(tokens, server.url)


def _stop_at_a_signal(server: Server) -> None:
    """Let a signal end the server; a second one does not wait for requests that have begun."""

    def stop(_signum: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, _interrupt)
        signal.signal(signal.SIGTERM, _interrupt)
        server.request_stop()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _interrupt(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
