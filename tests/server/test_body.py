from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics_dictionary.server.api.body import (
    MAX_LEVELS,
    MAX_VALUES,
    Fields,
    FormError,
    parse_form,
    read_fields,
)
from metrics_dictionary.server.api.route import FORM
from metrics_dictionary.server.transport.request import Request
from metrics_dictionary.server.transport.response import JSON, Response


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
        (b"&".join([b"a=1"] * 4_097), "more than 4,096 fields"),
        (b"a" * 2_001 + b"=1", "name is longer than 2,000 characters"),
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


@given(
    st.lists(
        st.tuples(st.text("ab%4G+\r\u00e9", min_size=1), st.text("ab%4G=+\n\u00e9")),
        max_size=4,
        unique_by=lambda f: f[0],
    )
)
def test_percent_escapes_are_read_as_the_standard_library_reads_them(fields: list[tuple[str, str]]) -> None:
    body = "&".join(f"{name}={value}" for name, value in fields)
    try:
        expected = dict(parse_qsl(body, keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        with pytest.raises(FormError, match="not UTF-8"):
            parse_form(body.encode())
        return
    assert parse_form(body.encode()) == expected


def read(body: bytes, content_type: str = JSON) -> Fields | Response:
    headers = {"content-type": content_type}
    return read_fields(Request("POST", "/", {}, headers, len(body), True, False, "127.0.0.1", "test", body=body))


def error(body: bytes) -> str:
    response = read(body)
    assert isinstance(response, Response)
    assert response.status == 400
    found: str = json.loads(response.body)["error"]
    return found


text = st.text('ab,[]{}"\\:\u00e9 ', max_size=6)
json_values = st.recursive(
    st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
)
layouts = st.sampled_from([{"indent": 1}, {"separators": (",", ":")}, {"ensure_ascii": False}])


def size(value: Any) -> int:
    """Count the values in a value, itself included."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(size, inner))


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


@given(json_values, layouts)
def test_ten_thousand_values_are_read_and_one_more_is_refused(value: Any, layout: dict[str, Any]) -> None:
    full = {"a": value, "b": [0] * (MAX_VALUES - size(value) - 2)}
    assert read(json.dumps(full, **layout).encode()) == Fields(full, form=False)
    over = {**full, "c": []}
    assert error(json.dumps(over, **layout).encode()) == (
        "the body has more quotes, commas or brackets than 10,000 values need"
    )


@given(json_values, layouts)
def test_as_many_levels_as_allowed_are_read_and_one_more_is_refused(value: Any, layout: dict[str, Any]) -> None:
    deep = value
    for _ in range(MAX_LEVELS - 1 - depth(value)):
        deep = [deep]
    assert read(json.dumps({"a": deep, "b": [[]] * 200}, **layout).encode()) == Fields(
        {"a": deep, "b": [[]] * 200}, form=False
    )
    assert error(json.dumps({"a": [deep]}, **layout).encode()) == "the body is nested more than 128 levels deep"


MEGABYTE = 1_000_000
COSTLY = {
    "names": b'{"a":{' + b",".join(b'"%x":1' % number for number in range(95_000)) + b"}}",
    "objects": b'{"a":[' + b"{}," * (MEGABYTE // 3) + b"1]}",
    "decimals": b'{"a":[' + b"1.5," * (MEGABYTE // 4) + b"1]}",
    "long numbers": b'{"a":[' + (b"9" * 4_299 + b",") * (MEGABYTE // 4_300) + b"1]}",
    "strings before what is not JSON": b'{"a":[' + b'"",' * 9_900 + b" " * 900_000 + b"NaN]}",
    "a string before what is not JSON": b'{"a":["' + b"\\n" * (MEGABYTE // 2) + b'",NaN]}',
    "brackets": b"[" * MEGABYTE,
    "objects in objects": b'{"a":' * (MEGABYTE // 5),
    "closing brackets": b"]" * MEGABYTE,
    "quotes": b'"' * MEGABYTE,
    "commas in a string": b'{"a":"' + b"," * MEGABYTE + b'"}',
    "digits": b"1" * MEGABYTE,
    "lines": b"\n" * MEGABYTE,
}
COSTLY_FORMS = {
    "percent signs": b"event=" + b"%" * MEGABYTE,
    "escapes": b"event=" + b"%41" * (MEGABYTE // 3),
    "fields": b"&".join(b"events[][additional_properties][k%d]=%%41" % number for number in range(4_096)),
    "brackets": b"a" + b"[b]" * (MEGABYTE // 3) + b"=1",
    "nothing": b"&" * MEGABYTE,
}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        *(pytest.param(body, JSON, id=name) for name, body in COSTLY.items()),
        *(pytest.param(body, FORM, id=f"form: {name}") for name, body in COSTLY_FORMS.items()),
    ],
)
def test_a_costly_body_is_read_or_refused_in_no_time(body: bytes, content_type: str) -> None:
    seconds = []
    for _ in range(3):
        started = time.thread_time()
        read(body, content_type)
        seconds.append(time.thread_time() - started)
    assert min(seconds) < 0.2  # it was up to 2.2 s; a busy machine makes the processor itself slower
