"""``metrics-dictionary validate``: the check that an author and a CI job run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.options import DEFINITIONS, product_groups_option
from generator.cli.progress import progress
from generator.dictionary.diagnostic import Severity
from generator.reports.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.dictionary.diagnostic import Diagnostic

FAILING = {"error": {Severity.ERROR}, "warning": {Severity.ERROR, Severity.WARNING}}


@click.command("validate")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[ROOT|FILE]...", envvar=DEFINITIONS)
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--fail-on",
    type=click.Choice(list(FAILING)),
    default="error",
    show_default=True,
    help="The least severity of a finding that gives exit status 1.",
)
@product_groups_option
def command(paths: tuple[Path, ...], style: str, fail_on: str, product_groups: Path | None) -> None:
    """Check definitions: whole roots, folders inside one, or single files.

    Given files are judged with their whole root in sight, so a key path that another file already uses is found.
    Without an argument the folder `definitions` is checked.

    \b
    Examples:
      metrics-dictionary validate definitions
      metrics-dictionary validate definitions/events/mr_name_changed.yml --format json
    """
    from generator.validation.validate import validate_paths

    with progress("Checking definitions:") as draw:
        validation = validate_paths(paths or (Path("definitions"),), product_groups=product_groups, progress=draw)
    summary = Summary.of(validation.diagnostics, validation.files_checked)
    click.echo(_render(validation.diagnostics, summary, style), nl=False)
    if any(diagnostic.severity in FAILING[fail_on] for diagnostic in validation.diagnostics):
        raise click.exceptions.Exit(1)


def _render(diagnostics: Sequence[Diagnostic], summary: Summary, style: str) -> str:
    if style == "json":
        from generator.reports.json_report import render_json

        return render_json(diagnostics, summary)
    from generator.cli.terminal import width
    from generator.reports.text_report import render_text

    return render_text(diagnostics, summary, width())
