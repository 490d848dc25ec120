"""Options that several commands share. Those of the runtime are settings as well."""

from __future__ import annotations

from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from metrics_dictionary.cli.console import note
from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.settings import BY_NAME, PREFIX, Settings, load_settings, setting_in_force
from metrics_dictionary.tools.addresses import SQLITE, sqlite_path
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from metrics_dictionary.settings import Setting, Value
    from metrics_dictionary.stores.store import Store

Command = TypeVar("Command", bound="Callable[..., object]")

SETTINGS_FILE = f"{PREFIX}SETTINGS"

FAILING = {"error": frozenset({Severity.ERROR}), "warning": frozenset({Severity.ERROR, Severity.WARNING})}
"""A value of ``--fail-on`` -> the severities that give exit status 1."""


def definitions_option(function: Command) -> Command:
    """Add ``--definitions ROOT``, and ``--settings FILE``, which may name roots too; the command gets ``roots``.

    For commands that need no other setting; those that do name it among their ``setting_options``.
    """
    return _settings_file_option(expose_value=False)(_definitions(function))


def definitions_roots(settings_file: Path | None) -> tuple[Path, ...]:
    """Return the roots of a command that was not told any. Raises OperationalError as load_settings does."""
    given = setting_in_force("definitions", settings_file)
    return tuple(map(Path, given)) if isinstance(given, tuple) else ()


def product_groups_option(function: Command) -> Command:
    """Add ``--product-groups FILE``."""
    return click.option(
        "--product-groups",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="FILE",
        help="Who may own a definition, instead of the root's product_groups.yml: YAML, or the enum of a JSON Schema.",
    )(function)


def repository_url_option(function: Command) -> Command:
    """Add ``--repository-url URL`` to a command that has ``--settings FILE``."""
    setting = BY_NAME["repository_url"]
    return click.option(
        "--repository-url", metavar="URL", callback=partial(_in_force, setting.name), help=_help(setting)
    )(function)


def format_option(formats: Iterable[str], explanation: str) -> Callable[[Command], Command]:
    """Add ``--format``, the ``style`` of a command; the first format is the default."""
    names = list(formats)
    return click.option(
        "--format", "style", type=click.Choice(names), default=names[0], show_default=True, help=explanation
    )


def fail_on_option(function: Command) -> Command:
    """Add ``--fail-on SEVERITY``, a key of FAILING."""
    return click.option(
        "--fail-on",
        type=click.Choice(list(FAILING)),
        default="error",
        show_default=True,
        help="The lowest severity that gives exit status 1.",
    )(function)


def setting_options(*names: str) -> Callable[[Command], Command]:
    """Add ``--settings FILE`` and an option for each of the settings that are named.

    Of ``definitions`` the command gets the ``roots`` that are in force; of the others it gets what the command line
    says, and `settings_of` finds out what is in force.
    """

    def add(function: Command) -> Command:
        for name in reversed(names):
            setting = BY_NAME[name]
            metavar = "URL" if "://" in setting.help else setting.kind.__name__.upper()
            option = click.option(f"--{name}", type=setting.kind, metavar=metavar, help=_help(setting))
            function = _definitions(function) if name == "definitions" else option(function)
        return settings_file_option(function)

    return add


def settings_file_option(function: Command) -> Command:
    """Add ``--settings FILE``."""
    return _settings_file_option(expose_value=True)(function)


def _settings_file_option(*, expose_value: bool) -> Callable[[Command], Command]:
    def keep(context: click.Context, _option: click.Parameter, file: Path | None) -> Path | None:
        context.meta[SETTINGS_FILE] = file
        return file

    return click.option(
        "--settings",
        "settings_file",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar=SETTINGS_FILE,
        metavar="FILE",
        show_envvar=True,
        is_eager=True,  # the other options look into it
        expose_value=expose_value,
        callback=keep,
        help="TOML file with settings, and with facts about the instance.",
    )


def _definitions(function: Command) -> Command:
    setting = BY_NAME["definitions"]
    return click.option(
        "--definitions",
        "roots",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="ROOT",
        callback=_roots_in_force,
        help=_help(setting),
    )(function)


def _roots_in_force(context: click.Context, _option: click.Parameter, given: tuple[Path, ...]) -> tuple[Path, ...]:
    return given or definitions_roots(context.meta[SETTINGS_FILE])


def _in_force(name: str, context: click.Context, option: click.Parameter, given: object) -> object:
    """Return what the command line says, or else what the environment, the settings file or the default says."""
    if given is not None:
        return given
    return option.type_cast_value(context, setting_in_force(name, context.meta[SETTINGS_FILE]))


def _help(setting: Setting) -> str:
    """Explain an option that has neither default nor envvar: the settings know both, and which of them wins."""
    value = ", ".join(setting.default) if isinstance(setting.default, tuple) else setting.default
    default = "" if value is None else f"; default: {value}"
    return f"{setting.help} [env var: {setting.variable}{default}]"


def settings_of(settings_file: Path | None, **given: Value) -> Settings:
    """Return the settings in force for what the command line says; raises OperationalError as load_settings does."""
    return load_settings(settings_file, given)


def opened_store(settings: Settings, *, create: bool = True, announce: bool = True) -> Store:
    """Open the store that the settings name; whoever opens it closes it.

    The folder of the default store is made when it is missing; one that somebody named has to exist. Without ``create``
    no file is made; where one is, a note says so and where, unless not to ``announce`` it: whoever meant a store that
    exists has named another one. Raises OperationalError when the store cannot be opened.
    """
    from metrics_dictionary.stores.open_store import open_store
    from metrics_dictionary.stores.store import OutboxLimit

    url = settings.string("store") or ""
    if not create and not has_store(settings):
        raise OperationalError(f"{sqlite_path(url)}: there is no store; name the one that is meant with --store")
    if url == BY_NAME["store"].default:
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    outbox_limit = OutboxLimit(
        int(settings.number("events.outbox_limit")), settings.string("events.outbox_full") == "drop"
    )
    is_new = not has_store(settings)
    store = open_store(url, ids_limit=int(settings.number("store.idempotency_limit")), outbox_limit=outbox_limit)
    if is_new and announce:
        place = sqlite_path(url).absolute()
        note(f"{place}: a new store was made; if one is meant that exists, name it with --store or --settings")
    return store


def has_store(settings: Settings) -> bool:
    """Whether there is something to open; what a Redis holds, only a look into it tells."""
    url = settings.string("store") or ""
    return not url.startswith(SQLITE) or sqlite_path(url).exists()


@contextmanager
def kept_store(settings: Settings) -> Iterator[Store | None]:
    """Open the store for a command that only reads; None, and a note, where there is none yet: none is made."""
    url = settings.string("store") or ""
    if not has_store(settings):
        note(f"{sqlite_path(url)}: there is no store yet; if one is meant that exists, name it with --store")
        yield None
        return
    with closing(opened_store(settings, create=False)) as store:
        yield store
