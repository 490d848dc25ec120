"""Findings as a JUnit report in the form that Jenkins publishes a schema for: each finding is a test that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.reports.xml_text import DECLARATION, element, xml_text

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.reports.report import Report

SUITE = "metrics-dictionary validate"


def render(report: Report) -> str:
    """Return one document with one suite.

    A finding whose severity does not fail the run is a test that passed and said something. Where there is no finding
    one test says so: services take a report without a test for a broken one.
    """
    cases = [_case(diagnostic, report) for diagnostic in report.diagnostics]
    cases = cases or [element("testcase", {"classname": "definitions", "name": "nothing to report"})]
    totals = {
        "tests": len(cases),
        "failures": sum(diagnostic.severity in report.failing for diagnostic in report.diagnostics),
        "errors": 0,
    }
    suite = element("testsuite", {"name": SUITE, **totals}, "\n" + "\n".join(cases) + "\n")
    return DECLARATION + element("testsuites", {"name": SUITE, **totals}, f"\n{suite}\n") + "\n"


def _case(diagnostic: Diagnostic, report: Report) -> str:
    """Name the test by what does not move with the lines, so that two runs can be compared."""
    link = report.rule_link(diagnostic.rule)
    words = xml_text(
        f"{diagnostic.location}: {diagnostic.severity.value}: {diagnostic.message}",
        *diagnostic.advice,
        *([link] if link else []),
    )
    if diagnostic.severity in report.failing:
        outcome = element("failure", {"type": diagnostic.rule, "message": diagnostic.message}, words)
    else:
        outcome = element("system-out", {}, words)
    return element("testcase", {"classname": diagnostic.file, "name": f"{diagnostic.rule} {diagnostic.path}"}, outcome)
