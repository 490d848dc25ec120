"""Findings as workflow commands, which GitHub turns into annotations on the changed lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.reports.fingerprints import repository_path
from metrics_dictionary.tools.text import printable

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.reports.report import Report

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report) -> str:
    """Return one command a finding, and the verdict as a plain line for the job's log."""
    return "".join(f"{_command(one)}\n" for one in report.diagnostics) + report.summary.in_words() + "\n"


def _command(diagnostic: Diagnostic) -> str:
    place = {
        "file": repository_path(diagnostic.file),
        "line": str(diagnostic.line),
        "col": str(diagnostic.column),
        "title": diagnostic.rule,
    }
    properties = ",".join(f"{name}={_property(value)}" for name, value in place.items())
    # A line break of ours is the only one that a message can hold.
    message = "%0A".join(printable(line).replace("%", "%25") for line in (diagnostic.message, *diagnostic.advice))
    return f"::{COMMANDS[diagnostic.severity]} {properties}::{message}"


def _property(value: str) -> str:
    return printable(value).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
