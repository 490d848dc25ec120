"""``metrics-dictionary serve``: the site and the API, for reading on this machine or behind a proxy."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.findings import report_unread
from generator.cli.options import definitions_option, product_groups_option
from generator.cli.progress import progress

if TYPE_CHECKING:
    from types import FrameType


@click.command("serve")
@definitions_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option(
    "--site",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Build the site into DIR and leave it there; by default it goes when the server ends.",
)
@product_groups_option
def command(*, root: Path, host: str, port: int, site: Path | None, product_groups: Path | None) -> None:
    r"""Build the site, then serve it with GET /api/v4/usage_data/metric_definitions until interrupted.

    \b
    Example:
      metrics-dictionary serve --definitions definitions --port 8080
    """
    signal.signal(signal.SIGTERM, _interrupt)
    with tempfile.TemporaryDirectory(prefix="metrics-dictionary-") as scratch:
        _build_and_serve(root, host, port, site or Path(scratch) / "site", product_groups)


def _build_and_serve(root: Path, host: str, port: int, site: Path, product_groups: Path | None) -> None:
    from generator.server.http import Server, serve_until_interrupted
    from generator.server.routes import router
    from generator.site.build import build

    server = Server(host, port)
    with progress("Building the site:") as draw:
        report = build(root, site, product_groups=product_groups, progress=draw)
    report_unread(report.diagnostics)
    click.echo(f"Serving {report.metrics:,} metrics and {report.events:,} events on {server.url}")
    click.echo(f"Combined definitions: {server.url}api/v4/usage_data/metric_definitions")
    click.echo("Press Ctrl-C to stop.")
    serve_until_interrupted(server, router(report.dictionary, site))


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
