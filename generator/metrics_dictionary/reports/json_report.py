"""Diagnostics as one JSON document."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.diagnostic import Fix

if TYPE_CHECKING:
    from metrics_dictionary.reports.report import Report

FIELDS = ("rule", "severity", "message", "file", "line", "column", "path", "help", "suggestion", "fix")
"""What the document tells of a diagnostic, under the names of its attributes."""


def render(report: Report) -> str:
    """Return ``{"findings": [...], "summary": {"files", "errors", "warnings", "infos"}}``, ending in a newline."""
    findings = [{name: _as_json(getattr(diagnostic, name)) for name in FIELDS} for diagnostic in report.diagnostics]
    # ASCII only: a definition may hold lone surrogates, which no UTF-8 stream can carry.
    return json.dumps({"findings": findings, "summary": asdict(report.summary)}, indent=2) + "\n"


def _as_json(value: object) -> object:
    return asdict(value) if isinstance(value, Fix) else value
