from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import encode_multipart_formdata

from metrics_dictionary.server.api.body import MAX_LEVELS, MAX_VALUES, Fields, read_fields
from metrics_dictionary.server.api.form import FormError, parse_form, parse_multipart
from metrics_dictionary.server.api.route import FORM, MULTIPART
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


@pytest.mark.parametrize(
    ("body", "repeated"),
    [
        (b"a=1&a=2&a=3&b=1", ["a", "a"]),
        (b"a[b][c]=1&a[b][c]=2", ["a.b.c"]),
        (b"a[]=1&a[]=1&a[][b]=1&a[][b]=1", []),
    ],
)
def test_a_field_that_is_there_again_is_told(body: bytes, repeated: list[str]) -> None:
    found: list[str] = []
    parse_form(body, found)
    assert found == repeated


@given(st.lists(st.tuples(st.text('ab";=\u00e9 ', min_size=1), st.text("ab\r\n-\u00e9", max_size=9)), max_size=5))
def test_what_another_program_writes_as_multipart_is_read(fields: list[tuple[str, str]]) -> None:
    body, content_type = encode_multipart_formdata([(name, value.encode()) for name, value in fields])
    # As browsers do, urllib3 writes a quote in this way, and the bare backslash, which nobody can tell from an escape.
    expected = {name.replace('"', "%22"): value for name, value in fields}
    assert parse_multipart(body, content_type) == expected


def part(head: bytes, value: bytes = b"1") -> bytes:
    return b"--x\r\n" + head + b"\r\n\r\n" + value + b"\r\n"


NAMED = b'Content-Disposition: form-data; name="a"'


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"--x--", {}),
        (part(NAMED) + b"--x--\r\n", {"a": "1"}),
        (b"preamble\r\n" + part(NAMED) + b"--x--\r\nepilogue\r\n--x\r\n", {"a": "1"}),
        (part(rb'Content-Disposition: form-data; name="\"\\\a\\"') + b"--x--", {'"\\\\a\\': "1"}),
        (part(b"content-disposition:form-data;name=a[b]") + b"--x--", {"a": {"b": "1"}}),
        (part(NAMED + b"\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: text/plain") + b"--x--", {"a": "1"}),
        (part(NAMED, b"-x--x") + part(NAMED.replace(b'"a"', b'"b[]"'), b"\r\n--y\r\n") + b"--x--",
         {"a": "-x--x", "b": ["\r\n--y\r\n"]}),
    ],
)  # fmt: skip
def test_the_parts_of_a_multipart_form_are_fields(body: bytes, form: object) -> None:
    assert parse_multipart(body, 'multipart/form-data; charset=utf-8; boundary="x"') == form


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "has no end"),
        (part(NAMED), "has no end"),
        (b"--x\r\n\r\n1\r\n--x--", "without a Content-Disposition"),
        (part(b"X: " + b"y" * 5_000 + b"\r\n" + NAMED) + b"--x--", "long headers"),
        (part(NAMED + b'; filename="f"') + b"--x--", "has a file, 'a'"),
        (part(NAMED + b"; filename*=UTF-8''f") + b"--x--", "has a file, 'a'"),
        (part(NAMED + b"; x y; filename=f") + b"--x--", "Content-Disposition cannot be read"),
        (part(NAMED + b"\r\nContent-Transfer-Encoding: base64") + b"--x--", "a Content-Transfer-Encoding: 'a'"),
        (part(b"Content-Disposition: form-data") + b"--x--", "without a proper name: ''"),
        (part(NAMED, b"\xff") + b"--x--", "not UTF-8"),
        (part(NAMED) * 5_000 + b"--x--", "more than 4,096 fields"),
    ],
)
def test_a_multipart_form_that_cannot_be_read_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(FormError) as refused:
        parse_multipart(body, "multipart/form-data; boundary=x")
    assert said in str(refused.value)
    with pytest.raises(FormError, match="does not say what the boundary is"):
        parse_multipart(body, "multipart/form-data")


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


@pytest.mark.parametrize(
    ("body", "repeated"),
    [
        (b'{"a": 1, "a": 2}', ["a"]),
        (
            b'{"a": 1, "b": [{}, {"c": {"d": 1, "d": 2, "e": 1, "e": 2}}], "a": 2, "a": 3}',
            ["a", "b[1].c.d", "b[1].c.e"],
        ),
        (b'{"a": {"b": 1, "b": 2}, "a": {}}', ["a"]),
        (b'{"a": "{\\"b\\":1,\\"b\\":1}", "b": {"a": 1}}', []),
    ],
)
def test_a_key_that_is_there_again_is_told_and_the_last_one_counts(body: bytes, repeated: list[str]) -> None:
    assert read(body) == Fields(json.loads(body), form=False, repeated=tuple(repeated))


