"""One folder a case: a definitions root (``input/``), what it gives (``expected.json``), and why (``README.md``).

A case with ``second/`` is about two roots that form one dictionary. A case's name starts with the rule that it is
about. The line that says which references nobody checked is part of the cases about it only: most inputs hold just the
files that their rule looks at.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.validation.rules.registry import RULES, rules_of
from metrics_dictionary.validation.rules.rule import Scope
from metrics_dictionary.validation.validate import validate_paths

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.diagnostic import Diagnostic

CASES = sorted(path.parent for path in (Path(__file__).parent / "cases").glob("*/README.md"))
UNCHECKED = "unchecked-references"

LIFECYCLE_RULES = rules_of(Scope.COMPARISON)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_gives_its_findings_and_no_others(case: Path) -> None:
    found = [_shown(diagnostic, case) for diagnostic in validate_paths(roots_of(case)).diagnostics]
    if rule_of(case) != UNCHECKED:
        found = [finding for finding in found if finding["rule"] != UNCHECKED]
    assert found == expected(case)


# What changed since another edition has cases of its own: tests/changes/cases.
@pytest.mark.parametrize("rule", sorted(RULES.keys() - LIFECYCLE_RULES.keys()))
def test_every_rule_has_a_case_that_triggers_it_and_one_that_nearly_does(rule: str) -> None:
    about_it = [{finding["rule"] for finding in expected(case)} for case in CASES if rule_of(case) == rule]
    assert any(rule in rules for rules in about_it)
    assert any(rule not in rules for rules in about_it)


def test_no_case_expects_a_rule_that_is_in_no_table() -> None:
    assert {str(finding["rule"]) for case in CASES for finding in expected(case)} <= set(RULES)


def roots_of(case: Path) -> list[Path]:
    return [root for root in (case / "input", case / "second") if root.is_dir()]


def rule_of(case: Path) -> str:
    return max((rule for rule in RULES if case.name.startswith(f"{rule}-")), key=len)


def expected(case: Path) -> list[dict[str, object]]:
    findings: list[dict[str, object]] = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    return findings


def _shown(diagnostic: Diagnostic, case: Path) -> dict[str, object]:
    shown: dict[str, object] = {
        "rule": diagnostic.rule,
        "severity": str(diagnostic.severity),
        "file": _relative(diagnostic.file, case),
        "line": diagnostic.line,
        "column": diagnostic.column,
        "path": diagnostic.path,
        "message": diagnostic.message.replace(f"{case / 'input'}/", "").replace(f"{case}/", ""),
    }
    if diagnostic.suggestion is not None:
        shown["suggestion"] = diagnostic.suggestion
    if diagnostic.related:
        shown["related"] = [
            f"{_relative(place.file, case)}:{place.line}:{place.column}" for place in diagnostic.related
        ]
    return shown


def _relative(file: str, case: Path) -> str:
    for root in (case / "input", case):
        if Path(file).is_relative_to(root):
            return Path(file).relative_to(root).as_posix()
    return file
