"""The command reference as Markdown, made from the commands themselves.

``make manual`` writes it to the guides; a test fails when the written one is out of date.
"""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING

import click

from generator.cli.main import program

if TYPE_CHECKING:
    from collections.abc import Iterator

OPENING = """\
# Command reference

`metrics-dictionary COMMAND`, with `--help` for each. This page is made from the same texts.

| exit status | means |
| --- | --- |
| 0 | clean |
| 1 | findings: a definition is wrong, or had to be left out |
| 2 | wrong usage, or trouble with the machine: a missing folder, a full disk, a port in use |

Findings and exports go to standard output, progress and errors to standard error. Colour appears only on a terminal
and never when `NO_COLOR` is set.
"""


def manual() -> str:
    """Return the whole reference."""
    context = click.Context(program, info_name="metrics-dictionary")
    sections = [OPENING]
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        if command is not None:
            sections.append("\n".join(_section(command, click.Context(command, info_name=name, parent=context))))
    return "\n".join(sections)


def _section(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"## {context.info_name}\n"
    yield f"```text\n{command.get_usage(context).removeprefix('Usage: ')}\n```\n"
    yield from _prose(inspect.cleandoc(command.help or ""))
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    if options:
        yield "| option | meaning | default |\n| --- | --- | --- |"
        yield from (_row(option) for option in options)
        yield ""


def _prose(text: str) -> Iterator[str]:
    r"""Turn click's paragraphs into Markdown; the one behind ``\\b`` holds the examples."""
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("\b\n"):
            _, *lines = paragraph.removeprefix("\b\n").split("\n")
            yield "```console\n" + "\n".join(f"$ {line.strip()}" for line in lines) + "\n```\n"
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
    sys.stdout.write(manual())