names = st.sampled_from(["a", "b", ":", " :", '"', "\\", "events", "additional_properties"])
trees = st.recursive(
    st.sampled_from(["x", ":", '":', "\\", '\\":']),
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(names, inner), max_size=4).map(tuple),
)


def written(tree: Any, colon: str) -> str:
    """Write a tuple as an object, with all of its keys, and a list as a list."""
    if isinstance(tree, tuple):
        return "{" + ",".join(f"{json.dumps(name)}{colon}{written(item, colon)}" for name, item in tree) + "}"
    return f"[{','.join(written(item, colon) for item in tree)}]" if isinstance(tree, list) else json.dumps(tree)


def has_repetition(tree: Any) -> bool:
    if isinstance(tree, tuple):
        last = dict(tree)
        return len(last) < len(tree) or any(map(has_repetition, last.values()))
    return isinstance(tree, list) and any(map(has_repetition, tree))


@given(
    st.lists(st.tuples(names, trees), max_size=4).map(tuple), st.sampled_from([":", " :", ": ", " : ", "\n:", "  :"])
)
def test_a_repeated_key_is_never_overlooked(tree: Any, colon: str) -> None:
    body = written(tree, colon)
    fields = read(body.encode())
    assert isinstance(fields, Fields)
    assert fields.values == json.loads(body)
    assert bool(fields.repeated) == has_repetition(tree)


def test_the_query_has_parameters_too_and_those_of_the_body_count() -> None:
    def with_query(body: bytes, content_type: str = JSON, query: str = "a=1&b%5Bc%5D=2&a=3") -> Fields | Response:
        headers = {"content-type": content_type}
        request = Request("POST", "/", {}, headers, 0, True, False, "127.0.0.1", "test", query, body=body)
        return read_fields(request)

    assert with_query(b"") == Fields({"a": "3", "b": {"c": "2"}}, form=True, repeated=("a",))
    assert with_query(b'{"b": {"d": 1}}') == Fields({"a": "3", "b": {"d": 1}}, form=True, repeated=("a", "b"))
    assert with_query(b"b=5", FORM, "c=1") == Fields({"b": "5", "c": "1"}, form=True)
    assert with_query(b'{"a": 1}', query="private_token=x") == Fields({"a": 1}, form=False)
    assert with_query(b'{"a": 1, "private_token": "x"}', query="b=1") == Fields({"a": 1, "b": "1"}, form=True)
    wrong = with_query(b"", query="a=1&a[b]=2")
    assert isinstance(wrong, Response)
    assert b"the query string: the form uses one field in two ways" in wrong.body


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
    "repeated names": b'{"a":1,"a":2' + b"".join(b',"%x":{"":1,"":1}' % number for number in range(3_300)) + b"}",
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
COSTLY_PARTS = {
    "boundaries": b"--x\r\n" * (MEGABYTE // 5),
    "parts": part(NAMED) * (MEGABYTE // 60),
    "long heads": (b"--x\r\n" + NAMED + b';a="' * 1_000 + b"\r\n\r\n\r\n") * (MEGABYTE // 4_060),
    "blanks": (b"--x\r\n" + NAMED + b";" + b" " * 4_000 + b"\r\n\r\n\r\n") * (MEGABYTE // 4_060),
    "escapes": (b'--x\r\nContent-Disposition: form-data; name="' + b"\\" * 4_000 + b'"\r\n\r\n\r\n') * 250 + b"--x--",
}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        *(pytest.param(body, JSON, id=name) for name, body in COSTLY.items()),
        *(pytest.param(body, FORM, id=f"form: {name}") for name, body in COSTLY_FORMS.items()),
        *(pytest.param(body, f"{MULTIPART}; boundary=x", id=f"parts: {name}") for name, body in COSTLY_PARTS.items()),
    ],
)
def test_a_costly_body_is_read_or_refused_in_no_time(body: bytes, content_type: str) -> None:
    seconds = []
    for _ in range(3):
        started = time.thread_time()
        read(body, content_type)
        seconds.append(time.thread_time() - started)
    assert min(seconds) < 0.2  # it was up to 2.2 s; a busy machine makes the processor itself slower
