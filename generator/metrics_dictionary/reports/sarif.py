"""Findings as SARIF 2.1.0, which code scanning services take in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import metrics_dictionary
from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.reports.fingerprints import fingerprints, repository_path
from metrics_dictionary.tools.text import printable
from metrics_dictionary.validation.rules.registry import RULES
from metrics_dictionary.validation.rules.rule import Rule, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics_dictionary.dictionary.diagnostic import Diagnostic, Fix, Related
    from metrics_dictionary.reports.report import Report

    Object = dict[str, object]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}

_SOURCE_ROOT = "%SRCROOT%"


def render(report: Report) -> str:
    """Return one SARIF log with one run, ending in a newline."""
    rules = _rules(report)
    positions = {rule: position for position, rule in enumerate(rules)}
    marks = fingerprints(report.diagnostics)
    driver: Object = {
        "name": "metrics-dictionary",
        "version": metrics_dictionary.__version__,
        **({"informationUri": report.site} if report.site else {}),
        "rules": [_rule(name, entry, report.rule_link(name)) for name, entry in rules.items()],
    }
    run: Object = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_SOURCE_ROOT: {"description": {"text": "The top folder of the repository."}}},
        "results": [
            _result(diagnostic, positions[diagnostic.rule], mark)
            for diagnostic, mark in zip(report.diagnostics, marks, strict=True)
        ],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rules(report: Report) -> Mapping[str, Rule]:
    """Return the registry, and behind it what was found by a rule that is not in it: a fault of ours."""
    found = {
        diagnostic.rule: Rule(
            diagnostic.rule, Scope.RUN, diagnostic.severity, "a state that keeps this tool from its work", ""
        )
        for diagnostic in report.diagnostics
        if diagnostic.rule not in RULES
    }
    return {**RULES, **found}


def _rule(name: str, entry: Rule, link: str) -> Object:
    rule: Object = {
        "id": name,
        "shortDescription": {"text": f"Finds {entry.summary}."},
        "defaultConfiguration": {"level": LEVELS[entry.severity]},
    }
    if entry.help:
        rule["help"] = {"text": entry.help, "markdown": entry.help}
    if link:
        rule["helpUri"] = link
    return rule


def _result(diagnostic: Diagnostic, position: int, fingerprint: str) -> Object:
    result: Object = {
        "ruleId": diagnostic.rule,
        "ruleIndex": position,
        "level": LEVELS[diagnostic.severity],
        "message": {"text": _words(diagnostic)},
        "locations": [_location(diagnostic)],
        "partialFingerprints": {"finding/v1": fingerprint},
        "properties": {"path": printable(diagnostic.path)},
    }
    if diagnostic.related:
        result["relatedLocations"] = [
            {"id": number, **_location(related), "message": {"text": printable(related.message)}}
            for number, related in enumerate(diagnostic.related, start=1)
        ]
    if diagnostic.fix is not None:
        result["fixes"] = [_fix(diagnostic.fix, diagnostic)]
    return result


def _fix(fix: Fix, diagnostic: Diagnostic) -> Object:
    """Return a fix. SARIF has no word for one that is not safe, so its description says so."""
    replacements = [
        {
            "deletedRegion": {
                "startLine": edit.line,
                "startColumn": edit.column,
                "endLine": edit.end_line,
                "endColumn": edit.end_column,
            },
            "insertedContent": {"text": edit.text},
        }
        for edit in fix.edits
    ]
    what = "Safe: this is the only possible value." if fix.safe else "A suggestion: check that this is what you mean."
    return {
        "description": {"text": what},
        "artifactChanges": [{"artifactLocation": _artifact(diagnostic.file), "replacements": replacements}],
    }


def _words(diagnostic: Diagnostic) -> str:
    suggestion = "" if diagnostic.suggestion is None else f"; suggestion: {diagnostic.suggestion}"
    return printable(diagnostic.message + suggestion)


def _artifact(file: str) -> Object:
    path = repository_path(file)
    within: Object = {} if path.startswith(("/", "../")) else {"uriBaseId": _SOURCE_ROOT}
    return {"uri": quote(path, errors="backslashreplace"), **within}


def _location(place: Diagnostic | Related) -> Object:
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(place.file),
            "region": {"startLine": place.line, "startColumn": place.column},
        }
    }
