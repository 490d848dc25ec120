"""``metrics-dictionary diff``: what is different between two editions of the definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.console import terminal_width
from metrics_dictionary.cli.options import definitions_option, format_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="[NEW]", required=False)
@definitions_option
@format_option(
    ["text", "markdown", "json"], "How the difference is printed; markdown is a comment for a merge request."
)
def command(old: str, new: str | None, roots: tuple[Path, ...], style: str) -> None:
    """Say what is different between two editions: added, removed and changed definitions, by product group.

    OLD and NEW are git revisions, definitions roots, combined YAML or JSON files, or URLs of such files; without NEW
    it is the root. A revision is one of the repository in which the root lies. The exit status is 1 when something
    breaks what the older edition promised, and when a file of either edition cannot be read.

    \b
    Examples:
      metrics-dictionary diff v1.2 HEAD
      metrics-dictionary diff origin/main --format markdown
      metrics-dictionary diff old_metric_definitions.yml https://example.com/metric_definitions.yml
    """
    from metrics_dictionary.changes.compare.open_edition import open_both
    from metrics_dictionary.changes.render.difference import difference
    from metrics_dictionary.changes.render.json_difference import difference_json
    from metrics_dictionary.changes.render.markdown_difference import difference_markdown
    from metrics_dictionary.changes.render.text_difference import difference_text

    found = difference(*open_both(old, new, roots))
    if style == "text":
        click.echo(difference_text(found, terminal_width()), nl=False)
    else:
        render = difference_markdown if style == "markdown" else difference_json
        click.echo(render(found).encode(), nl=False)
    if found.failed:
        raise click.exceptions.Exit(1)
