"""Options of a report: in which formats findings are written, and where they go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.console import terminal_width
from metrics_dictionary.cli.options import Command, format_option
from metrics_dictionary.reports.report import FORMATS, render
from metrics_dictionary.tools.addresses import page_address

if TYPE_CHECKING:
    from metrics_dictionary.reports.report import Report

SITE = "METRICS_DICTIONARY_SITE_URL"


def report_options(function: Command) -> Command:
    """Add ``--format``, ``--output`` and ``--site-url``: ``style``, ``outputs`` and ``site`` of a command."""
    for option in reversed((_FORMAT, _OUTPUT, _SITE)):
        function = option(function)
    return function


def publish_report(report: Report, style: str, outputs: dict[Path, str]) -> None:
    """Write the report to its files, then print it. Raises OperationalError when a file cannot be written."""
    write_reports(report, outputs)
    if style == "text":
        click.echo(render(replace(report, width=terminal_width()), style), nl=False)
    else:
        # Bytes, whatever the terminal's encoding is: XML says of itself that it is UTF-8.
        click.echo(render(report, style).encode(), nl=False)


def write_reports(report: Report, outputs: dict[Path, str]) -> None:
    """Write the report to its files. Raises OperationalError when a file cannot be written."""
    from metrics_dictionary.tools.files import write_text

    for path, style in outputs.items():
        write_text(path, click.unstyle(render(report, style)))


def _outputs(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[Path, str]:
    outputs: dict[Path, str] = {}
    for value in values:
        style, equals, file = value.partition("=")
        if style not in FORMATS or not equals or not file:
            raise click.BadParameter(f"{value!r} is not FORMAT=FILE with one of the formats {', '.join(FORMATS)}")
        if Path(file) in outputs:
            raise click.BadParameter(f"{file} is named twice; one file holds one format")
        outputs[Path(file)] = style
    return outputs


def _site(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    if not value:
        return ""
    page_address(value, "https://HOST/PATH/", "the address of --site-url")
    return value if value.endswith("/") else f"{value}/"


_FORMAT = format_option(
    FORMATS, "How findings are printed: for people, for programs, or for a service that shows them beside the code."
)
_OUTPUT = click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT=FILE",
    callback=_outputs,
    help="Also write the findings to FILE, in any format; repeat the option for several.",
)
_SITE = click.option(
    "--site-url",
    "site",
    metavar="URL",
    envvar=SITE,
    callback=_site,
    help="Where the dictionary is published: findings for services then link to the rule reference.",
)
