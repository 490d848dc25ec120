"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., object]")

DEFINITIONS = "METRICS_DICTIONARY_DEFINITIONS"
REPOSITORY_URL = "METRICS_DICTIONARY_REPOSITORY_URL"


def definitions_option(function: Command) -> Command:
    """Add ``--definitions ROOT``."""
    return click.option(
        "--definitions",
        "root",
        type=click.Path(path_type=Path),
        default=Path("definitions"),
        envvar=DEFINITIONS,
        show_default=True,
        show_envvar=True,
        metavar="ROOT",
        help="Definitions root: a folder with metrics/ and, if it has any, events/, instrumentations/ "
        "and product_groups.yml.",
    )(function)


def product_groups_option(function: Command) -> Command:
    """Add ``--product-groups FILE``."""
    return click.option(
        "--product-groups",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="FILE",
        help="Who may own a definition, in place of the root's product_groups.yml: YAML, or a JSON Schema's enum.",
    )(function)


def repository_url_option(function: Command) -> Command:
    """Add ``--repository-url URL``."""
    return click.option(
        "--repository-url",
        envvar=REPOSITORY_URL,
        show_envvar=True,
        metavar="URL",
        help="Where the definitions' repository is on the web; pages of metrics then link to where they are edited. "
        "Branch main on GitLab or GitHub, or the address of any edit page with {file_path} in it.",
    )(function)
