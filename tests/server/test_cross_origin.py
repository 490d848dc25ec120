"""Pages of other origins: what a browser is told. In a browser itself: ``tests/browser/test_other_origins.py``."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.server.api.cross_origin import CrossOrigin
from metrics_dictionary.server.transport.request import Request, parse_request
from metrics_dictionary.tools.errors import OperationalError
from tests.server.running_server import API, EVENT, Client, Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORIGIN = "https://app.example"
TRACK = f"{API}/track_event"
CALLS = [f"{API}/service_ping", f"{API}/queries", f"{API}/increment_counter", f"{API}/metric_definitions"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("shared"), settings={"server.cors_origins": (ORIGIN,)}) as served:
        yield served


@pytest.fixture
def client(served: Running) -> Iterator[Client]:
    with closing(Client(served.port)) as client:
        yield client


def preflight(client: Client, path: str, origin: str = ORIGIN) -> dict[str, str]:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,private-token",
    }
    answer = client.call("OPTIONS", path, None, headers)
    assert (answer.status, answer.body) == (204, b"")
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize("path", [TRACK, f"{TRACK}s", f"{TRACK}/"])
def test_a_page_of_an_origin_that_is_named_may_send_events(client: Client, path: str) -> None:
    allowed = preflight(client, path)
    assert allowed["access-control-allow-origin"] == ORIGIN
    assert allowed["access-control-allow-methods"] == "POST"
    assert {"content-type", "private-token", "idempotency-key"} <= set(
        allowed["access-control-allow-headers"].lower().split(", ")
    )
    assert "access-control-allow-credentials" not in allowed


@pytest.mark.parametrize(
    "origin", ["https://app.example.evil", "http://app.example", "https://app.example:8443", "null", ORIGIN.upper(), ""]
)
def test_a_page_of_any_other_origin_may_not(client: Client, origin: str) -> None:
    assert preflight(client, TRACK, origin) == {}


@pytest.mark.parametrize("path", CALLS)
def test_no_other_call_is_for_pages(served: Running, client: Client, path: str) -> None:
    assert preflight(client, path) == {}
    answer = client.get(path, Origin=ORIGIN, **served.headers("administrator"))
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_every_answer_to_a_page_can_be_read_by_it(served: Running, client: Client) -> None:
    for status, headers, body in (
        (200, served.headers("tracker"), {"event": EVENT}),
        (400, served.headers("tracker"), b"{"),
        (401, {}, {"event": EVENT}),
        (403, served.headers("reader"), {"event": EVENT}),
        (422, served.headers("tracker"), {"event": "unheard_of"}),
    ):
        answer = client.post_json(TRACK, body, {"Origin": ORIGIN, **headers})
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, ORIGIN)
        assert answer.headers["vary"] == "Origin"
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
    assert client.get(TRACK, Origin=ORIGIN).status == 405


def test_by_default_no_page_of_another_origin_may_do_anything(tmp_path: Path) -> None:
    with running(tmp_path) as served, closing(Client(served.port)) as client:
        assert preflight(client, TRACK) == {}
        answer = client.post_json(TRACK, {"event": EVENT}, {"Origin": ORIGIN, **served.headers("tracker")})
        assert answer.status == 200
        assert not {"vary", "access-control-allow-origin"} & set(answer.headers)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("HTTPS://App.Example:443", "https://app.example"),
        ("http://app.example:80", "http://app.example"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_origin_is_compared_as_browsers_write_it(text: str, origin: str) -> None:
    request = parse_request(f"POST {TRACK} HTTP/1.1\r\nHost: x\r\nOrigin: {origin}", "127.0.0.1")
    assert isinstance(request, Request)
    CrossOrigin((text,)).admit(request)
    assert request.response_headers
    assert request.response_headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize(
    "text", ["*", "null", "app.example", "https://app.example/", "https://app.example/a", "ftp://x"]
)
def test_what_is_not_an_origin_is_one_line_that_says_what_to_do(text: str) -> None:
    with pytest.raises(OperationalError, match=r"server\.cors_origins.* write (one like )?https://app\.example\.com"):
        CrossOrigin((text,))


def test_a_password_in_an_origin_is_not_repeated() -> None:
    with pytest.raises(OperationalError) as raised:
        CrossOrigin(("https://bob:hunter2@app.example",))
    assert "hunter2" not in str(raised.value)
