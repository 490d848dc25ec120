"""Options of the commands that need the runtime's parts: each of them is also a setting."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from metrics_dictionary.settings import BY_NAME, PREFIX, Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.settings import Value
    from metrics_dictionary.stores.store import Store

Command = TypeVar("Command", bound="Callable[..., object]")


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


def opened_store(settings: Settings) -> Store:
    """Open the store that the settings name. Only the folder that nobody named but we is made."""
    from metrics_dictionary.stores.open_store import open_store

    url = settings.text("store") or ""
    if url == BY_NAME["store"].default:
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    return open_store(url)


def settings_of(settings_file: Path | None, **given: Value) -> Settings:
    """Return the settings in force for what the command line says."""
    return load_settings(settings_file, given)
