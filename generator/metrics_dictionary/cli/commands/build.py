"""``metrics-dictionary build``: the browsable site."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from metrics_dictionary.cli.console import progress, report_errors
from metrics_dictionary.cli.options import definitions_option, product_groups_option, repository_url_option


@click.command("build")
@definitions_option
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("site"),
    show_default=True,
    metavar="DIR",
    help="Where the site is written. An old site stays until the new one is complete.",
)
@click.option(
    "--strict", is_flag=True, help="Refuse to publish definitions that have errors, or a part of their history."
)
@click.option(
    "--site-url",
    metavar="URL",
    help="Where the site will be published. With it, there is a site map, and pages name their own address; without "
    "it, the site works the same.",
)
@repository_url_option
@product_groups_option
def command(
    *,
    roots: tuple[Path, ...],
    output: Path,
    strict: bool,
    site_url: str | None,
    repository_url: str | None,
    product_groups: Path | None,
) -> None:
    """Publish the definitions as a site that any web server can serve, under any path.

    Definitions with errors are published with a notice, files that cannot be read are left out; both are named on
    standard error, and so is history that git keeps back (a shallow clone, a repository of another user). With
    --strict any of these ends the build with exit status 1 and leaves the old site as it is.

    \b
    Examples:
      metrics-dictionary build --definitions definitions --output site --strict
      metrics-dictionary build --repository-url https://gitlab.com/group/project
    """
    from metrics_dictionary.site.build.build import BuildOptions, build
    from metrics_dictionary.site.build.site_map import site_address
    from metrics_dictionary.tools.text import counted, printable

    # Ended from outside, a build cleans up as it does after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    address = site_address(site_url) if site_url else None
    options = BuildOptions(strict, product_groups, address, repository_url)
    with progress("Building the site:") as draw:
        report = build(roots, output, options, draw)
    found = report_errors(report.diagnostics)
    if report.loss:
        click.echo(f"warning: {printable(report.loss)}", err=True)
        found = True
    if not report.published:
        left = f"{output} is unchanged" if output.exists() else "no site was written"
        click.echo(f"{left}: fix this, or build without --strict.", err=True)
        raise click.exceptions.Exit(1)
    if found:
        click.echo("The site was published anyway; --strict would have refused.", err=True)
    click.echo(f"Built {counted(report.metrics, 'metric')} and {counted(report.events, 'event')} into {output}/")
