"""Each claim about security names the test that holds it, and that test is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PAGES = ("SECURITY.md", "site_src/guides/threat-model.md")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def _tests_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def claims(page: str) -> list[str]:
    """Return the rows of the tables that have a column for tests."""
    tables = re.findall(r"^\| claim \| test \|\n\| --- \| --- \|\n((?:\|.*\n)+)", _text(page), re.MULTILINE)
    return [row for table in tables for row in table.splitlines()]


@pytest.mark.parametrize("page", PAGES)
def test_each_claim_names_a_test_that_exists(page: str) -> None:
    assert len(claims(page)) >= 5
    for claim in claims(page):
        named = NAMED.findall(claim)
        assert len(named) == 1, f"{claim} names no test"
        for file, test in named:
            assert test in _tests_in(REPOSITORY / file), f"{file} has no {test}"
    assert _text(page).count("tests/") == len(claims(page)) + _text(page).count("tests/FILE")


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_claimed_twice(page: str) -> None:
    named = [test for claim in claims(page) for test in NAMED.findall(claim)]
    assert sorted(named) == sorted(set(named))


def test_what_the_summary_claims_is_claimed_by_the_threat_model() -> None:
    summary, model = ({test for claim in claims(page) for _, test in NAMED.findall(claim)} for page in PAGES)
    assert summary <= model


def _text(page: str) -> str:
    return (REPOSITORY / page).read_text(encoding="utf-8")
