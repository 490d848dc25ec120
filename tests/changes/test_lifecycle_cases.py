"""One folder a case: a definitions root ``before`` and ``after`` a change, what is said of it, and why.

A case's name starts with the rule that it is about. What other rules say of the files stays out of the way.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.changes.compare.check import lifecycle_check
from metrics_dictionary.validation.rules.registry import rules_of
from metrics_dictionary.validation.rules.rule import Scope
from metrics_dictionary.validation.validate import validate

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.diagnostic import Diagnostic

CASES = sorted(path.parent for path in (Path(__file__).parent / "cases").glob("*/README.md"))

LIFECYCLE_RULES = rules_of(Scope.COMPARISON)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_gives_its_findings_and_no_others(case: Path) -> None:
    assert findings(case) == expected(case)


@pytest.mark.parametrize("rule", LIFECYCLE_RULES)
def test_every_lifecycle_rule_has_a_case_that_triggers_it_and_one_that_nearly_does(rule: str) -> None:
    about_it = [{finding["rule"] for finding in expected(case)} for case in CASES if rule_of(case) == rule]
    assert any(rule in rules for rules in about_it)
    assert any(rule not in rules for rules in about_it)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_edition_keeps_every_promise_of_itself(case: Path) -> None:
    told = validate(case / "before", lifecycle=lifecycle_check(str(case / "before"), lambda _: None)).diagnostics
    broken = {diagnostic.rule for diagnostic in told} & set(LIFECYCLE_RULES)
    assert broken <= {"incomplete-comparison", "unreadable-edition"}


def rule_of(case: Path) -> str:
    return max((rule for rule in LIFECYCLE_RULES if case.name.startswith(f"{rule}-")), key=len)


def expected(case: Path) -> list[dict[str, object]]:
    findings: list[dict[str, object]] = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    return findings


def findings(case: Path) -> list[dict[str, object]]:
    told = validate(case / "after", lifecycle=lifecycle_check(str(case / "before"), lambda _: None)).diagnostics
    return [shown(diagnostic, case) for diagnostic in told if diagnostic.rule in LIFECYCLE_RULES]


def shown(diagnostic: Diagnostic, case: Path) -> dict[str, object]:
    file, root = Path(diagnostic.file), case / "after"
    finding: dict[str, object] = {
        "rule": diagnostic.rule,
        "severity": str(diagnostic.severity),
        "file": file.relative_to(root).as_posix(),
        "line": diagnostic.line,
        "column": diagnostic.column,
        "path": diagnostic.path,
        "message": diagnostic.message.replace(f"{case}/", ""),
    }
    if diagnostic.help != LIFECYCLE_RULES[diagnostic.rule].help:
        finding["help"] = diagnostic.help
    return finding
