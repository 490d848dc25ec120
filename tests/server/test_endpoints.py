from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.server.api.authentication import Authentication
from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import CachedPayload, StoreUnavailableError
from metrics_dictionary.stores.tokens import new_token
from metrics_dictionary.tools.errors import OperationalError
from tests.server.running_server import API, EVENT, Client, Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAID_200 = {"message": "200 OK"}
UNAUTHORIZED = {"message": "401 Unauthorized"}
FORBIDDEN = {"message": "403 Forbidden"}
NOT_FOUND = {"message": "404 Not Found"}

PRIVATE = [("GET", "service_ping"), ("GET", "queries"), ("GET", "non_sql_metrics"), ("POST", "track_event")]
PRIVATE += [("POST", "track_events"), ("POST", "increment_counter"), ("POST", "increment_unique_users")]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, settings={"flags.usage_data_queries_api": True}) as served:
        yield served


@pytest.fixture
def client(served: Running) -> Iterator[Client]:
    client = Client(served.port)
    yield client
    client.close()


@pytest.mark.parametrize(("method", "call"), PRIVATE)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"PRIVATE-TOKEN": ""},
        {"PRIVATE-TOKEN": "glpat-unknown"},
        {"PRIVATE-TOKEN": "x" * 5000},
        {"PRIVATE-TOKEN": "\xff\xfe' OR 1=1 --"},
        {"Authorization": "Basic dXNlcjpwYXNzd29yZA=="},
        {"Authorization": "Bearer"},
    ],
)
def test_without_a_known_token_a_private_call_is_401(
    client: Client, method: str, call: str, headers: dict[str, str]
) -> None:
    answer = client.call(method, f"{API}/{call}", b"" if method == "POST" else None, headers)
    assert (answer.status, answer.json) == (401, UNAUTHORIZED)


def test_an_expired_token_is_401(served: Running, client: Client) -> None:
    assert client.call("GET", f"{API}/service_ping", None, served.headers("expired")).status == 401


def test_a_token_may_come_as_a_bearer(served: Running, client: Client) -> None:
    assert client.get(f"{API}/service_ping", Authorization=f"bearer {served.tokens['reader']}").status == 200


@pytest.mark.parametrize(
    ("call", "role", "scopes"),
    [
        ("service_ping", "assistant", "api read_service_ping"),
        ("track_event", "reader", "ai_workflows api"),
        ("track_events", "reader", "ai_workflows api"),
        ("increment_counter", "assistant", "api"),
        ("increment_unique_users", "assistant", "api"),
    ],
)
def test_a_token_without_the_scope_is_403_and_says_which_would_do(
    served: Running, client: Client, call: str, role: str, scopes: str
) -> None:
    method = "GET" if call == "service_ping" else "POST"
    answer = client.call(method, f"{API}/{call}", b"{" if method == "POST" else None, served.headers(role))
    assert answer.status == 403
    assert isinstance(answer.json, dict)
    assert set(answer.json) == {"error", "error_description", "scope"}
    assert (answer.json["error"], answer.json["scope"]) == ("insufficient_scope", scopes)


def test_the_role_is_checked_before_the_flag_and_the_flag_before_the_rest(served: Running, client: Client) -> None:
    path = f"{API}/non_sql_metrics"
    for_others = client.call("GET", path, None, served.headers("tracker"))
    for_administrators = client.call("GET", path, None, served.headers("administrator"))
    assert (for_others.status, for_others.json) == (403, FORBIDDEN)
    assert (for_administrators.status, for_administrators.json) == (404, NOT_FOUND)
    served.store.set_flag("usage_data_non_sql_metrics", True)
    assert client.call("GET", path, None, served.headers("administrator")).status == 200


def test_the_settings_can_force_a_flag(served: Running, client: Client) -> None:
    served.store.set_flag("usage_data_queries_api", False)
    assert client.call("GET", f"{API}/queries", None, served.headers("administrator")).status == 200


def test_a_revoked_token_works_for_less_than_five_seconds(served: Running, client: Client) -> None:
    path, headers = f"{API}/service_ping", served.headers("reader")
    assert client.call("GET", path, None, headers).status == 200
    served.store.revoke_token(served.identifiers["reader"])
    revoked = time.monotonic()
    while client.call("GET", path, None, headers).status == 200:
        assert time.monotonic() - revoked < 5
        time.sleep(0.1)
    assert client.call("GET", path, None, headers).json == UNAUTHORIZED


def test_a_token_that_is_made_meanwhile_works_at_once(served: Running, client: Client) -> None:
    secret, token = new_token(9, frozenset({"api"}), datetime.now(UTC))
    headers = {"PRIVATE-TOKEN": secret}
    assert client.call("GET", f"{API}/service_ping", None, headers).status == 401
    served.store.add_token(token)
    assert client.call("GET", f"{API}/service_ping", None, headers).status == 200


