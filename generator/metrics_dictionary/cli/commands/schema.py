"""``metrics-dictionary schema``: the JSON Schema that an editor checks a definition against."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.options import definitions_roots, product_groups_option, settings_file_option

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.dictionary import ProductGroup


@click.command("schema")
@click.argument("kind", type=click.Choice(["metric", "event"]))
@click.option(
    "--definitions",
    "roots",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    multiple=True,
    metavar="ROOT",
    help="Definitions roots whose product_groups.yml, if they have one, say who may own a definition.",
)
@settings_file_option
@product_groups_option
def command(kind: str, roots: tuple[Path, ...], settings_file: Path | None, product_groups: Path | None) -> None:
    """Print the JSON Schema (draft 2020-12) of a metric or event definition.

    It explains every field, and holds the values, defaults and examples that an editor offers. The site publishes the
    same under `schemas/metric.json` and `schemas/event.json`.

    \b
    Example:
      metrics-dictionary schema metric --definitions definitions > metric.schema.json
    """
    from metrics_dictionary.validation.schemas.published_schema import published_schema

    # ASCII only: a group's name may hold half of a surrogate pair, which no terminal takes.
    groups = _groups(roots or definitions_roots(settings_file), product_groups)
    click.echo(json.dumps(published_schema(kind, groups), indent=2))


def _groups(roots: tuple[Path, ...], product_groups: Path | None) -> dict[str, ProductGroup] | None:
    from metrics_dictionary.reading.product_groups import read_product_groups
    from metrics_dictionary.reading.root import PRODUCT_GROUPS

    if product_groups is not None:
        return read_product_groups(product_groups)
    found: dict[str, ProductGroup] = {}
    for root in roots:
        if (root / PRODUCT_GROUPS).exists():
            found = {**read_product_groups(root / PRODUCT_GROUPS), **found}
    return found or None
