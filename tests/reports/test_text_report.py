from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.dictionary.diagnostic import Diagnostic, Related, Severity
from generator.reports.summary import Summary
from generator.reports.text_report import printable, render_text

if TYPE_CHECKING:
    from pathlib import Path

BIDI = "\u202e"


def plain(text: str) -> str:
    return re.sub("\x1b\\[[0-9;]*m", "", text)


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    path = tmp_path / "boards.yml"
    path.write_text("---\nkey_path: counts.boards\nproduct_group: global_serch # who owns it\n", encoding="utf-8")
    return path


def finding(file: object, **changes: object) -> Diagnostic:
    fields: dict[str, object] = {
        "rule": "unknown-product-group",
        "severity": Severity.ERROR,
        "message": "`global_serch` is not a product group",
        "file": str(file),
        "line": 3,
        "column": 16,
        "path": "$.product_group",
        "help": "Name a group of product_groups.yml.",
        "suggestion": "global_search",
    }
    return Diagnostic(**{**fields, **changes})  # type: ignore[arg-type]


def report(*diagnostics: Diagnostic, width: int | None = None) -> str:
    return render_text(diagnostics, Summary.of(diagnostics, 1), width)


def test_a_finding_shows_place_rule_message_source_line_caret_suggestion_and_help(boards: Path) -> None:
    assert plain(report(finding(boards))) == (
        f"{boards}:3:16: error[unknown-product-group]: `global_serch` is not a product group\n"
        "  |\n"
        "3 | product_group: global_serch # who owns it\n"
        "  |                ^^^^^^^^^^^^\n"
        "  = suggestion: global_search\n"
        "  = help: Name a group of product_groups.yml.\n"
        "\n"
        "Checked 1 file: 1 error.\n"
    )


def test_a_finding_at_a_key_marks_the_key_alone(boards: Path) -> None:
    lines = plain(report(finding(boards, column=1))).splitlines()
    assert lines[3] == "  | ^^^^^^^^^^^^^"


def test_the_second_place_is_named(boards: Path) -> None:
    related = Related("other.yml", 2, 11, "the other definition")
    assert "  = also: other.yml:2:11: the other definition\n" in plain(report(finding(boards, related=(related,))))


def test_a_file_that_is_gone_still_gives_its_finding() -> None:
    assert plain(report(finding("gone.yml"))).startswith("gone.yml:3:16: error[unknown-product-group]")


def test_nothing_found_is_one_line() -> None:
    assert plain(report()) == "Checked 1 file: nothing to report.\n"


def test_the_totals_are_in_words() -> None:
    assert Summary(1431, 2, 1, 3).in_words() == "Checked 1,431 files: 2 errors, 1 warning and 3 infos."


def test_a_hostile_line_cannot_drive_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_text(f"---\n\nproduct_group: \x1b[2J{BIDI}evil\n", encoding="utf-8")
    text = plain(report(finding(path, message=f"\x1b]0;title\x07{BIDI}")))
    assert not set(text) & {"\x1b", "\x07", BIDI}
    assert "\\x1b[2J\\u202eevil" in text


@given(st.text())
def test_printable_text_has_no_control_characters_whatever_comes(text: str) -> None:
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", printable(text))


@given(
    message=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Mn", "Me"]), max_size=200),
    column=st.integers(1, 300),
    width=st.integers(60, 120),
)
def test_no_line_is_wider_than_the_terminal(
    tmp_path_factory: pytest.TempPathFactory, message: str, column: int, width: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "x.yml"
    path.write_text("---\n\n" + "description: " + "word " * 60 + "\n", encoding="utf-8")
    short = finding("x.yml", message=message, column=column, help="word " * 40)
    for line in plain(report(short, width=width)).splitlines():
        assert len(line) <= width
