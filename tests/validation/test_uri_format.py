from __future__ import annotations

import pytest

from metrics_dictionary.validation.engine.verdict import is_uri


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/group/project/-/merge_requests/1#note_2",
        "http://user:word@example.com:8080/a?b=c&d",
        "https://[::1]/",
        "https://example.com/%C3%A9",
        "urn:isbn:123",
        "mailto:somebody@example.com",
        "https:",
    ],
)
def test_an_absolute_uri_is_one(text: str) -> None:
    assert is_uri(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "TBD",
        "example.com/a",
        "//example.com/a",
        "/a",
        "https://example.com/a b",
        " https://example.com/a",
        "https://example.com/a\n",
        "https://example.com/é",
        "https://example.com/%zz",
        "https://example.com/<a>",
        "1http://example.com",
        "https://example.com/a#b#c",
        "https://a@b@c/",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert not is_uri(text)
