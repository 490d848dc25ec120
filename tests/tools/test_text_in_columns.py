from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics_dictionary.tools.text import columns, cut, folded, wrapped

LINES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60)


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("\x1b[31mab\x1b[0m", 2), ("", 0)]
)
def test_the_width_of_a_text_is_what_a_terminal_takes(text: str, width: int) -> None:
    assert columns(text) == width


@given(LINES, st.integers(2, 30))
def test_no_folded_line_is_too_wide_and_nothing_is_lost(text: str, width: int) -> None:
    lines = folded(text, width)
    assert all(columns(line) <= width for line in lines)
    assert "".join(lines) == text


@given(LINES, st.integers(2, 30))
def test_no_wrapped_line_is_too_wide_and_no_word_is_lost(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(columns(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(LINES, st.integers(0, 30), st.integers(2, 30))
def test_a_cut_is_no_wider_than_it_may_be(text: str, start: int, width: int) -> None:
    part = cut(text, start, width)
    assert columns(part) <= width
    assert part in text
