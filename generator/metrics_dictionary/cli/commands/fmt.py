"""``metrics-dictionary fmt``: one order of fields and one style for all definitions."""

from __future__ import annotations

from pathlib import Path

import click

from metrics_dictionary.cli.options import definitions_roots, settings_file_option
from metrics_dictionary.tools.text import counted, printable


@click.command("fmt")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[ROOT|FILE]...")
@settings_file_option
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; name the files that would change, and exit with status 1 if there are any.",
)
def command(*, paths: tuple[Path, ...], settings_file: Path | None, check: bool) -> None:
    """Bring metrics and events into one order of fields and one style.

    What a definition says stays the same, and so do the file's line ends. A comment stays with the field that follows
    it; one that is indented further, or that reads as an item of the list above it, stays with that list or mapping. A
    file that cannot be read, or whose canonical form would not say the same, is left alone and named. Text whose lines
    all fit into 120 columns keeps its line breaks.

    \b
    Examples:
      metrics-dictionary fmt definitions
      metrics-dictionary fmt --check definitions/events/mr_name_changed.yml
    """
    from metrics_dictionary.authoring.edit.formatting import format_files

    result = format_files(paths or definitions_roots(settings_file), check=check)
    for file in result.changed:
        click.echo(f"{'would change' if check else 'changed'}: {printable(file)}")
    for file, reason in result.left_alone:
        click.echo(f"left alone: {printable(file)}: {printable(reason)}", err=True)
    verb = "would change" if check else "changed"
    click.echo(f"Checked {counted(result.checked, 'definition')}: {len(result.changed):,} {verb}.")
    if result.left_alone or (check and result.changed):
        raise click.exceptions.Exit(1)