def test_the_payload_is_an_empty_object_until_one_is_cached(served: Running, client: Client) -> None:
    path, headers = f"{API}/service_ping", served.headers("reader")
    assert client.call("GET", path, None, headers).body == b"{}"
    served.store.save_payload(CachedPayload(datetime.now(UTC), '{"counts":{"é":1}}', "{}"))
    answer = client.call("GET", path, None, headers)
    assert (answer.body.decode(), answer.headers["cache-control"]) == ('{"counts":{"é":1}}', "no-store")


def test_the_listings_are_trees_by_key_path(served: Running, client: Client) -> None:
    answer = client.call("GET", f"{API}/queries", None, served.headers("administrator"))
    assert answer.status == 200
    assert isinstance(answer.json, dict)
    assert set(answer.json) == {"recorded_at", "counts", "redis_hll_counters"}


def test_an_event_is_counted_with_the_tokens_user(served: Running, client: Client) -> None:
    body = {"event": EVENT, "namespace_id": 1, "project_id": 1, "additional_properties": {"lang": "eng"}}
    for role in ("tracker", "tracker", "assistant"):
        answer = client.post_json(f"{API}/track_event", body, served.headers(role))
        assert (answer.status, answer.json) == (200, SAID_200)
    assert served.count() == 3


@pytest.mark.parametrize("call", ["track_event", "track_events"])
def test_several_events_are_counted_all_or_none(served: Running, client: Client, call: str) -> None:
    headers = served.headers("tracker")
    good = {"events": [{"event": EVENT}] * 50}
    assert client.post_json(f"{API}/{call}", good, headers).status == 200
    assert served.count() == 50
    bad = {"events": [{"event": EVENT}, {"event": EVENT, "project_id": 0}, {"event": 5}]}
    answer = client.post_json(f"{API}/{call}", bad, headers)
    assert answer.status == 400
    assert b"events[1].project_id: " in answer.body
    assert b"events[2].event: " in answer.body
    assert served.count() == 50


def test_a_form_is_read_as_rack_reads_it(served: Running, client: Client) -> None:
    headers = {**served.headers("tracker"), "Content-Type": "application/x-www-form-urlencoded"}
    one = b"event=mr_name_changed&send_to_snowplow=false&project_id=1&additional_properties[lang]=eng"
    several = b"events[][event]=mr_name_changed&events[][project_id]=1&events[][event]=mr_name_changed"
    assert client.call("POST", f"{API}/track_event", one, headers).status == 200
    assert client.call("POST", f"{API}/track_events", several, headers).status == 200
    assert served.count() == 3
    users = b"event=mr_name_changed&values[]=7&values[]=8"
    assert client.call("POST", f"{API}/increment_unique_users", users, headers).status == 200


def test_the_older_calls_count_the_same_counters(served: Running, client: Client) -> None:
    headers = served.headers("tracker")
    assert client.post_json(f"{API}/increment_counter", {"event": EVENT}, headers).status == 200
    assert served.count() == 1
    users = {"event": EVENT, "values": [7, "8"]}
    assert client.post_json(f"{API}/increment_unique_users", users, headers).status == 200
    assert client.post_json(f"{API}/increment_counter", {"event": "mr_name_change"}, headers).status == 422


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (None, "values is missing"),
        ([], "values: must be a list of 1"),
        ([1, 0, True, 1.5], "values[1]: must be the id"),
    ],
)
def test_users_who_are_none_are_refused(served: Running, client: Client, values: object, said: str) -> None:
    body = {"event": EVENT, "values": values}
    answer = client.post_json(f"{API}/increment_unique_users", body, served.headers("tracker"))
    assert answer.status == 400
    assert said in answer.body.decode()


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "event is missing"),
        (b"{}", 400, "event is missing"),
        (b"[]", 400, "the body must be a JSON object"),
        (b'{"event":\n  mr}', 400, "the body is not JSON: line 2, column 3: expecting value"),
        (b'{"event": "NaN",\n"project_id": NaN}', 400, "line 2, column 15: NaN is no JSON number"),
        (b'{"a": -Infinity}', 400, "line 1, column 7: -Infinity is no JSON number"),
        (b'{"a": 1e999}', 400, "a number that is too large"),
        (b'{"a": ' + b"1" * 5000 + b"}", 400, "a number that is too large"),
        (b'{"a": ' + b"[" * 100_000, 400, "nested too deeply"),
        (b'{"event": "\xff"}', 400, "not UTF-8: byte 12"),
        (b'{"event": "\\ud800"}', 422, "has no definition"),
        (b'{"event": "mr_name_change"}', 422, "mr_name_changed"),
        (b'{"event": "old_event"}', 422, "was removed"),
        (b'{"event": "mr_name_changed", "namespace_id": -1}', 400, "namespace_id: "),
        (b'{"event": "mr_name_changed", "project_id": 1.5}', 400, "project_id: "),
        (b'{"event": "mr_name_changed", "additional_properties": {"value": "1"}}', 400, "additional_properties.value"),
        (b'{"event": "mr_name_changed", "additional_properties": {"long": "1"}}', 400, "lang"),
        (json.dumps({"events": [{"event": EVENT}] * 51}).encode(), 400, "1 to 50 events"),
    ],
)
def test_a_body_with_something_wrong_is_refused_and_says_what_and_where(
    served: Running, client: Client, body: bytes, status: int, said: str
) -> None:
    answer = client.post_json(f"{API}/track_event", body, served.headers("tracker"))
    assert answer.status == status
    assert isinstance(answer.json, dict)
    assert said in answer.json["error"]
    assert served.count() == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": ""},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_a_body_of_another_kind_is_415(served: Running, client: Client, headers: dict[str, str]) -> None:
    answer = client.call("POST", f"{API}/track_event", b"{}", {**headers, **served.headers("tracker")})
    assert answer.status == 415


