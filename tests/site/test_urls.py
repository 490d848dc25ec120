"""Addresses: one for each name, the same text as the folder, and never outside the site."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics_dictionary.site.parts.urls import event_url, group_url, list_page_url, metric_url, segment, twin

CASE_PAIRS = st.text(alphabet="aAbB~0.", max_size=8)
NAMES = st.one_of(
    st.text(max_size=40),
    CASE_PAIRS,
    st.sampled_from(
        ["", "x.json", "x.html", "x~02ejson", ".", "..", "...", "a/../..", "%2e%2e", "~~", "\ud800", "a.\n"]
    ),
    st.text(alphabet="Aé/", min_size=60, max_size=400),
)


@given(NAMES, NAMES)
def test_two_names_never_share_an_address_even_where_case_is_ignored(one: str, other: str) -> None:
    assert (segment(one).casefold() == segment(other).casefold()) == (one == other)


@given(NAMES)
def test_an_address_is_one_file_name_that_needs_no_percent_encoding(name: str) -> None:
    found = segment(name)
    assert found
    assert quote(found, safe="~") == found == unquote(found)
    assert len(f"{found}.json".encode()) <= 255
    assert not found.startswith(".")
    assert not found.endswith(".")


@given(NAMES, NAMES)
def test_a_page_and_the_json_of_another_never_share_a_name(one: str, other: str) -> None:
    assert segment(one) != f"{segment(other)}.json"
    assert segment(one) != "index.html"


@given(NAMES, st.integers(min_value=2, max_value=10_000))
def test_the_later_pages_of_a_listing_never_meet_a_definition(name: str, number: int) -> None:
    assert f"metrics/{segment(name)}/" != list_page_url("metrics/", number)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (metric_url("counts.ci_builds"), "metrics/counts.ci_builds/"),
        (event_url("mr_name_changed"), "events/mr_name_changed/"),
        (group_url("global_search"), "groups/global_search/"),
        (twin(metric_url("counts.ci_builds")), "metrics/counts.ci_builds.json"),
        (metric_url("Foo/b"), "metrics/~Foo~02fb/"),
        (metric_url(".."), "metrics/~02e~02e/"),
        (group_url(""), "groups/~0/"),
        (list_page_url("events/", 1), "events/"),
        (list_page_url("events/", 2), "events/~2/"),
    ],
)
def test_addresses_do_not_change_between_versions(url: str, expected: str) -> None:
    assert url == expected
