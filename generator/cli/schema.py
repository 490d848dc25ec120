"""``metrics-dictionary schema``: the JSON Schema that an editor checks a definition against."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from generator.cli.options import product_groups_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("schema")
@click.argument("kind", type=click.Choice(["metric", "event"]))
@product_groups_option
def command(kind: str, product_groups: Path | None) -> None:
    """Print the JSON Schema (draft 2020-12) of a metric or event definition.

    \b
    Example:
      metrics-dictionary schema metric > metric.schema.json
    """
    from generator.reading.product_groups import read_product_groups
    from generator.validation.published_schema import published_schema

    groups = read_product_groups(product_groups) if product_groups else None
    click.echo(json.dumps(published_schema(kind, groups), indent=2, ensure_ascii=False))
