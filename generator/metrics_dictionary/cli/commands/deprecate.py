"""``metrics-dictionary deprecate``: a definition that is no longer computed or recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.options import definitions_option
from metrics_dictionary.tools.text import printable

if TYPE_CHECKING:
    from pathlib import Path


@click.command("deprecate")
@click.argument("name", metavar="KEY_PATH|EVENT")
@click.option("--milestone", required=True, metavar="X.Y", help="The first version without it.")
@click.option("--url", required=True, metavar="URL", help="The merge request that removes it.")
@definitions_option
def command(name: str, milestone: str, url: str, roots: tuple[Path, ...]) -> None:
    """Mark a metric or an event as removed: the file stays, and says since when and by what.

    A definition with several time frames is removed as a whole. Nothing is written when the result would have errors.

    \b
    Example:
      metrics-dictionary deprecate counts.boards --milestone 18.7 \\
        --url https://gitlab.com/gitlab-org/gitlab/-/merge_requests/200001
    """
    from metrics_dictionary.authoring.edit.deprecation import deprecate

    done = deprecate(roots, name, milestone, url)
    click.echo(f"{printable(done.file)} is marked as removed in {milestone}.")
    for key_path in done.key_paths:
        click.echo(f"  no longer in the payload: {printable(key_path)}")
    for key_path in done.still_counting:
        click.echo(f"  still counts the event: {printable(key_path)}", err=True)
