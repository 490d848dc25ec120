from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics_dictionary.dictionary.diagnostic import Diagnostic, Related, Severity
from metrics_dictionary.reports.report import Report, Summary, render
from metrics_dictionary.tools.text import columns, printable

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
    return render(Report(diagnostics, 1, width=width), "text")


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


@pytest.mark.parametrize(
    ("line", "column", "marked"),
    [
        ("tiers: [free, gold, free]", 15, "gold"),
        ("tiers: [free, gold]", 15, "gold"),
        ("options: {a: [1, 2], b: 3}", 14, "[1, 2]"),
        ("  z: 2024-01-01}", 6, "2024-01-01"),
        ("description: one, two [and] three", 14, "one, two [and] three"),
        ('tiers: ["日本語", free]', 9, '"日本語"'),
    ],
)
def test_the_caret_underlines_the_value_and_nothing_behind_it(
    tmp_path: Path, line: str, column: int, marked: str
) -> None:
    path = tmp_path / "x.yml"
    path.write_text(line + "\n", encoding="utf-8")
    carets = plain(report(finding(path, line=1, column=column))).splitlines()[3]
    assert carets.count("^") == columns(marked)


def test_a_line_of_megabytes_is_shown_around_the_value_also_in_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_text("a" * 5_000_000 + " here: value" + "b" * 5_000_000, encoding="utf-8")
    assert len(report(finding(path, line=1, column=1_000_000))) < 4_000


def test_the_second_place_is_named(boards: Path) -> None:
    related = Related("other.yml", 2, 11, "the other definition")
    assert "  = also: other.yml:2:11: the other definition\n" in plain(report(finding(boards, related=(related,))))


def test_a_second_place_that_the_message_names_is_not_named_again(boards: Path) -> None:
    related = Related("other.yml", 2, 11, "the other definition")
    found = finding(boards, message="it is already defined at other.yml:2:11", related=(related,))
    assert "also:" not in plain(report(found))


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
    message=st.text(st.characters(), max_size=200),
    source=st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=100),
    column=st.integers(1, 300),
    width=st.integers(10, 120),
)
def test_no_line_is_wider_than_the_terminal(message: str, source: str, column: int, width: int) -> None:
    related = Related("somewhere/" * 9, 1, 1, "see there")
    found = finding("x.yml", message=message, column=column, help="word " * 40, related=(related,))
    text = f"---\n\ndescription: {source} {'word ' * 60}\n"
    report = render(Report([found], 1, width=width, unsaved={"x.yml": text}), "text")
    for line in plain(report).split("\n"):
        assert columns(line) <= width


def test_the_caret_stands_below_the_value_also_behind_wide_characters() -> None:
    found = finding("x.yml", line=1, column=5)
    lines = plain(render(Report([found], 1, unsaved={"x.yml": "日本: wrong\n"}), "text")).split("\n")
    assert lines[2:4] == ["1 | 日本: wrong", "  |       ^^^^^"]


def test_what_an_editor_has_not_saved_is_what_is_shown(boards: Path) -> None:
    found = finding(boards)
    text = render(Report([found], 1, unsaved={str(boards): "---\n\nproduct_group: unsaved\n"}), "text")
    assert "3 | product_group: unsaved" in plain(text)
