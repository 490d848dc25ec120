"""``metrics-dictionary new``: a new definition, from a dialogue or from options."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import click

from metrics_dictionary.authoring.new import dialogue_wording as wording
from metrics_dictionary.cli.console import report_error
from metrics_dictionary.cli.options import Command, definitions_option
from metrics_dictionary.settings import DEFAULT_SERVER
from metrics_dictionary.tools.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from metrics_dictionary.authoring.new.interview import Interview
    from metrics_dictionary.authoring.new.writing import Written
    from metrics_dictionary.dictionary.event import EventDefinition

SCHEMAS = f"{DEFAULT_SERVER}/schemas"
"""The published schemas as `serve` offers them; a team names those of its own site."""


@click.group("new")
def command() -> None:
    """Write a new metric or event.

    On a terminal, a dialogue asks for what the options leave out; elsewhere, the options must say everything. The
    file is checked together with its whole root before it is written, and is not written if it would have errors.

    \b
    Examples:
      metrics-dictionary new metric
      metrics-dictionary new event --definitions config
    """


def _shared_options(function: Command) -> Command:
    options = (
        click.option("--description", metavar="TEXT", help="For a reader who has never seen the code."),
        click.option("--product-group", metavar="NAME", help="The owner: a group from product_groups.yml."),
        click.option("--milestone", metavar="X.Y", help="The version in which it appears."),
        click.option("--url", metavar="URL", help="The merge request that introduces it."),
        click.option(
            "--tier",
            type=click.Choice(["free", "premium", "ultimate"]),
            multiple=True,
            help="A subscription tier; repeat the option for several. When left out: those of the event, or all three.",
        ),
        click.option(
            "--schemas",
            metavar="URL",
            default=SCHEMAS,
            envvar="METRICS_DICTIONARY_SCHEMAS",
            show_default=True,
            show_envvar=True,
            help="Where the site publishes its schemas, for the first line of the file, which editors read.",
        ),
        click.option("--yes", is_flag=True, help="Do not ask before writing."),
        click.option("--dry-run", is_flag=True, help="Print the file and write nothing."),
    )
    for option in reversed(options):
        function = option(function)
    return definitions_option(function)


@command.command("metric")
@click.option("--event", multiple=True, metavar="NAME", help="An event that is counted; repeat the option for several.")
@click.option(
    "--count",
    metavar="WHAT",
    help="total, sum(value), or what is distinct: user.id, project.id, namespace.id, label, property, value.",
)
@click.option("--filter", multiple=True, metavar="NAME=VALUE", help="Count only occurrences with this property.")
@click.option(
    "--time-frame",
    type=click.Choice(["7d", "28d", "all"]),
    multiple=True,
    help="A time frame; repeat the option for several. When left out: all that are possible.",
)
@click.option("--key-path", metavar="KEY_PATH", help="Its place in the payload. When left out: made from the event.")
@click.option(
    "--data-category",
    type=click.Choice(list(wording.CATEGORIES)),
    help="How the value may be used. When left out: optional.",
)
@_shared_options
def metric(*, roots: tuple[Path, ...], schemas: str, yes: bool, dry_run: bool, **given: object) -> None:
    """Write a metric that counts events.

    \b
    Example:
      metrics-dictionary new metric --event mr_name_changed --count user.id --filter lang=deu \\
        --description "People who renamed a merge request in German." --milestone 18.7 \\
        --url https://gitlab.com/gitlab-org/gitlab/-/merge_requests/200002
    """
    from metrics_dictionary.authoring.new.metric_dialogue import metric_dialogue
    from metrics_dictionary.authoring.new.writing import existing, prepared
    from metrics_dictionary.reading.document import Kind

    dictionary = existing(roots)
    interview = _interview(given, wording.METRIC_INTRODUCTION)
    draft = metric_dialogue(interview, dictionary)
    written = prepared(draft, Kind.METRIC, roots, f"{schemas.rstrip('/')}/metric.json")
    saved = _finished(written, roots, interview, draft.key_paths, yes=yes, dry_run=dry_run)
    if saved:
        event = dictionary.named_events[draft.events[0]]
        _show_ways_to_trigger(event, draft.filters, " ".join(draft.key_paths), roots)


@command.command("event")
@click.option("--action", metavar="NAME", help="Its name: lowercase letters, digits and _.")
@click.option(
    "--identifier",
    type=click.Choice(["user", "project", "namespace"]),
    multiple=True,
    help="An identifier that is recorded with it; repeat the option for several. When left out: all three.",
)
@click.option(
    "--property",
    multiple=True,
    metavar="NAME=DESCRIPTION",
    help="What else is recorded: label, property, value, then names of your own.",
)
@_shared_options
def event(*, roots: tuple[Path, ...], schemas: str, yes: bool, dry_run: bool, **given: object) -> None:
    """Write an event.

    \b
    Example:
      metrics-dictionary new event --action close_board --identifier user --identifier project \\
        --property "label=Why it was closed: done or abandoned." --product-group project_management \\
        --description "Someone closes an issue board." --milestone 18.7 \\
        --url https://gitlab.com/gitlab-org/gitlab/-/merge_requests/200003
    """
    from metrics_dictionary.authoring.new.event_dialogue import event_dialogue
    from metrics_dictionary.authoring.new.writing import existing, prepared
    from metrics_dictionary.reading.document import Kind

    interview = _interview(given, wording.EVENT_INTRODUCTION)
    draft = event_dialogue(interview, existing(roots))
    written = prepared(draft, Kind.EVENT, roots, f"{schemas.rstrip('/')}/event.json")
    if _finished(written, roots, interview, (), yes=yes, dry_run=dry_run):
        _show_ways_to_trigger(draft.definition, {}, f"--event {draft.action}", roots)


def _interview(given: dict[str, object], introduction: str) -> Interview:
    from metrics_dictionary.authoring.new.interview import Interview

    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if on_terminal:
        click.echo(introduction)
    return Interview(given, on_terminal=on_terminal, echo=click.echo)


def _finished(
    written: Written,
    roots: tuple[Path, ...],
    interview: Interview,
    key_paths: tuple[str, ...],
    *,
    yes: bool,
    dry_run: bool,
) -> bool:
    """Show the file and write it; return whether it was written. Ends the command where it has errors."""
    file = printable(str(written.path))
    if written.errors:
        click.echo(wording.HAS_ERRORS, err=True)
        for error in written.errors:
            report_error(error)
        raise click.exceptions.Exit(1)
    if dry_run:
        click.echo(written.text, nl=False)
        return False
    if interview.on_terminal:
        click.echo(wording.PREVIEW.format(file=file))
        click.echo(_visible(written.text))
    if key_paths:
        click.echo(wording.KEY_PATHS.format(key_paths=", ".join(key_paths)))
    if not yes and not interview.yes(wording.SAVE):
        click.echo(wording.NOT_SAVED)
        return False
    written.save(roots[0])
    click.echo(wording.SAVED.format(file=file))
    return True


def _visible(text: str) -> str:
    """Return a text of several lines with everything made visible that would move the cursor."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _show_ways_to_trigger(
    event: EventDefinition, filters: Mapping[str, object], watch: str, roots: tuple[Path, ...]
) -> None:
    from metrics_dictionary.authoring.new.drafts import ways_to_trigger

    definitions = "".join(f" --definitions {shlex.quote(str(root))}" for root in roots)
    click.echo("\n" + ways_to_trigger(event, filters, f"metrics-dictionary monitor {watch}{definitions}"), nl=False)
