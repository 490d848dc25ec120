"""Options that several commands share. Those of the runtime are settings as well."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.settings import BY_NAME, PREFIX, Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.settings import Value
    from metrics_dictionary.stores.store import Store

Command = TypeVar("Command", bound="Callable[..., object]")

DEFINITIONS = "METRICS_DICTIONARY_DEFINITIONS"
REPOSITORY_URL = "METRICS_DICTIONARY_REPOSITORY_URL"

FAILING = {"error": frozenset({Severity.ERROR}), "warning": frozenset({Severity.ERROR, Severity.WARNING})}
"""A value of ``--fail-on`` -> the severities that give exit status 1."""


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


def fail_on_option(function: Command) -> Command:
    """Add ``--fail-on SEVERITY``, a key of FAILING."""
    return click.option(
        "--fail-on",
        type=click.Choice(list(FAILING)),
        default="error",
        show_default=True,
        help="The least severity of a finding that gives exit status 1.",
    )(function)


def setting_options(*names: str) -> Callable[[Command], Command]:
    """Add ``--settings FILE`` and an option for each of the settings that are named."""

    def add(function: Command) -> Command:
        for name in reversed(names):
            setting = BY_NAME[name]
            # No default and no envvar here: load_settings knows both, and which of them wins.
            option = click.option(
                f"--{name}",
                type=setting.kind,
                metavar="URL" if "://" in setting.help else setting.kind.__name__.upper(),
                help=f"{setting.help} [env var: {setting.variable}"
                + (f"; default: {setting.default}]" if setting.default is not None else "]"),
            )
            function = option(function)
        return click.option(
            "--settings",
            "settings_file",
            type=click.Path(path_type=Path, dir_okay=False),
            envvar=f"{PREFIX}SETTINGS",
            metavar="FILE",
            show_envvar=True,
            help="TOML file with settings and with facts of the instance.",
        )(function)

    return add


def settings_of(settings_file: Path | None, **given: Value) -> Settings:
    """Return the settings in force for what the command line says; raises OperationalError as load_settings does."""
    return load_settings(settings_file, given)


def opened_store(settings: Settings) -> Store:
    """Open the store that the settings name; whoever opens it closes it.

    The folder of the default store is made when it is missing; one that somebody named has to exist. Raises
    OperationalError when the store cannot be opened.
    """
    from metrics_dictionary.stores.open_store import open_store

    url = settings.text("store") or ""
    if url == BY_NAME["store"].default:
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    return open_store(url)
