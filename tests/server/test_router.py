from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.stores.store import StoreUnavailableError
from tests.server.running_server import API, EVENT, Client, running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.running_server import Running

DEFINITIONS = f"{API}/metric_definitions"


def test_while_the_store_is_away_a_call_is_503_and_says_when_to_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailableError("the store is away")

    with running(tmp_path) as served:
        client = Client(served.port)
        assert client.post_json(f"{API}/track_event", {"event": EVENT}, served.headers("tracker")).status == 200
        for method in ("commit", "flags", "payload", "token"):
            monkeypatch.setattr(served.store, method, away)
        tracked = client.post_json(f"{API}/track_event", {"event": EVENT}, served.headers("tracker"))
        read = client.call("GET", f"{API}/service_ping", None, served.headers("reader"))
        alive = client.get("/-/liveness")
        assert client.get(f"{API}/metric_definitions").status == 200
        client.close()
    for answer in (tracked, read):
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert answer.json == {"message": "503 Service Unavailable", "error": "the store is unavailable"}
    assert alive.status == 200
    assert "the store is away" in capsys.readouterr().err


def test_another_method_is_405_and_names_the_allowed_ones(client: Client) -> None:
    answer = client.call("POST", DEFINITIONS, b"{}")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert answer.json == {"message": "405 Method Not Allowed"}
    options = client.call("OPTIONS", DEFINITIONS)
    assert (options.status, options.headers["allow"], options.body) == (204, "GET, HEAD, OPTIONS", b"")
    everything = client.call("OPTIONS", "*")
    assert (everything.status, everything.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert client.call("BREW", "/").status == 405


GETS = [f"{API}/{call}" for call in ("service_ping", "metric_definitions", "queries", "non_sql_metrics")]
GETS += ["/-/liveness", "/-/readiness", "/-/metrics", "/api/openapi.json", "/", "/nothing"]
POSTS = [f"{API}/{call}" for call in ("track_event", "track_events", "increment_counter", "increment_unique_users")]


@pytest.mark.parametrize("path", GETS)
def test_head_and_options_are_right_where_something_can_be_read(served: Running, client: Client, path: str) -> None:
    nobody: dict[str, str] = {}
    for headers in (served.headers("administrator"), served.headers("tracker"), nobody):
        full, head = client.call("GET", path, None, headers), client.call("HEAD", path, None, headers)
        assert (head.status, head.body) == (full.status, b"")
        passing = {"date", "x-request-id", "ratelimit-reset"}
        if path in ("/-/readiness", "/-/metrics", f"{API}/queries", f"{API}/non_sql_metrics"):
            passing.add("content-length")  # of numbers and times that change
        same = head.headers.keys() - passing
        assert {name: head.headers[name] for name in same} == {name: full.headers[name] for name in same}
        assert head.headers.keys() == full.headers.keys()
        options = client.call("OPTIONS", path, None, headers)
        assert (options.status, options.body, options.headers["allow"]) == (204, b"", "GET, HEAD, OPTIONS")
    refused = client.post_json(path, {}, served.headers("administrator"))
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("path", POSTS)
def test_head_and_options_are_right_where_something_is_written(served: Running, client: Client, path: str) -> None:
    for method in ("HEAD", "GET", "PUT", "DELETE"):
        answer = client.call(method, path, None, served.headers("administrator"))
        assert (answer.status, answer.headers["allow"]) == (405, "OPTIONS, POST")
    options = client.call("OPTIONS", path)
    assert (options.status, options.body, options.headers["allow"]) == (204, b"", "OPTIONS, POST")
    assert served.count() == 0


def test_an_unknown_call_of_the_api_is_a_json_404(client: Client) -> None:
    for path in (f"{API}/nothing", "/-/nothing"):
        answer = client.get(path)
        assert (answer.status, answer.json) == (404, {"message": "404 Not Found"})


def test_a_bug_is_a_500_that_names_its_request_and_a_line_that_says_what_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = io.StringIO()
    monkeypatch.setattr("sys.stderr", log)
    with running(tmp_path) as served:

        def fail(*_: object) -> None:
            raise RuntimeError("a bug")

        monkeypatch.setattr(served.store, "payload", fail)
        client = Client(served.port)
        answer = client.get(f"{API}/service_ping", X_Request_Id="seen", PRIVATE_TOKEN=served.tokens["reader"])
        client.close()
    assert answer.json == {"message": "500 Internal Server Error", "request_id": "seen"}
    line = json.loads(log.getvalue())
    assert (line["request_id"], line["level"], line["message"]) == ("seen", "error", "RuntimeError: a bug")
    assert "glpat" not in log.getvalue()
