from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.ping.collect.submission import MAX_BACKOFF, Submission, metadata_url, submit
from metrics_dictionary.stores.store import CachedPayload
from metrics_dictionary.tools.errors import OperationalError
from tests.ping.collection_samples import NOW, Answer, Request, web

if TYPE_CHECKING:
    from collections.abc import Callable

METADATA = {"recorded_at": "2024-01-15T23:33:50.387Z", "metrics": [{"name": "a", "time_elapsed": 0.5, "error": "ü"}]}
PAYLOAD = CachedPayload(NOW, '{"recorded_at":"2024-01-15T23:33:50.387Z","a":"Grüße"}', json.dumps(METADATA))


def accepting(_request: Request) -> Answer:
    return 201, {}, "{}"


def in_turn(*answers: Answer) -> Callable[[Request], Answer]:
    left = iter(answers)
    return lambda _: next(left, (200, {}, ""))


def test_the_payload_is_posted_first_and_its_metadata_second() -> None:
    with web(accepting) as server:
        assert submit(f"{server.url}/collect?key=1", PAYLOAD) == Submission(201, 201)
    payload, metadata = server.requests
    assert (payload.method, payload.path, payload.body) == ("POST", "/collect?key=1", PAYLOAD.payload)
    assert payload.headers["Content-Type"] == "application/json"
    assert payload.headers["User-Agent"].startswith("metrics-dictionary/")
    assert (metadata.method, metadata.path) == ("POST", "/collect?key=1")
    assert json.loads(metadata.body) == {"metadata": METADATA}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://version.example/usage_data", "https://version.example/usage_ping_metadata"),
        ("https://version.example/v1/usage_data?a=b", "https://version.example/v1/usage_ping_metadata?a=b"),
        ("https://version.example/usage_data/", "https://version.example/usage_data/"),
        ("https://version.example", "https://version.example"),
    ],
)
def test_metadata_goes_beside_usage_data_or_to_the_same_url(url: str, expected: str) -> None:
    assert metadata_url(url) == expected


def test_what_may_pass_is_tried_again_with_growing_pauses() -> None:
    pauses: list[float] = []
    told: list[str] = []
    answers = in_turn(
        (503, {}, "upgrading"), (502, {}, ""), (429, {"Retry-After": "7"}, ""), (500, {}, ""), (200, {}, "")
    )
    with web(answers) as server:
        submission = submit(server.url, PAYLOAD, sleep=pauses.append, report=told.append)
    assert submission == Submission(200, 200)
    assert len(server.requests) == 6
    assert pauses == [1, 2, 7, 8]
    assert told[0] == f"{server.url}: answered 503 Service Unavailable: upgrading; attempt 2 of 5 in 1 s"
    assert len(told) == 4


def test_a_server_cannot_ask_for_an_endless_pause() -> None:
    pauses: list[float] = []
    with web(in_turn((429, {"Retry-After": "9" * 30}, ""), (429, {"Retry-After": "Wed, 1 Jan"}, ""))) as server:
        submit(server.url, PAYLOAD, sleep=pauses.append)
    assert pauses == [MAX_BACKOFF, 2]


def test_a_refusal_is_final_and_told_in_one_line() -> None:
    with web(lambda _: (422, {}, "no\n such \x1b[31mkey")) as server:
        with pytest.raises(OperationalError) as caught:
            submit(server.url, PAYLOAD)
        assert len(server.requests) == 1
    assert str(caught.value) == (
        f"the payload was not submitted: {server.url}: answered 422 Unprocessable Entity: no such [31mkey"
    )


def test_five_failures_are_enough() -> None:
    pauses: list[float] = []
    with web(lambda _: (500, {}, "")) as server:
        with pytest.raises(OperationalError, match=r"answered 500 Internal Server Error \(5 attempts\)$"):
            submit(server.url, PAYLOAD, sleep=pauses.append)
        assert len(server.requests) == 5
    assert pauses == [1, 2, 4, 8]


def test_metadata_that_is_refused_is_told_apart_from_a_payload_that_is() -> None:
    with (
        web(in_turn((200, {}, ""), (403, {}, ""))) as server,
        pytest.raises(OperationalError, match="the payload was accepted, but its metadata was not submitted"),
    ):
        submit(server.url, PAYLOAD)


def test_a_redirect_is_told_and_not_followed() -> None:
    with web(lambda _: (307, {"Location": "https://elsewhere.example/"}, "")) as server:
        with pytest.raises(OperationalError, match=r"it points to https://elsewhere\.example/; submit to that URL"):
            submit(server.url, PAYLOAD)
        assert len(server.requests) == 1


def test_a_server_that_is_not_there_is_tried_five_times() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    pauses: list[float] = []
    with pytest.raises(OperationalError, match=r"no answer: .*refused \(5 attempts\)"):
        submit(f"http://127.0.0.1:{port}/", PAYLOAD, sleep=pauses.append)
    assert len(pauses) == 4


def test_a_server_that_says_nothing_is_given_up_on() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(OperationalError, match=r"no answer within 0.05 s \(5 attempts\)"),
    ):
        submit(f"http://127.0.0.1:{silent.getsockname()[1]}/", PAYLOAD, timeout=0.05, sleep=lambda _: None)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://host/",
        "file:///etc/passwd",
        "ping.example/usage_data",
        "http://",
        "http://host:port/",
        "http://host:99999/",
        "http://host/a b",
        "http://host/\r\nX: y",
        "http://höst/",
    ],
)
def test_only_a_web_address_is_posted_to(url: str) -> None:
    with pytest.raises(OperationalError, match=r"http or https URL|^the host or the port of the address"):
        submit(url, PAYLOAD)


def test_a_password_in_the_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(OperationalError) as caught:
        submit("https://user:secret@host/", PAYLOAD)
    assert "secret" not in str(caught.value)
