"""``metrics-dictionary serve``: the site and the API, for reading on this machine or behind a proxy."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from metrics_dictionary.cli.options import definitions_roots, product_groups_option, setting_options, settings_of

if TYPE_CHECKING:
    from metrics_dictionary.server.application import Application

SCRATCH_PREFIX = "metrics-dictionary-"
"""What the name of the folder begins with in which a site is built that nobody named a folder for."""


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
    roots: tuple[Path, ...],
    site: Path | None,
    demo_folder: Path | None,
    yes: bool,
    product_groups: Path | None,
    settings_file: Path | None,
    **given: str | int | None,
) -> None:
    """Build the site and serve it and the usage-data API until interrupted.

    It answers from the start: 503 until the definitions are loaded and the site is built. SIGTERM makes it not ready,
    and ends it `server.drain_seconds` later; SIGHUP makes it reload the definitions, the settings and the certificate.

    \b
    Examples:
      metrics-dictionary serve --definitions definitions --port 8080
      metrics-dictionary serve --store sqlite:///store.db --database postgresql://reader@db/app
    """
    from metrics_dictionary.cli.demo import Demo, show_calls
    from metrics_dictionary.cli.service import Plan, Service, interrupt
    from metrics_dictionary.site.build.publishing import scratch_folder

    signal.signal(signal.SIGTERM, interrupt)
    demo = None if demo_folder is None else Demo(demo_folder)
    if demo is not None:
        if not yes:
            demo.keep_to_this_machine(settings_file, given["host"])
        demo.folder.mkdir(parents=True, exist_ok=True)
        settings_file = settings_file or demo.settings_file()
        given = {**given, **{name: value for name, value in demo.settings.items() if given[name] is None}}

    def prepare(application: Application, url: str) -> None:
        if demo is not None:
            tokens = demo.prepare(application.dictionary, application.store, application.generate_payload)
            show_calls(tokens, url, application.dictionary)

    are_roots_given = click.get_current_context().get_parameter_source("roots") is ParameterSource.COMMANDLINE
    with scratch_folder(Path(tempfile.gettempdir()), SCRATCH_PREFIX) as scratch:
        plan = Plan(
            settings=lambda: settings_of(settings_file, **given),
            roots=lambda: roots if are_roots_given else definitions_roots(settings_file),
            site=site or scratch / "site",
            product_groups=product_groups,
        )
        Service(plan, prepare).run()
