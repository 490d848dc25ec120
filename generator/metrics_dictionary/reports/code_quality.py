"""Findings as GitLab's Code Quality report, a subset of Code Climate's issues."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.reports.fingerprints import fingerprints, repository_path
from metrics_dictionary.tools.text import printable

if TYPE_CHECKING:
    from metrics_dictionary.reports.report import Report

SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(report: Report) -> str:
    """Return one JSON array, ending in a newline; an empty one when nothing was found."""
    issues = [
        {
            "description": printable(diagnostic.message),
            "check_name": diagnostic.rule,
            "fingerprint": fingerprint,
            "severity": SEVERITIES[diagnostic.severity],
            "location": {"path": printable(repository_path(diagnostic.file)), "lines": {"begin": diagnostic.line}},
        }
        for diagnostic, fingerprint in zip(report.diagnostics, fingerprints(report.diagnostics), strict=True)
    ]
    return json.dumps(issues, indent=2) + "\n"
