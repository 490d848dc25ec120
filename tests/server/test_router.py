from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from metrics_dictionary.stores.store import StoreUnavailableError
from tests.server.running_server import API, EVENT, Client, running

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

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
    assert client.call("OPTIONS", "*").status == 204
    assert client.call("BREW", "/").status == 405


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
