"""Marked-up code reads exactly as it was written, whatever it is."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics_dictionary.site.parts import highlighting
from metrics_dictionary.site.parts.html import web_link

CODE = st.text(alphabet=st.sampled_from("ab1 \n'\"<>&#:-{}\\,.%\tü"), max_size=60)
TAG = re.compile(r'<span class="[a-z0-9]{1,3}">|</span>')


def shown(markup: str) -> str:
    """What a browser shows of markup that consists of our spans only."""
    text = TAG.sub("", markup)
    assert "<" not in text
    return unescape(text)


@pytest.mark.parametrize("mark_up", [highlighting.sql, highlighting.shell])
@given(text=CODE)
def test_a_reader_sees_the_text_as_it_is(mark_up: object, text: str) -> None:
    assert callable(mark_up)
    assert shown(mark_up(text)) == text


@given(CODE)
def test_a_definition_is_shown_as_its_author_wrote_it(text: str) -> None:
    assert shown(highlighting.yaml(text)) == text.rstrip("\n")


def test_the_parts_of_a_definition_have_the_classes_that_the_theme_colors() -> None:
    marked = highlighting.yaml('# why\nstatus: "active"\nvalue: 3\nlinks:\n- true\n')
    assert '<span class="c1"># why</span>' in marked
    assert '<span class="nt">status</span>: <span class="s">&#34;active&#34;</span>' in marked
    assert '<span class="mi">3</span>' in marked
    assert '- <span class="kc">true</span>' in marked


@given(st.text(min_size=1, max_size=30), st.sampled_from(["number", "string", "boolean", "object", None]))
def test_the_place_in_the_payload_is_json_with_one_value(key_path: str, value_type: str | None) -> None:
    import json

    value = json.loads(shown(highlighting.payload_fragment(key_path, value_type)))
    for level in key_path.split("."):
        value = value[level]
    assert value in (0, "…", False, {}, None)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://gitlab.com/a/b/-/merge_requests/12", ">merge request !12</a>"),
        ("https://gitlab.com/a/b/-/issues/7", ">issue #7</a>"),
        ("https://example.com/x", ">example.com/x</a>"),
    ],
)
def test_a_web_address_is_a_link_with_a_short_name(address: str, expected: str) -> None:
    assert web_link(address) == f'<a href="{address}" rel="nofollow noopener"{expected}'


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", " https://a.b", "https://a.b\n", "//a.b"],
)
def test_any_other_address_is_text(address: str) -> None:
    assert "<a" not in web_link(address)