def test_a_json_body_may_say_its_charset(served: Running, client: Client) -> None:
    headers = {**served.headers("tracker"), "Content-Type": "Application/JSON; charset=utf-8"}
    body = b'{"event": "mr_name_changed"}'
    assert client.call("POST", f"{API}/track_event?ignored=1", body, headers).status == 200


def test_an_unknown_event_is_200_and_a_line_in_the_log_when_the_settings_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(tmp_path, settings={"events.unknown": "ignore"}) as served:
        client = Client(served.port)
        answer = client.post_json(f"{API}/track_event", {"event": "what"}, served.headers("tracker"))
        client.close()
    assert answer.status == 200
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["request_id"]) == ("info", answer.headers["x-request-id"])
    assert "what" in line["message"]


def test_while_the_store_is_away_a_call_is_503_and_says_when_to_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailableError("the store is away")

    with running(tmp_path) as served:
        client = Client(served.port)
        assert client.post_json(f"{API}/track_event", {"event": EVENT}, served.headers("tracker")).status == 200
        for method in ("record", "flags", "payload", "token"):
            monkeypatch.setattr(served.store, method, away)
        tracked = client.post_json(f"{API}/track_event", {"event": EVENT}, served.headers("tracker"))
        read = client.call("GET", f"{API}/service_ping", None, served.headers("reader"))
        ready, alive = client.get("/-/readiness"), client.get("/-/liveness")
        assert client.get(f"{API}/metric_definitions").status == 200
        client.close()
    for answer in (tracked, read):
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert answer.json == {"message": "503 Service Unavailable"}
    assert (ready.status, ready.json) == (503, {"status": "failed", "store": "unavailable"})
    assert alive.status == 200
    assert "the store is away" in capsys.readouterr().err


def test_health_and_counters_are_for_trusted_networks(tmp_path: Path) -> None:
    with running(tmp_path, settings={"server.trusted_networks": ("10.0.0.0/8",)}) as served:
        client = Client(served.port)
        for path in ("/-/liveness", "/-/readiness", "/-/metrics"):
            assert (client.get(path).status, client.get(path).json) == (404, NOT_FOUND)
        client.close()


def test_a_trusted_proxy_does_not_make_those_trusted_that_it_speaks_for(client: Client) -> None:
    assert client.get("/-/liveness").json == {"status": "ok"}
    assert client.get("/-/liveness", X_Forwarded_For="127.0.0.1, ::ffff:127.0.0.9").status == 200
    for forwarded in ("203.0.113.7", "203.0.113.7, 127.0.0.1", "127.0.0.1, nonsense", ","):
        assert client.get("/-/liveness", X_Forwarded_For=forwarded).status == 404
    assert client.get("/-/liveness", Forwarded="for=127.0.0.1").status == 404


def test_a_network_that_is_none_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    with pytest.raises(OperationalError, match=r"server\.trusted_networks: 'here' is no network; write one like"):
        Authentication(store, ("here",), clock=lambda: datetime.now(UTC))
    store.close()


def test_the_counters_are_those_of_the_requests_before(client: Client) -> None:
    client.get(f"{API}/metric_definitions")
    client.get(f"{API}/metric_definitions")
    client.get("/nowhere")
    client.get(f"{API}/service_ping")
    text = client.get("/-/metrics").body.decode()
    route = 'method="GET",route="/api/v4/usage_data/metric_definitions",status="200"'
    assert f"metrics_dictionary_http_requests_total{{{route}}} 2\n" in text
    assert 'http_requests_total{method="none",route="none",status="401"} 1\n' in text
    assert '_seconds_bucket{route="/api/v4/usage_data/metric_definitions",le="+Inf"} 2\n' in text
    assert 'metrics_dictionary_definitions{kind="events"} 2\n' in text
    assert all(line.startswith(("#", "metrics_dictionary_")) for line in text.splitlines())
