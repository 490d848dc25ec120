"""What a server answers before it is ready, whoever asks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.server.api.endpoints.site_files import SiteFiles
from metrics_dictionary.server.api.starting import StartingRouter
from metrics_dictionary.server.lifecycle import Lifecycle, Phase
from metrics_dictionary.server.transport.request import Request, parse_request
from metrics_dictionary.server.transport.response import Response
from metrics_dictionary.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path


def request(path: str, method: str = "GET", accept: str = "*/*", client: str = "127.0.0.1") -> Request:
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nContent-Length: 0"
    parsed = parse_request(head, client)
    assert isinstance(parsed, Request)
    return parsed


def answer(router: StartingRouter, asked: Request) -> Response:
    route = router.authorize_from_memory(asked)
    assert route is not None
    if isinstance(route, Response):
        return route
    response = router.respond(route, asked)
    assert isinstance(response, Response)
    return response


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (request("/-/liveness"), 200),
        (request("/-/liveness", "HEAD"), 200),
        (request("/-/liveness", "POST"), 503),
        (request("/-/liveness", client="203.0.113.7"), 404),
        (request("/-/readiness"), 503),
        (request("/-/readiness", client="203.0.113.7"), 404),
        (request("/-/metrics"), 503),
        (request("/"), 503),
        (request("/api/v4/usage_data/track_event", "POST"), 503),
        (request("/api/nowhere"), 503),
        (request("/", "OPTIONS"), 503),
    ],
)
def test_until_the_definitions_are_loaded_only_liveness_is_answered(asked: Request, status: int) -> None:
    response = answer(StartingRouter(load_settings(None, environment={})), asked)
    assert response.status == status
    if status == 503:
        assert b"the definitions are being loaded" in response.body


def test_a_reader_of_a_site_that_is_being_built_gets_a_page_and_a_program_json(tmp_path: Path) -> None:
    lifecycle = Lifecycle(Phase.BUILDING)
    files = SiteFiles(tmp_path, lifecycle)
    page = files.get(request("/metrics/", accept="text/html"))
    assert (page.status, page.content_type, page.headers["Retry-After"]) == (503, "text/html; charset=utf-8", "1")
    assert b'http-equiv="refresh"' in page.body
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    program = files.get(request("/metrics/"))
    assert (program.status, json.loads(program.body)["error"]) == (503, "the site is being built")
    lifecycle.enter(Phase.SERVING)
    assert files.get(request("/metrics/")).status == 404


def test_a_server_never_goes_back() -> None:
    lifecycle = Lifecycle(Phase.LOADING)
    for phase in Phase:
        lifecycle.enter(phase)
        assert lifecycle.not_ready() == (phase.value or None)
    with pytest.raises(ValueError, match="DRAINING does not become SERVING"):
        lifecycle.enter(Phase.SERVING)
