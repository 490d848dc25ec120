"""``metrics-dictionary export``: all definitions as one file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from metrics_dictionary.cli.console import report_errors, report_left_out
from metrics_dictionary.cli.options import definitions_option, format_option
from metrics_dictionary.exports.definitions import EVENT_FORMATS, METRIC_FORMATS, export_events, export_metrics


@click.command("export")
@definitions_option
@format_option(
    METRIC_FORMATS, "The format of the file: yaml and json hold every field, csv is a table for spreadsheets."
)
@click.option("--include-paths", is_flag=True, help="Add the file path to each definition.")
@click.option("--events", is_flag=True, help="Export event definitions instead of metrics (yaml, json).")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write to FILE.")
def command(*, roots: tuple[Path, ...], style: str, include_paths: bool, events: bool, output: Path | None) -> None:
    """Write all definitions, time frames expanded and sorted by key path.

    The same definitions give the same bytes on every machine. The YAML is what Ruby's Psych would write. A file that
    cannot be read, and a definition without a name or with that of another, is left out, named on standard error, and
    gives exit status 1.

    \b
    Examples:
      metrics-dictionary export --definitions definitions --output metric_definitions.yml
      metrics-dictionary export --format csv --include-paths > metrics.csv
    """
    from metrics_dictionary.reading.read import read_dictionary
    from metrics_dictionary.tools.files import write_text

    reading = read_dictionary(roots)
    if events:
        if style not in EVENT_FORMATS:
            raise click.UsageError(f"events are exported as {' or '.join(EVENT_FORMATS)}")
        text = export_events(reading.dictionary, style, include_paths=include_paths)
    else:
        text = export_metrics(reading.dictionary, style, include_paths=include_paths)
    if output is None:
        sys.stdout.buffer.write(text.encode())
    else:
        write_text(output, text)
    lost = report_left_out(reading)
    if report_errors(reading.diagnostics) or lost:
        raise click.exceptions.Exit(1)
