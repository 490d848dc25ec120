from __future__ import annotations

import time

import pytest

from metrics_dictionary.tools.near_misses import NearMisses, Suggestion, near_miss, near_misses, suggested

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
