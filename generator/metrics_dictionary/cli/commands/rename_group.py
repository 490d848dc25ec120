"""``metrics-dictionary rename-group``: another identifier for a product group, everywhere at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.options import definitions_option
from metrics_dictionary.tools.text import counted

if TYPE_CHECKING:
    from pathlib import Path


@click.command("rename-group")
@click.argument("old")
@click.argument("new")
@definitions_option
def command(old: str, new: str, roots: tuple[Path, ...]) -> None:
    """Rename the product group OLD to NEW: as the owner in all definitions, and in product_groups.yml.

    Either every file is changed or none is. Everything else in the files stays as it is.

    \b
    Example:
      metrics-dictionary rename-group code_review code_collaboration
    """
    from metrics_dictionary.authoring.edit.renaming import rename_group

    renaming = rename_group(roots, old, new)
    where = " and in product_groups.yml" if renaming.in_groups else "; no product_groups.yml names it"
    click.echo(f"{old} is now {new} in {counted(renaming.definitions, 'definition')}{where}.")
