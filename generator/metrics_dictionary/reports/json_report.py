"""Diagnostics as one JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.reports.report import Report


def render(report: Report) -> str:
    """Return ``{"findings": [...], "summary": {"files", "errors", "warnings", "infos"}}``, ending in a newline."""
    summary = report.summary
    document = {
        "findings": [_finding(diagnostic) for diagnostic in report.diagnostics],
        "summary": {
            "files": summary.files,
            "errors": summary.errors,
            "warnings": summary.warnings,
            "infos": summary.infos,
        },
    }
    # ASCII only: a definition may hold lone surrogates, which no UTF-8 stream can carry.
    return json.dumps(document, indent=2) + "\n"


def _finding(diagnostic: Diagnostic) -> dict[str, object]:
    return {
        "rule": diagnostic.rule,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "file": diagnostic.file,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "path": diagnostic.path,
        "help": diagnostic.help,
        "suggestion": diagnostic.suggestion,
    }
