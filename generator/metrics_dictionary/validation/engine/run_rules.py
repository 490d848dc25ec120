"""Rules applied: from what each finds to a diagnostic with its place and its help."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.diagnostic import Diagnostic, Fix, Related, Severity, TextEdit
from metrics_dictionary.reading.positions import json_path
from metrics_dictionary.reading.scalar_text import in_place_of
from metrics_dictionary.reading.scalars import UnsupportedScalarError, plain_scalar
from metrics_dictionary.tools.near_misses import Suggestion, spelling
from metrics_dictionary.validation.rules.registry import DEFINITION_RULES, rules_of
from metrics_dictionary.validation.rules.rule import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from metrics_dictionary.reading.document import Document
    from metrics_dictionary.reading.positions import Position
    from metrics_dictionary.validation.rules.rule import Finding, Place, Rule

INTERNAL_ERROR = "internal-error"
"""Stands for the id of a rule that failed: a bug of this tool, which must neither stop a run nor stay quiet."""

_PROPERTIES = ("!", "&", "*")
"""What the text of a scalar begins with where it has a tag or an anchor, or is an alias."""

_TEXT_RULES = rules_of(Scope.TEXT)


def check_document(document: Document) -> Iterator[Diagnostic]:
    """Find all that can be said of one document without looking at any other: its schema, and its rules."""
    return run_rules(DEFINITION_RULES.values(), document, document.file)


def run_rules(rules: Iterable[Rule], subject: object, file: str) -> Iterator[Diagnostic]:
    """Apply rules to a subject; ``file`` is what is named should one of them fail."""
    for rule in rules:
        try:
            for finding in rule.findings(subject):
                yield _diagnostic(rule, finding)
        except Exception as error:  # noqa: BLE001 - whatever a rule raises, the other rules have something to say
            yield _internal_error(rule.id, error, file)


def with_help(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield diagnostics, those that reading made with the help of their rules where they have none of their own."""
    for diagnostic in diagnostics:
        rule = _TEXT_RULES.get(diagnostic.rule)
        yield diagnostic if rule is None or diagnostic.help else replace(diagnostic, help=rule.help)


def _diagnostic(rule: Rule, finding: Finding) -> Diagnostic:
    positions = finding.document.positions
    line, column = positions.key(finding.path) if finding.at_key else positions.value(finding.path)
    suggestion = finding.suggestion
    return Diagnostic(
        rule=rule.id,
        severity=rule.severity,
        message=finding.message,
        file=finding.document.file,
        line=line,
        column=column,
        path=json_path(finding.path),
        help=rule.help if finding.help is None else finding.help,
        suggestion=suggestion.text if isinstance(suggestion, Suggestion) else suggestion,
        fix=_fix(finding.document, (line, column), suggestion, rule.severity),
        related=tuple(_related(place) for place in finding.related),
        missing=tuple(json_path(path) for path in finding.missing),
    )


def _fix(document: Document, place: Position, suggestion: Suggestion | str | None, severity: Severity) -> Fix | None:
    """Return what writes a suggestion in place of the scalar of one line that stands there, None where there is none.

    A file without an error means something already. That is why no fix of a warning is safe.
    """
    scalar = None if suggestion is None else document.positions.scalar_at(place)
    if suggestion is None or scalar is None or scalar.end_position[0] != place[0]:
        return None
    written = document.text[scalar.start : scalar.end]
    if written.startswith(_PROPERTIES):
        return None
    text = suggestion.text if isinstance(suggestion, Suggestion) else suggestion
    if text == f'"{written}"':
        new, safe = text, True
    elif scalar.style is None and _is_another_spelling(text, written):
        new, safe = text, False  # the author may have meant a string
    else:
        new = in_place_of(text, scalar.style, in_brackets=True)
        safe = isinstance(suggestion, Suggestion) and suggestion.safe and spelling(text) == spelling(scalar.value)
    return Fix((TextEdit(*place, *scalar.end_position, new),), safe and severity is Severity.ERROR)


def _is_another_spelling(text: str, written: str) -> bool:
    """Return whether YAML reads both as the same number, or the same of true and false."""
    try:
        value = plain_scalar(written)
        return not isinstance(value, str) and plain_scalar(text) == value
    except UnsupportedScalarError:
        return False


def _related(place: Place) -> Related:
    line, column = place.document.positions.value(place.path)
    return Related(place.document.file, line, column, place.message)


def _internal_error(name: str, error: Exception, file: str) -> Diagnostic:
    message = f"the rule {name} failed: {type(error).__name__}: {error}"
    help_text = "This is a fault of the metrics dictionary, not of the definitions. Please report it with the file."
    return Diagnostic(INTERNAL_ERROR, Severity.ERROR, message, file, 1, 1, help=help_text)
