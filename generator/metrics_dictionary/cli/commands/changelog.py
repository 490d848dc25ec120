"""``metrics-dictionary changelog``: the definitions' part of release notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.console import note
from metrics_dictionary.cli.options import definitions_option, format_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("changelog")
@click.option("--since", required=True, metavar="REV", help="The edition to start from: a revision, root, file or URL.")
@click.option("--until", metavar="REV", help="The edition to end with, in place of the root as it is now.")
@definitions_option
@format_option(["markdown", "json"], "The notes, or the difference that they are made from.")
def command(since: str, until: str | None, roots: tuple[Path, ...], style: str) -> None:
    """Write release notes: what is new, changed and removed since an edition of the definitions.

    The exit status is 1 when a file of either edition cannot be read: the notes are incomplete then, and say so.

    \b
    Examples:
      metrics-dictionary changelog --since v1.2
      metrics-dictionary changelog --since v1.1 --until v1.2 --format json
    """
    from metrics_dictionary.changes.compare.open_edition import open_both
    from metrics_dictionary.changes.render.difference import difference
    from metrics_dictionary.changes.render.json_difference import difference_json
    from metrics_dictionary.changes.render.markdown_difference import changelog_markdown

    found = difference(*open_both(since, until, roots))
    render = changelog_markdown if style == "markdown" else difference_json
    click.echo(render(found).encode(), nl=False)
    if found.unread:
        note(f"the notes are incomplete: {found.unread_in_words}")
        raise click.exceptions.Exit(1)
