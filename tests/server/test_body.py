from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics_dictionary.server.api.body import FormError, parse_form


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"", {}),
        (b"a=1&b=", {"a": "1", "b": ""}),
        (b"a=1&a=2", {"a": "2"}),
        (b"a=x+y%20z%C3%A9", {"a": "x y z\u00e9"}),
        (b"a[b]=1&a[c]=2", {"a": {"b": "1", "c": "2"}}),
        (b"a%5Bb%5D=1", {"a": {"b": "1"}}),
        (b"a[b][c]=1", {"a": {"b": {"c": "1"}}}),
        (b"a[]=1&a[]=2", {"a": ["1", "2"]}),
        (b"a[][b]=1&a[][c]=2&a[][b]=3", {"a": [{"b": "1", "c": "2"}, {"b": "3"}]}),
        (b"a[][p][x]=1&a[][p][y]=2&a[][p][x]=3", {"a": [{"p": {"x": "1", "y": "2"}}, {"p": {"x": "3"}}]}),
    ],
)
def test_brackets_nest(body: bytes, form: object) -> None:
    assert parse_form(body) == form


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"a=1&a[b]=2", "one field in two ways: 'a[b]'"),
        (b"a[b]=1&a[]=2", "one field in two ways: 'a[]'"),
        (b"a[]=1&a[b]=2", "one field in two ways: 'a[b]'"),
        (b"[a]=1", "without a proper name: '[a]'"),
        (b"a[b=1", "without a proper name: 'a[b'"),
        (b"a[b]c=1", "without a proper name"),
        (b"=1", "without a proper name"),
        (b"a" + b"[b]" * 20 + b"=1", "more than 8 levels deep"),
        (b"\xff=1", "not UTF-8"),
        (b"a=%ff", "not UTF-8"),
        (b"&".join([b"a=1"] * 10_001), "more than 10000 fields"),
    ],
)
def test_what_cannot_be_read_in_one_way_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(FormError) as refused:
        parse_form(body)
    assert said in str(refused.value)


@given(st.lists(st.text("ab[]=&%", max_size=12), max_size=8))
def test_any_body_is_a_form_or_refused(fields: list[str]) -> None:
    try:
        form = parse_form("&".join(fields).encode())
    except FormError:
        return
    assert all(isinstance(name, str) for name in form)
