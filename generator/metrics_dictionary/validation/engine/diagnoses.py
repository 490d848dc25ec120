"""From what a rule finds to a diagnostic with its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.diagnostic import Diagnostic, Related, Severity
from metrics_dictionary.reading.positions import json_path
from metrics_dictionary.validation.rules.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from metrics_dictionary.validation.rules.rule import Finding, Place, Rule

INTERNAL_ERROR = "internal-error"
"""The rule id of a rule that failed: a fault of ours, which must neither stop a run nor stay quiet."""


def diagnose(rules: Iterable[Rule], subject: object, file: str) -> Iterator[Diagnostic]:
    """Apply rules to a subject; ``file`` is what is named should one of them fail."""
    for rule in rules:
        try:
            for finding in rule.findings(subject):
                yield _diagnostic(rule, finding)
        except Exception as error:  # noqa: BLE001 - whatever a rule raises, the other rules have something to say
            yield _internal_error(rule.id, error, file)


def with_help(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield what reading found, each with the help of its rule unless it has its own."""
    for diagnostic in diagnostics:
        yield diagnostic if diagnostic.help else replace(diagnostic, help=RULES[diagnostic.rule].help)


def _diagnostic(rule: Rule, finding: Finding) -> Diagnostic:
    positions = finding.document.positions
    line, column = positions.key(finding.path) if finding.at_key else positions.value(finding.path)
    return Diagnostic(
        rule=rule.id,
        severity=rule.severity,
        message=finding.message,
        file=finding.document.file,
        line=line,
        column=column,
        path=json_path(finding.path),
        help=rule.help if finding.help is None else finding.help,
        suggestion=finding.suggestion,
        related=tuple(_related(place) for place in finding.related),
    )


def _related(place: Place) -> Related:
    line, column = place.document.positions.value(place.path)
    return Related(place.document.file, line, column, place.message)


def _internal_error(name: str, error: Exception, file: str) -> Diagnostic:
    message = f"the rule {name} failed: {type(error).__name__}: {error}"
    help_text = "This is a fault of the metrics dictionary, not of the definitions. Please report it with the file."
    return Diagnostic(INTERNAL_ERROR, Severity.ERROR, message, file, 1, 1, help=help_text)
