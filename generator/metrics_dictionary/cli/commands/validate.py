"""``metrics-dictionary validate``: the check that an author and a CI job run."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from metrics_dictionary.cli.console import note, progress
from metrics_dictionary.cli.options import (
    FAILING,
    definitions_roots,
    fail_on_option,
    product_groups_option,
    settings_file_option,
)
from metrics_dictionary.cli.report_options import publish_report, report_options, write_reports
from metrics_dictionary.tools.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.authoring.edit.fixing import Fixing
    from metrics_dictionary.changes.compare.edition import Edition
    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.reading.read import Reading
    from metrics_dictionary.validation.validate import Outcome

_STANDARD_INPUT = (Path("-"),)


@dataclass(frozen=True)
class _Options:
    """What the options say, by the names that click gives them."""

    style: str
    outputs: dict[Path, str]
    site: str
    fail_on: str
    revision: str | None
    against: str | None
    stdin_filename: Path | None
    fix: bool
    unsafe_fixes: bool
    diff: bool
    product_groups: Path | None
    separate: bool


@click.command("validate")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[ROOT|FILE]...")
@report_options
@fail_on_option
@click.option(
    "--changed-only",
    "revision",
    is_flag=False,
    flag_value="",
    metavar="[REV]",
    help="Report only findings on lines that changed since this branch left REV, uncommitted changes included. "
    "Without REV: since it left origin/HEAD, main or master.",
)
@click.option(
    "--against",
    metavar="REV|ROOT|FILE|URL",
    help="Also report what breaks a promise of an older edition: a git revision (where this branch left it), another "
    "definitions root, or a combined YAML file.",
)
@click.option(
    "--stdin-filename",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With `-` as the argument: check standard input as if it were in FILE.",
)
@click.option(
    "--fix",
    is_flag=True,
    help="First write the safe fixes into the files: quotes around what YAML misreads, names that differ from the only "
    "possible one in nothing but case, `-`, `_` and blanks, blanks at the ends of lines, a missing `---`.",
)
@click.option(
    "--unsafe-fixes",
    is_flag=True,
    help="Like --fix, and write every other suggestion as well. A suggestion is a guess: read the changes.",
)
@click.option(
    "--diff",
    is_flag=True,
    help="Write nothing and print the changes of --fix (with --unsafe-fixes those of both) as a unified diff, in place "
    "of the findings. The exit status is 1 when there is a change or a finding that fails the check.",
)
@click.option("--separate", is_flag=True, help="Judge each root by itself, not all that are named as one dictionary.")
@product_groups_option
@settings_file_option
def command(paths: tuple[Path, ...], settings_file: Path | None, **given: Any) -> None:
    """Check definitions: whole roots, folders inside one, or single files.

    Files are checked together with their whole root, so a key path that another file already uses is found. Several
    roots are checked as one dictionary. Without an argument the definitions roots of the settings are checked:
    `definitions`, unless they name others.

    \b
    Examples:
      metrics-dictionary validate definitions
      metrics-dictionary validate definitions/events/mr_name_changed.yml --format json
      metrics-dictionary validate definitions --against origin/main
      metrics-dictionary validate definitions --changed-only --output sarif=findings.sarif
      metrics-dictionary validate definitions --unsafe-fixes --diff
      metrics-dictionary validate config ee/config
    """
    from metrics_dictionary.cli.changed_only import revision_and_paths
    from metrics_dictionary.reports.report import Report

    options = _Options(**given)
    revision, paths = revision_and_paths(options.revision, paths)
    options = replace(options, revision=revision)
    roots = definitions_roots(settings_file)
    unsaved: dict[str, str] = {}
    if options.stdin_filename is not None or paths == _STANDARD_INPUT:
        outcome = _of_standard_input(paths, options, unsaved, roots)
    else:
        outcome = _of_files(paths or roots, options, roots)
    report = Report(outcome.diagnostics, outcome.files_checked, FAILING[options.fail_on], options.site, unsaved)
    if options.diff:
        write_reports(report, options.outputs)
        changed = _print_diff(paths or roots, options)
        click.echo(f"{report.summary.in_words()} {counted(changed, 'file')} would change.", err=True)
    else:
        changed = 0
        publish_report(report, options.style, options.outputs)
    if report.failed or changed:
        raise click.exceptions.Exit(1)


def _of_files(paths: tuple[Path, ...], options: _Options, roots: tuple[Path, ...]) -> Outcome:
    from metrics_dictionary.cli.changed_only import only_changed
    from metrics_dictionary.validation.validate import validate_paths

    if (options.fix or options.unsafe_fixes) and not options.diff:
        _apply_fixes(paths, options)
    with progress("Checking definitions:") as draw:
        outcome = validate_paths(
            paths,
            product_groups=options.product_groups,
            progress=draw,
            lifecycle=_lifecycle_check(options.against),
            beside=roots,
            separate=options.separate,
        )
    return outcome if options.revision is None else only_changed(outcome, paths, options.revision)


def _apply_fixes(paths: tuple[Path, ...], options: _Options) -> None:
    from metrics_dictionary.authoring.edit.saving import save_all

    fixing = _fixing_of(paths, options)
    save_all({path: after for path, (_, after) in fixing.texts.items()})
    for change in fixing.changes:
        click.echo(f"fixed: {printable(f'{change.file}:{change.line}: {change.what}')}", err=True)


def _print_diff(paths: tuple[Path, ...], options: _Options) -> int:
    """Print what the fixes would change, and return in how many files."""
    from metrics_dictionary.authoring.edit.fixing import unified_diff
    from metrics_dictionary.reports.fingerprints import repository_path

    fixing = _fixing_of(paths, options)
    for before, after in fixing.texts.values():
        name = repository_path(before.source.file)
        # Bytes, so that the line ends of the files stay, and the diff can be applied.
        click.echo(unified_diff(before.raw.decode(), after, name).encode(), nl=False)
    return len(fixing.texts)


def _fixing_of(paths: tuple[Path, ...], options: _Options) -> Fixing:
    """Return the fixes that the options ask for, and name the files that cannot have theirs."""
    from metrics_dictionary.authoring.edit.fixing import fixing_of

    fixing = fixing_of(paths, product_groups=options.product_groups, unsafe=options.unsafe_fixes)
    for file, reason in fixing.left_alone:
        click.echo(f"left alone: {printable(f'{file}: {reason}')}", err=True)
    return fixing


def _lifecycle_check(against: str | None) -> Callable[[Reading], list[Diagnostic]] | None:
    """Return what finds the promises that were broken since an edition, None without one."""
    if against is None:
        return None
    from metrics_dictionary.changes.compare.check import lifecycle_check

    return lifecycle_check(against, lambda edition: note(f"compared with {_described(edition)}"))


def _described(edition: Edition) -> str:
    """Return what an edition is: ``HEAD~1 (1a2b3c4d5): 5,000 metrics and 312 events``."""
    dictionary = edition.dictionary
    metrics = f"{len(dictionary.metrics):,} metrics"
    events = "" if dictionary.event_definitions is None else f" and {len(dictionary.event_definitions):,} events"
    return f"{edition.name}: {metrics}{events}"


def _of_standard_input(
    paths: tuple[Path, ...], options: _Options, unsaved: dict[str, str], roots: tuple[Path, ...]
) -> Outcome:
    """Check what an editor sends; its text is put into ``unsaved``, by file, for excerpts in the report."""
    from metrics_dictionary.reading.parse import MAX_COLLECTION_BYTES
    from metrics_dictionary.reading.root import shown
    from metrics_dictionary.validation.validate import validate_unsaved

    file = options.stdin_filename
    if options.fix or options.unsafe_fixes or options.diff:
        raise click.UsageError("--fix, --unsafe-fixes and --diff are for files, not for standard input")
    if options.against is not None:
        raise click.UsageError("--against compares files, not standard input")
    if file is None or paths != _STANDARD_INPUT:
        raise click.UsageError("to check standard input, use `validate --stdin-filename FILE -`")
    if options.revision is not None:
        raise click.UsageError("--changed-only compares files, not standard input")
    content = sys.stdin.buffer.read(MAX_COLLECTION_BYTES + 1)
    unsaved[shown(file)] = content.decode("utf-8-sig", "replace")
    beside = () if options.separate else roots
    return validate_unsaved(file, content, product_groups=options.product_groups, beside=beside)
