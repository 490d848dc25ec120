"""Findings as Checkstyle's XML, which many review tools read."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from metrics_dictionary.reports.xml_text import DECLARATION, element

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.reports.report import Report

VERSION = "10.0"
"""The version of Checkstyle whose form this is."""


def render(report: Report) -> str:
    """Return one document with an element for each file that has findings."""
    files = groupby(sorted(report.diagnostics, key=lambda one: one.file), key=lambda one: one.file)
    content = "".join(
        "\n" + element("file", {"name": file}, "".join(f"\n{_error(one)}" for one in found) + "\n")
        for file, found in files
    )
    return DECLARATION + element("checkstyle", {"version": VERSION}, content + "\n") + "\n"


def _error(diagnostic: Diagnostic) -> str:
    attributes = {
        "line": diagnostic.line,
        "column": diagnostic.column,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "source": f"metrics-dictionary.{diagnostic.rule}",
    }
    return element("error", attributes)
