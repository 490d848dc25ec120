"""``metrics-dictionary check-payload``: a real payload, compared with what the definitions promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.console import report_errors, terminal_width
from metrics_dictionary.cli.options import FAILING, definitions_option, fail_on_option, format_option

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.payload_check.check import PayloadFinding


@click.command("check-payload")
@click.argument("payload", metavar="FILE|URL|-")
@definitions_option
@format_option(["text", "json"], "How the differences are printed: for people or for programs.")
@fail_on_option
@click.option(
    "--without-optional",
    is_flag=True,
    help="Do not report missing metrics of the data category optional: the instance leaves them out.",
)
@click.option(
    "--token",
    envvar="METRICS_DICTIONARY_TOKEN",
    show_envvar=True,
    metavar="TOKEN",
    help="Access token for the URL. Better set in the environment, where no list of processes shows it.",
)
def command(
    *, payload: str, roots: tuple[Path, ...], style: str, fail_on: str, without_optional: bool, token: str | None
) -> None:
    """Say where a payload and the definitions disagree.

    That is: keys without a definition, active metrics that are missing, values that break their type or schema, and
    fallback values of metrics that could not be computed.

    The payload is a JSON file, `-` for standard input, or the URL of an instance's `usage_data/service_ping`.

    \b
    Examples:
      metrics-dictionary check-payload payload.json
      metrics-dictionary check-payload https://example.com/api/v4/usage_data/service_ping --fail-on warning
    """
    from metrics_dictionary.payload_check.check import FindingKind, check_payload
    from metrics_dictionary.payload_check.report import SEVERITIES, payload_json, payload_text
    from metrics_dictionary.payload_check.source import read_payload
    from metrics_dictionary.reading.read import read_dictionary

    values = read_payload(payload, token)
    reading = read_dictionary(roots)
    incomplete = report_errors(reading.diagnostics)
    found = tuple(
        finding
        for finding in check_payload(values, reading.dictionary)
        if not (without_optional and finding.kind is FindingKind.MISSING_METRIC and _optional(finding))
    )
    if style == "json":
        click.echo(payload_json(found).encode(), nl=False)
    else:
        click.echo(payload_text(found, reading.dictionary, terminal_width()), nl=False)
    if incomplete or any(SEVERITIES[finding.kind] in FAILING[fail_on] for finding in found):
        raise click.exceptions.Exit(1)


def _optional(finding: PayloadFinding) -> bool:
    """Return whether an instance may leave the metric out; a metric without a data category is optional."""
    from metrics_dictionary.ping.collect.collection import UNSTATED_CATEGORY

    metric = finding.metric
    return metric is not None and (metric.data_category or UNSTATED_CATEGORY) == "optional"
