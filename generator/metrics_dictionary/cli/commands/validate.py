"""``metrics-dictionary validate``: the check that an author and a CI job run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.options import DEFINITIONS, product_groups_option
from metrics_dictionary.cli.progress import progress
from metrics_dictionary.cli.report_options import publish_report, report_options
from metrics_dictionary.dictionary.diagnostic import Severity

if TYPE_CHECKING:
    from metrics_dictionary.validation.validate import Outcome

FAILING = {"error": frozenset({Severity.ERROR}), "warning": frozenset({Severity.ERROR, Severity.WARNING})}

_STANDARD_INPUT = (Path("-"),)


@click.command("validate")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[ROOT|FILE]...", envvar=DEFINITIONS)
@report_options
@click.option(
    "--fail-on",
    type=click.Choice(list(FAILING)),
    default="error",
    show_default=True,
    help="The least severity of a finding that gives exit status 1.",
)
@click.option(
    "--changed-only",
    "revision",
    is_flag=False,
    flag_value="",
    metavar="[REV]",
    help="Tell only what stands on lines that changed since this branch left REV, uncommitted changes included. "
    "Without REV: since it left origin/HEAD, main or master.",
)
@click.option(
    "--against",
    metavar="REV|ROOT|FILE|URL",
    help="Also find what breaks a promise since then: a git revision (from where this branch left it), another "
    "definitions root, or a combined YAML file.",
)
@click.option(
    "--stdin-filename",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With `-` for the argument: judge what comes on standard input as if FILE held it.",
)
@click.option(
    "--fix",
    is_flag=True,
    help="First mend what leaves no choice: versions without quotes, names with one near miss, blanks at the ends of "
    "lines, a missing `---`.",
)
@product_groups_option
def command(
    *,
    paths: tuple[Path, ...],
    style: str,
    outputs: dict[Path, str],
    site: str,
    fail_on: str,
    revision: str | None,
    against: str | None,
    stdin_filename: Path | None,
    fix: bool,
    product_groups: Path | None,
) -> None:
    """Check definitions: whole roots, folders inside one, or single files.

    Given files are judged with their whole root in sight, so a key path that another file already uses is found.
    Without an argument the folder `definitions` is checked.

    \b
    Examples:
      metrics-dictionary validate definitions
      metrics-dictionary validate definitions/events/mr_name_changed.yml --format json
      metrics-dictionary validate definitions --against origin/main
      metrics-dictionary validate definitions --changed-only --output sarif=findings.sarif
    """
    from metrics_dictionary.cli.changed_only import taken_for_revision
    from metrics_dictionary.reports.report import Report

    revision, paths = taken_for_revision(revision, paths)
    unsaved: dict[str, str] = {}
    if stdin_filename is not None or paths == _STANDARD_INPUT:
        if fix:
            raise click.UsageError("--fix mends files, not standard input")
        if against is not None:
            raise click.UsageError("--against compares files, not standard input")
        outcome = _of_standard_input(paths, stdin_filename, revision, product_groups, unsaved)
    else:
        outcome = _of_files(paths, revision, against, product_groups, fix=fix)
    report = Report(outcome.diagnostics, outcome.files_checked, FAILING[fail_on], site, unsaved)
    publish_report(report, style, outputs)
    if report.failed:
        raise click.exceptions.Exit(1)


def _of_files(
    paths: tuple[Path, ...], revision: str | None, against: str | None, product_groups: Path | None, *, fix: bool
) -> Outcome:
    from metrics_dictionary.cli.changed_only import only_changed
    from metrics_dictionary.cli.editions import promises_since
    from metrics_dictionary.validation.validate import validate_paths

    paths = paths or (Path("definitions"),)
    if fix:
        from metrics_dictionary.cli.fixes import apply_fixes

        apply_fixes(paths, product_groups)
    with progress("Checking definitions:") as draw:
        outcome = validate_paths(paths, product_groups=product_groups, progress=draw, further=promises_since(against))
    return outcome if revision is None else only_changed(outcome, paths, revision)


def _of_standard_input(
    paths: tuple[Path, ...],
    file: Path | None,
    revision: str | None,
    product_groups: Path | None,
    unsaved: dict[str, str],
) -> Outcome:
    """Judge what an editor sends; ``unsaved`` is told what that is, for excerpts."""
    from metrics_dictionary.reading.parse import LARGEST_COLLECTION
    from metrics_dictionary.reading.root import shown
    from metrics_dictionary.validation.validate import validate_unsaved

    if file is None or paths != _STANDARD_INPUT:
        raise click.UsageError("standard input is judged by `validate --stdin-filename FILE -`")
    if revision is not None:
        raise click.UsageError("--changed-only compares files, not standard input")
    content = sys.stdin.buffer.read(LARGEST_COLLECTION + 1)
    unsaved[shown(file)] = content.decode("utf-8-sig", "replace")
    return validate_unsaved(file, content, product_groups=product_groups)
