"""``metrics-dictionary explain``: a definition in words, on the terminal."""

from __future__ import annotations

import contextlib
import shlex
from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.console import note, terminal_width
from metrics_dictionary.cli.options import definitions_option
from metrics_dictionary.tools.text import counted, printable, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from metrics_dictionary.dictionary.definition import Fields
    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.dictionary.metric import MetricDefinition

LABEL = 14
"""Columns that a row's label takes."""


@click.command("explain")
@click.argument("name", metavar="KEY_PATH|EVENT")
@definitions_option
def command(name: str, roots: tuple[Path, ...]) -> None:
    """Say what a metric or an event means, who owns it and how it is computed.

    \b
    Examples:
      metrics-dictionary explain counts.ci_builds
      metrics-dictionary explain mr_name_changed
    """
    from metrics_dictionary.reading.read import read_dictionary

    dictionary = read_dictionary(roots).dictionary
    events = [event for event in dictionary.events if name in (event.action, event.name)]
    found = [*_explain_metrics(dictionary, name), *(_event(dictionary, event) for event in events)]
    if not found:
        raise click.UsageError(_unknown(dictionary, name))
    click.echo("\n\n".join("\n".join(rows) for rows in found))
    if len(events) > 1:
        one = shlex.quote(events[-1].name)
        note(f"{counted(len(events), 'event')} have the action {name}; explain one of them by its name: {one}")


def _explain_metrics(dictionary: Dictionary, name: str) -> Iterator[Iterator[str]]:
    """Explain the metric of that key path; the name before expansion stands for each of its time frames."""
    if name in dictionary.expanded:
        yield _metric(dictionary, dictionary.expanded[name])
        return
    for metric in dictionary.metrics:
        if metric.key_path == name:
            for expanded in metric.expand():
                yield _metric(dictionary, expanded)


def _metric(dictionary: Dictionary, metric: MetricDefinition) -> Iterator[str]:
    yield from _title(metric.key_path, metric.description)
    yield from _row("status", _status(metric.status, metric.fields))
    yield from _row("owner", _owner(dictionary, metric.product_group))
    yield from _row("value", _joined(metric.value_type, metric.data_category))
    yield from _row("time frame", ", ".join(metric.time_frames))
    yield from _row("data source", _joined(metric.data_source, metric.instrumentation_class))
    yield from _row("tiers", ", ".join(metric.tiers))
    yield from _row("indicators", ", ".join(metric.performance_indicator_types))
    for line in _computation(dictionary, metric):
        yield from _row("computed", line)
    for sql in _statement(dictionary, metric):
        yield from _verbatim("SQL", sql)
    yield from _row("file", metric.file_path)


def _computation(dictionary: Dictionary, metric: MetricDefinition) -> Iterator[str]:
    from metrics_dictionary.ping.query.data_sources import in_words, untold
    from metrics_dictionary.ping.query.entry import InstrumentationError
    from metrics_dictionary.ping.query.words import selection_in_words

    yield from selection_in_words(metric)
    instrumentation = dictionary.instrumentation_of(metric)
    if instrumentation is None:
        if missing := untold(metric, dictionary):
            yield missing
        return
    try:
        yield in_words(instrumentation, metric)
    except InstrumentationError as error:
        yield str(error)


def _statement(dictionary: Dictionary, metric: MetricDefinition) -> Iterator[str]:
    from metrics_dictionary.ping.query.entry import InstrumentationError
    from metrics_dictionary.ping.query.sql import undated_statement

    instrumentation = dictionary.instrumentation_of(metric)
    if instrumentation is None or instrumentation.source != "database":
        return
    with contextlib.suppress(InstrumentationError):  # the computation in words says so already
        yield undated_statement(instrumentation, metric)


def _event(dictionary: Dictionary, event: EventDefinition) -> Iterator[str]:
    yield from _title(event.name, event.description)
    yield from _row("status", _status(event.status, event.fields))
    yield from _row("owner", _owner(dictionary, event.product_group))
    yield from _row("identifiers", ", ".join(event.identifiers))
    for name, meaning in event.additional_properties.items():
        yield from _row("property", f"{name}: {meaning}")
    for name, meaning in event.protected_properties.items():
        yield from _row("protected", f"{name}: {meaning}")
    for metric in dictionary.metrics_of(event):
        yield from _row("feeds", metric.key_path if metric.status != "removed" else f"{metric.key_path} (removed)")
    yield from _row("file", event.file_path)


def _title(name: str, description: str) -> Iterator[str]:
    yield click.style(printable(name), bold=True)
    if description:
        yield from (f"  {line}" for line in _wrapped(description, 2))
        yield ""


def _row(label: str, value: str) -> Iterator[str]:
    if value:
        first, *rest = _wrapped(value, LABEL + 2)
        yield f"  {click.style(label.ljust(LABEL), fg='cyan')}{first}"
        yield from (" " * (LABEL + 2) + line for line in rest)


def _verbatim(label: str, text: str) -> Iterator[str]:
    """Show SQL as it is: blanks in a statement may stand in a literal, and people copy it."""
    first, *rest = text.split("\n")
    yield f"  {click.style(label.ljust(LABEL), fg='cyan')}{printable(first)}"
    yield from (" " * (LABEL + 2) + printable(line) for line in rest)


def _wrapped(text: str, indent: int) -> list[str]:
    """Return a text in lines that fit behind an indent, as one line where there is no terminal."""
    words, columns = printable(" ".join(text.split())), terminal_width()
    return [words] if columns is None else wrapped(words, max(columns - indent, 30))


def _status(status: str | None, fields: Fields) -> str:
    from metrics_dictionary.dictionary.milestones import in_milestone

    since = f", introduced {in_milestone(str(fields['milestone']))}" if fields.get("milestone") else ""
    until = f", removed {in_milestone(str(fields['milestone_removed']))}" if fields.get("milestone_removed") else ""
    return f"{status or 'unknown'}{since}{until}"


def _owner(dictionary: Dictionary, identifier: str | None) -> str:
    group = (dictionary.product_groups or {}).get(identifier or "")
    return f"{group.name} ({identifier})" if group and group.name != identifier else identifier or ""


def _joined(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


def _unknown(dictionary: Dictionary, name: str) -> str:
    from metrics_dictionary.tools.near_misses import did_you_mean, near_misses

    close = near_misses(name, [*dictionary.expanded, *dictionary.events_by_action])
    hint = did_you_mean(close) or "`metrics-dictionary export` lists all metrics, with `--events` all events"
    return f"no metric or event is called `{printable(name)}`; {hint}"
