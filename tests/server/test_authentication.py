from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import redis

from metrics_dictionary.server.api.authentication import Authentication
from metrics_dictionary.server.api.rate_limits import RateLimits
from metrics_dictionary.settings import load_settings
from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.tokens import new_token
from metrics_dictionary.tools.errors import OperationalError
from tests.program import run
from tests.server.running_server import API, EVENT, Client, Running, running
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.server.api.route import Access
    from metrics_dictionary.server.transport.request import Request

UNAUTHORIZED = {"message": "401 Unauthorized"}
FORBIDDEN = {"message": "403 Forbidden"}
NOT_FOUND = {"message": "404 Not Found"}

PRIVATE = [("GET", "service_ping"), ("GET", "queries"), ("GET", "non_sql_metrics"), ("POST", "track_event")]
PRIVATE += [("POST", "track_events"), ("POST", "increment_counter"), ("POST", "increment_unique_users")]


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


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
@pytest.mark.parametrize("days", [60, -60], ids=["ahead", "behind"])
def test_a_token_expires_by_the_stores_time_although_the_clock_is_wrong(
    tmp_path: Path, request: pytest.FixtureRequest, kind: str, days: int
) -> None:
    """The store's time is written by hand, so that this machine's clock is wrong by so many days."""
    now = datetime.now(UTC)
    its_time = now - timedelta(days=days)
    kept = json.dumps({"time": its_time.timestamp()})
    url = f"sqlite:///{tmp_path}/store.db"
    if kind == "sqlite":
        open_store(url).close()
        with closing(sqlite3.connect(tmp_path / "store.db")) as by_hand, by_hand:
            by_hand.execute("INSERT OR REPLACE INTO state (name, value) VALUES ('trusted_time', ?)", (kept,))
    else:
        url = request.getfixturevalue("redis_server").url
        with redis.Redis.from_url(url) as client:
            client.flushall()
            client.hset("{metrics_dictionary_state}", "trusted_time", kept)
    with running(tmp_path, store=url) as served, closing(Client(served.port)) as client_of_it:
        for expires, status in ((its_time + timedelta(days=2), 200), (its_time - timedelta(days=2), 401)):
            secret, token = new_token(9, frozenset({"ai_workflows"}), now, expires=expires.date())
            served.store.add_token(token)
            answer = client_of_it.post_json(f"{API}/track_event", {"event": EVENT}, {"PRIVATE-TOKEN": secret})
            assert answer.status == status
            listed = run("token", "list", "--store", url, cwd=tmp_path).stdout.splitlines()
            (line,) = (line for line in listed if line.startswith(token.identifier))
            assert ("(expired)" in line) == (status == 401)
            command = ("token", "create", "--user", 9, "--scopes", "api", "--expires", f"{expires:%Y-%m-%d}")
            assert run(*command, "--store", url, cwd=tmp_path).returncode == (2 if status == 401 else 0)


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


def test_a_token_that_was_tried_before_it_was_made_works_within_two_seconds(served: Running, client: Client) -> None:
    secret, token = new_token(9, frozenset({"api"}), datetime.now(UTC))
    headers = {"PRIVATE-TOKEN": secret}
    assert client.call("GET", f"{API}/service_ping", None, headers).status == 401
    served.store.add_token(token)
    assert eventually(lambda: client.call("GET", f"{API}/service_ping", None, headers).status == 200, 2)


def test_a_token_that_is_forgotten_while_it_is_checked_is_not_looked_up(
    served: Running, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look into a store that hangs would stop the loop, which `is_known` told that there would be none."""
    is_known = Authentication.is_known

    def forget(self: Authentication, request: Request, access: Access) -> bool:
        known = is_known(self, request, access)
        self._cache.clear()
        return known

    headers = {"PRIVATE-TOKEN": served.tokens["reader"]}
    assert client.call("GET", f"{API}/service_ping", None, headers).status == 200
    monkeypatch.setattr(Authentication, "is_known", forget)
    monkeypatch.delattr(served.store.__class__, "token")
    assert client.call("GET", f"{API}/service_ping", None, headers).status == 200


def test_a_trusted_proxy_does_not_make_those_trusted_that_it_speaks_for(client: Client) -> None:
    assert client.get("/-/liveness").json == {"status": "ok"}
    assert client.get("/-/liveness", X_Forwarded_For="127.0.0.1, ::ffff:127.0.0.9").status == 200
    for forwarded in ("203.0.113.7", "203.0.113.7, 127.0.0.1", "127.0.0.1, nonsense", ","):
        assert client.get("/-/liveness", X_Forwarded_For=forwarded).status == 404
    assert client.get("/-/liveness", Forwarded="for=127.0.0.1").status == 404


def test_a_network_that_is_none_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    with pytest.raises(OperationalError, match=r"server\.trusted_networks: 'here' is not a network; write one like"):
        Authentication(store, ("here",), RateLimits(load_settings(None, environment={})))
    store.close()
