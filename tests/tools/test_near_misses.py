from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from metrics_dictionary.tools.near_misses import (
    MAX_WORD_LENGTH,
    NearMisses,
    Suggestion,
    _distance,
    near_miss,
    near_misses,
    suggested,
)

GROUPS = ["global_search", "code_review", "source_code", "project_management", "ai"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("global_serch", "global_search"),
        ("gobal_search", "global_search"),
        ("globla_search", "global_search"),
        ("Global Search", "global_search"),
        ("global-search", "global_search"),
        ("code_reviews", "code_review"),
        ("xcode_review", "code_review"),
        ("project_managment", "project_management"),
        ("global_search", "global_search"),
    ],
)
def test_a_slip_leads_to_the_word_that_was_meant(word: str, meant: str) -> None:
    assert near_miss(word, GROUPS) == meant


@pytest.mark.parametrize("word", ["", "bread", "search", "x" * 300, "xy"])
def test_another_word_leads_nowhere(word: str) -> None:
    assert near_miss(word, GROUPS) is None


def test_the_closest_words_come_first() -> None:
    assert near_misses("board", ["sword", "boards", "broad", "beard", "Board"]) == ["Board", "beard", "boards"]


def test_nothing_is_close_to_no_candidates() -> None:
    assert near_misses("a", []) == []


def test_many_candidates_take_no_time() -> None:
    names = [f"counts.some_metric_with_a_long_name_{number:05}" for number in range(2_000)]
    start = time.perf_counter()
    assert near_miss("counts.some_metric_with_a_long_nam_00007", names) == names[7]
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Code-Review", Suggestion("code_review", safe=True)),
        ("code review", Suggestion("code_review", safe=True)),
        ("code.review", Suggestion("code_review")),
        ("code_reviews", Suggestion("code_review")),
        ("AI", Suggestion("ai", safe=True)),
        ("OpenPage", Suggestion("open_page")),
        ("bread", None),
    ],
)
def test_only_another_spelling_of_one_single_name_is_safe(word: str, meant: Suggestion | None) -> None:
    names = [*GROUPS, "open_page", "openpage"]
    assert suggested(word, names) == meant
    assert NearMisses(names, most_words=1).suggestion(word) == meant


words = st.text("abc", max_size=12) | st.text(st.characters(), max_size=6)


@given(words, words, st.integers(0, 14))
@example("", "", 0)
@example("ca", "abc", 14)
@example("ab" * 70, "ba" * 70, 200)
def test_slips_are_counted_as_the_table_of_the_textbook_counts_them(one: str, other: str, limit: int) -> None:
    """The oracle is the table itself: insertions, deletions, substitutions and swaps of neighbors, one each."""
    table = {(row, 0): row for row in range(len(one) + 1)} | {(0, column): column for column in range(len(other) + 1)}
    for row in range(1, len(one) + 1):
        for column in range(1, len(other) + 1):
            steps = [
                table[row - 1, column] + 1,
                table[row, column - 1] + 1,
                table[row - 1, column - 1] + (one[row - 1] != other[column - 1]),
            ]
            if row > 1 and column > 1 and one[row - 2 : row] == other[column - 2 : column][::-1]:
                steps.append(table[row - 2, column - 2] + 1)
            table[row, column] = min(steps)
    assert min(_distance(one, other, limit), limit + 1) == min(table[len(one), len(other)], limit + 1)


def test_the_longest_words_are_compared_in_no_time() -> None:
    names = [f"{'ab' * 97}{number:06}" for number in range(5_000)]
    find = NearMisses(names).near
    started = time.thread_time()
    assert len(find("ba" * (MAX_WORD_LENGTH // 2))) == 3
    assert time.thread_time() - started < 0.02
