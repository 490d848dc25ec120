from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from metrics_dictionary.server.transport.request import BadRequest, Request, parse_request

PIECES = ("GET", "POST", " ", "  ", "/", "/a?b=c&d", "*", "HTTP/1.1", "HTTP/1.0", "\r\n", "\n", "\r", "\0", ":", ": ")
NAMES = ("Host: x", "Content-Length: 5", "Transfer-Encoding: chunked", "Connection: close", "\t", "\xe9", "%ff", "#")


def head(*headers: str, line: str = "POST /a%20b?x=1&x=2&y HTTP/1.1") -> Request:
    parsed = parse_request("\r\n".join([line, *headers]), "127.0.0.1")
    assert isinstance(parsed, Request), parsed
    return parsed


def test_a_head_is_read() -> None:
    parsed = head("Host: x:80", "content-LENGTH: 12", "Accept:  a ", "X-A: 1", "x-a:2")
    assert (parsed.method, parsed.path, parsed.length) == ("POST", "/a b", 12)
    assert parsed.query == {"x": "2", "y": ""}
    assert parsed.headers["accept"] == "a"
    assert parsed.headers["x-a"] == "1, 2"
    assert parsed.keep_alive


def test_without_a_length_there_is_no_body_and_only_that_of_a_chunked_one_is_unknown() -> None:
    assert head("Host: x").length == 0
    assert head("Host: x", line="GET / HTTP/1.1").length == 0
    assert head("Host: x", "Transfer-Encoding: chunked", line="GET / HTTP/1.1").length is None


def test_of_very_many_parameters_the_first_ones_are_read() -> None:
    query = "&".join(f"p{number}=1" for number in range(1000))
    assert len(head("Host: x", line=f"GET /?{query} HTTP/1.1").query) == 100


@given(st.lists(st.sampled_from(PIECES + NAMES), max_size=14).map("".join))
@example("GET / HTTP/1.1\r\nHost: x")
@example("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked")
def test_a_head_that_is_read_cannot_be_read_in_another_way(text: str) -> None:
    parsed = parse_request(text, "127.0.0.1")
    if isinstance(parsed, BadRequest):
        assert parsed.status in {400, 414, 431, 505}
        return
    assert text.count("\n") == text.count("\r") == text.count("\r\n")
    assert text.lower().count("content-length") <= 1
    assert not ("content-length" in parsed.headers and "transfer-encoding" in parsed.headers)
    assert parsed.path.startswith("/") or parsed.path == "*"
