"""What writes findings in each format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.reports.checkstyle import render_checkstyle
from metrics_dictionary.reports.code_quality import render_code_quality
from metrics_dictionary.reports.github_annotations import render_github
from metrics_dictionary.reports.json_report import render_json
from metrics_dictionary.reports.junit import render_junit
from metrics_dictionary.reports.sarif import render_sarif
from metrics_dictionary.reports.text_report import render_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.reports.report import Report


def render(report: Report, style: str, width: int | None = None) -> str:
    """Return a report in one of ``FORMATS``; ``width`` is that of the terminal, for the format that people read."""
    if style == "text":
        return render_text(report.diagnostics, report.summary, width, report.unsaved)
    return MACHINE_FORMATS[style](report)


MACHINE_FORMATS: dict[str, Callable[[Report], str]] = {
    "json": lambda report: render_json(report.diagnostics, report.summary),
    "sarif": render_sarif,
    "junit": render_junit,
    "gitlab-codequality": render_code_quality,
    "github": render_github,
    "checkstyle": render_checkstyle,
}
"""Every format but the one for people, which depends on where it is shown."""
