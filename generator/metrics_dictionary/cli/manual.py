"""The references of the guides as Markdown, made from the commands and the settings themselves.

``make manual`` writes them; a test fails when the written ones are out of date.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.api_reference import api_reference
from metrics_dictionary.cli.main import program
from metrics_dictionary.settings import SETTINGS, USER_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

OPENING = """\
# Command reference

`metrics-dictionary COMMAND`, with `--help` for each. This page is generated from the same help.

| exit status | meaning |
| --- | --- |
| 0 | clean |
| 1 | findings: a definition is wrong, or had to be left out |
| 2 | wrong usage, or trouble with the machine: a missing folder, a full disk, a port in use |

Findings and exports go to standard output, progress and errors to standard error. Color appears only on a terminal
and never when `NO_COLOR` is set.
"""


SETTINGS_OPENING = """\
# Settings reference

A setting is given on the command line, in the environment, or in a TOML file that `--settings FILE` or
`METRICS_DICTIONARY_SETTINGS` names. The first of these that sets it wins; otherwise the default applies.

```toml
store = "redis://127.0.0.1:6379/0"
database = "postgresql://reader@127.0.0.1/product"

[ping]
interval_days = 7
optional = false

[instance]
hostname = "metrics.example.com"
uuid = "c0ffee00-0000-4000-8000-000000000001"
version = "18.6.0"

[license]
plan = "premium"
licensee = { Name = "Jane Doe" }
```

In the environment, a list is written with commas (`METRICS_DICTIONARY_DEFINITIONS=base,own`), and a boolean as `true`
or `false`. A relative path, also one in the file, counts from the folder in which the command is run; for a service,
that is its `WorkingDirectory`.

In a file that sets `store.idempotency_limit`, the address of the store is `url` in the same table, `[store]`.

Tables that hold no settings are facts. An instrumentation with `source: setting` reads one by its dotted name, such as
`instance.hostname`; one with `source: license` reads a field of `[license]`.

Two facts belong to events that go to a Snowplow collector: `instance.environment` names the environment, and
`instance.user_key` is the key under which user ids are hashed before they leave. Without the key no user id is sent. It
is the only fact that no instrumentation can read.

The table `[project_ids]` has the ids of projects that events name by their path, in `project_path`:
`"group/project" = 7`.

What may hold a password has a second variable, whose name ends with `_FILE`: it names a file that holds the value on
one line, such as a secret of Docker or a credential of systemd. The two must not be set together.

| setting | the file is named by |
| --- | --- |
"""


def references() -> dict[str, str]:
    """Return the name of each generated page -> its Markdown."""
    return {
        "command-reference.md": command_reference(),
        "settings-reference.md": settings_reference(),
        "api-reference.md": api_reference(),
    }


def settings_reference() -> str:
    """Return the page of all settings."""
    rows = ["| setting | meaning | default | in the environment |", "| --- | --- | --- | --- |"]
    for setting in SETTINGS:
        default = setting.default
        if isinstance(default, tuple):
            default = ", ".join(default)
        shown = "" if default is None else f"`{str(default).lower() if isinstance(default, bool) else default}`"
        choices = f" One of `{'`, `'.join(setting.choices)}`." if setting.choices else ""
        rows.append(f"| `{setting.name}` | {_cell(setting.help)}{choices} | {shown} | `{setting.variable}` |")
    secret = [
        f"| `{setting.name}` | `{setting.file_variable}` |" for setting in (*SETTINGS, USER_KEY) if setting.secret
    ]
    return SETTINGS_OPENING + "\n".join(secret) + "\n\n" + "\n".join(rows) + "\n"


def command_reference() -> str:
    """Return the page of all commands."""
    context = click.Context(program, info_name="metrics-dictionary")
    sections = [OPENING]
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        if command is not None:
            sections.append("\n".join(_section(command, click.Context(command, info_name=name, parent=context))))
    return "\n".join(sections)


def _section(command: click.Command, context: click.Context, level: int = 2) -> Iterator[str]:
    yield f"{'#' * level} {context.command_path.removeprefix('metrics-dictionary ')}\n"
    yield f"```text\n{command.get_usage(context).removeprefix('Usage: ')}\n```\n"
    yield from _prose(inspect.cleandoc(command.help or ""))
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    if options:
        yield "| option | meaning | default |\n| --- | --- | --- |"
        yield from (_row(option) for option in options)
        yield ""
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _section(inner, click.Context(inner, info_name=name, parent=context), level + 1)


def _prose(text: str) -> Iterator[str]:
    """Turn click's paragraphs into Markdown; the one behind ``\\b`` holds the examples."""
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("\b\n"):
            _, *lines = paragraph.removeprefix("\b\n").split("\n")
            begins = [True, *(not line.endswith("\\") for line in lines[:-1])]
            shown = (
                f"$ {line.strip()}" if first else f"    {line.strip()}"
                for line, first in zip(lines, begins, strict=True)
            )
            yield "```console\n" + "\n".join(shown) + "\n```\n"
        else:
            yield paragraph + "\n"


def _row(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in option.opts)
    value = "" if option.is_flag else f" `{_value(option)}`"
    default = f"`{option.default}`" if option.show_default and option.default is not None else ""
    variable = f" Also `{option.envvar}` in the environment." if option.envvar else ""
    return f"| {names}{value} | {_cell(option.help or '')}{variable} | {default} |"


def _value(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "|".join(option.type.choices).replace("|", "\\|")
    return option.metavar or option.type.name.upper()


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    for page, markdown in references().items():
        (Path(sys.argv[1]) / page).write_text(markdown, encoding="utf-8")
