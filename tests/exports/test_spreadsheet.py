from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics_dictionary.exports.spreadsheet import FORMULA_STARTS, spreadsheet


def cell(value: object) -> str:
    """The cell that a program reads back."""
    _, (read,) = csv.reader(io.StringIO(spreadsheet(["field"], [{"field": value, "other": 1}]), newline=""))
    return read


def test_lines_end_in_cr_lf_and_cells_are_quoted_only_where_they_must_be() -> None:
    rows = [{"a": "plain", "b": 'say "hi", twice'}, {"a": "two\nlines"}]
    assert spreadsheet(["a", "b"], rows) == 'a,b\r\nplain,"say ""hi"", twice"\r\n"two\nlines",\r\n'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("", ""),
        (True, "true"),
        (1.5, "1.5"),
        ([], ""),
        (["free", "premium"], "free;premium"),
        (["a;b", "c"], '["a;b","c"]'),
        ([1, "a"], '[1,"a"]'),
        ([{"name": "größe"}], '[{"name":"größe"}]'),
        ({"a": {"b": None}}, '{"a":{"b":null}}'),
        ("\ud83d", "\ufffd"),
    ],
)
def test_each_kind_of_value_has_one_form(value: object, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_a_cell_that_would_run_as_a_formula_gets_an_apostrophe(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert cell([text, "x"]) == f"'{text};x"


def test_a_sign_further_on_is_left_alone() -> None:
    assert cell("a=b") == "a=b"


@given(st.recursive(st.text() | st.integers() | st.floats() | st.none(), st.lists, max_leaves=5))
def test_no_value_becomes_a_formula_or_breaks_the_table(value: object) -> None:
    assert not cell(value).startswith(FORMULA_STARTS)
