from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import redis

from metrics_dictionary.events.snowplow import STANDARD_CONTEXT
from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import made_uuid
from metrics_dictionary.tools.errors import OperationalError
from tests.events.loopback_collector import contexts
from tests.server.running_server import API, EVENT, Client, Running, raw, running
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services.redis import RedisServer


@contextmanager
def client_of(served: Running) -> Iterator[Client]:
    client = Client(served.port)
    yield client
    client.close()


SAID_200 = {"message": "200 OK"}


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
    bad = {"events": [{"event": EVENT}, {"event": EVENT, "project_id": -1}, {"event": 5}]}
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
    headers |= served.headers("administrator")
    assert client.call("POST", f"{API}/increment_unique_users", users, headers).status == 200


def test_the_older_calls_count_the_same_counters(served: Running, client: Client) -> None:
    headers = served.headers("tracker")
    assert client.post_json(f"{API}/increment_counter", {"event": EVENT}, headers).status == 200
    assert served.count() == 1
    users = {"event": EVENT, "values": [7, "8"]}
    answer = client.post_json(f"{API}/increment_unique_users", users, served.headers("administrator"))
    assert answer.status == 200
    assert client.post_json(f"{API}/increment_counter", {"event": "mr_name_change"}, headers).status == 422


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "values: must be a list of 1"),
        ([1, 0, True, 1.5], "values[1]: must be a user id"),
    ],
)
def test_users_who_are_none_are_refused(served: Running, client: Client, values: object, said: str) -> None:
    body = {"event": EVENT, "values": values}
    answer = client.post_json(f"{API}/increment_unique_users", body, served.headers("administrator"))
    assert answer.status == 400
    assert said in answer.body.decode()


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "event is missing"),
        (b"{}", 400, "event is missing"),
        (b"[]", 400, "the body must be a JSON object"),
        (b'{"event":\n  mr}', 400, "the body is not JSON: line 2, column 3: expecting value"),
        (b'{"event": "NaN",\n"project_id": NaN}', 400, "line 2, column 15: NaN is not a JSON number"),
        (b'{"a": -Infinity}', 400, "line 1, column 7: -Infinity is not a JSON number"),
        (b'{"a": 1e999}', 400, "a number that is too large"),
        (b'{"a": ' + b"1" * 5000 + b"}", 400, "a number that is too large"),
        (b'{"a": ' + b"[" * 1_000, 400, "nested more than 128 levels deep"),
        (b'{"event": "\xff"}', 400, "not UTF-8: byte 12"),
        (b'{"event": "\\ud800"}', 422, "has no definition"),
        (b'{"event": "mr_name_change"}', 422, "mr_name_changed"),
        (b'{"event": "old_event"}', 422, "was removed"),
        (b'{"event": "mr_name_changed", "namespace_id": -1}', 400, "namespace_id: "),
        (b'{"event": "mr_name_changed", "project_id": 1.5}', 400, "project_id: "),
        (b'{"event": "mr_name_changed", "additional_properties": {"value": "1"}}', 400, "additional_properties.value"),
        (b'{"event": "mr_name_changed", "occurred_at": "yesterday"}', 400, "occurred_at: must be a time in ISO 8601"),
        (b'{"event": "mr_name_changed", "occurred_at": "2020-01-01T00:00:00Z"}', 422, "at most 28 days before"),
        (
            json.dumps({"event": EVENT, "additional_properties": {f"x{n}": 1 for n in range(51)}}).encode(),
            400,
            "at most 50 names",
        ),
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


def test_a_large_batch_is_counted_by_the_thread_that_reads_large_bodies(served: Running, client: Client) -> None:
    event = {"event": EVENT, "additional_properties": {"label": "x" * 1_000, "property": "y" * 1_000}}
    for call in (1, 2):  # the first one's token is not known yet
        answer = client.post_json(f"{API}/track_events", {"events": [event] * 50}, served.headers("tracker"))
        assert (answer.status, served.count()) == (200, call * 50)


def test_what_an_event_does_not_declare_is_left_out_and_named_in_a_header(
    served: Running, client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    odd: dict[str, object] = {"long": "1", "lang": "eng", "a b,\r\nSet-Cookie: x~\u00e9": {}, "\ud800": None}
    event = {"event": EVENT, "additional_properties": odd}
    headers = served.headers("tracker")
    for _ in range(2):
        one = client.post_json(f"{API}/track_event", event, headers)
        assert (one.status, one.json) == (200, SAID_200)
        assert one.headers["x-unknown-properties"] == (
            "additional_properties.long, additional_properties.a%20b%2C%0D%0ASet-Cookie%3A%20x%7E%C3%A9, "
            "additional_properties.%ED%A0%80"
        )
        assert "set-cookie" not in one.headers
    several = client.post_json(f"{API}/track_events", {"events": [{"event": EVENT}, event]}, headers)
    assert several.headers["x-unknown-properties"].startswith("events[1].additional_properties.long, events[1].")
    assert "x-unknown-properties" not in client.post_json(f"{API}/track_event", {"event": EVENT}, headers).headers
    assert served.count() == 5
    logged = [line for line in capfd.readouterr().err.splitlines() if "left out" in line]
    assert len(logged) == 3
    assert "left out: long is not a property of the event mr_name_changed" in logged[0]


def test_unknown_and_repeated_keys_are_left_out_and_named_like_properties(
    served: Running, client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    body = f"""{{"context": {{}}, "events": [
        {{"event": "{EVENT}", "user": 7}},
        {{"event": "old", "event": "{EVENT}", "additional_properties": {{"lang": "a", "lang": "b", "lang": "c"}}}}
    ]}}""".encode()
    metric = 'left_out_properties_total{reason="%s",event="%s"}'
    names = [metric % about for about in (("unknown_key", ""), ("unknown_key", EVENT), ("repeated_key", ""))]
    before = [measured(client, name) for name in names]
    answer = client.post_json(f"{API}/track_events", body, served.headers("tracker"))
    assert answer.status == 200
    assert answer.headers["x-unknown-properties"] == (
        "context, events[0].user, events[1].event, events[1].additional_properties.lang"
    )
    assert [measured(client, name) for name in names] == [before[0] + 1, before[1] + 1, before[2] + 2]
    assert served.count() == 2
    said = "".join(capfd.readouterr().err.splitlines())
    assert "left out: user is not a parameter of this call" in said
    assert "left out: lang stands there more than once; the last one counts" in said
    for call in ("increment_counter", "increment_unique_users"):
        answer = client.post_json(f"{API}/{call}", {"event": EVENT, "user": 7}, served.headers("tracker"))
        assert (answer.status, answer.headers["x-unknown-properties"]) == (200, "user")


def measured(client: Client, name: str) -> float:
    """Return what /-/metrics says; nothing is 0."""
    lines = client.get("/-/metrics").body.decode().splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if name in line), 0.0)


def test_the_older_call_for_users_counts_the_tokens_user_unless_an_administrator_names_others(
    served: Running, client: Client, tmp_path: Path
) -> None:
    def users() -> list[str]:
        with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
            return [row[0] for row in connection.execute("SELECT DISTINCT value FROM members ORDER BY value")]

    path = f"{API}/increment_unique_users"
    assert client.post_json(path, {"event": EVENT}, served.headers("tracker")).status == 200
    assert users() == ["2"]  # the user of the tracker's token
    answer = client.post_json(path, {"event": EVENT, "values": [7]}, served.headers("tracker"))
    assert (answer.status, answer.json) == (403, {"message": "403 Forbidden"})
    assert users() == ["2"]
    answer = client.post_json(path, {"event": EVENT, "values": [7, 8]}, served.headers("administrator"))
    assert (answer.status, users()) == (200, ["2", "7", "8"])


def test_a_call_may_have_its_parameters_in_the_query_and_no_body(served: Running, client: Client) -> None:
    head = f"POST {API}/track_event?event={EVENT}&project_id=0&additional_properties[lang]=eng HTTP/1.1\r\nHost: x\r\n"
    token = f"PRIVATE-TOKEN: {served.tokens['tracker']}\r\nConnection: close\r\n\r\n"
    answer = raw(served.port, (head + token).encode())
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"X-Unknown-Properties" not in answer
    answer = raw(served.port, (head.replace("project_id=0", "project_id=x") + token).encode())
    assert b'"project_id: must be a whole number, 0 for none, found \\"x\\""' in answer
    both = client.post_json(f"{API}/increment_counter?event=nothing&id=", {"event": EVENT}, served.headers("tracker"))
    assert both.status == 400
    both = client.post_json(f"{API}/increment_counter?event=nothing", {"event": EVENT}, served.headers("tracker"))
    assert (both.status, both.headers["x-unknown-properties"]) == (200, "event")
    assert served.count() == 2


def test_curl_sends_a_form_with_parts(served: Running, client: Client) -> None:
    url = f"http://127.0.0.1:{served.port}{API}/track_events"
    fields = (f"events[][event]={EVENT}", "events[][additional_properties][value]=1.5", f"events[][event]={EVENT}")
    sent = subprocess.run(
        ["curl", "-sS", *(f"-F{field}" for field in fields), "-HJOB-TOKEN: " + served.tokens["tracker"], url],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(sent.stdout) == SAID_200
    assert served.count() == 2
    file = client.call(
        "POST",
        f"{API}/track_event",
        b'--x\r\nContent-Disposition: form-data; name="event"; filename="a"\r\n\r\nb\r\n--x--',
        {**served.headers("tracker"), "Content-Type": "multipart/form-data; boundary=x"},
    )
    assert (file.status, file.json) == (400, {"error": "the form has a file, 'event'; no call takes one"})


@pytest.mark.parametrize("where", ["PRIVATE-TOKEN", "JOB-TOKEN", "Authorization", "private_token"])
def test_a_token_may_stand_where_gitlabs_clients_write_it(
    served: Running, client: Client, where: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for token, status in ((served.tokens["tracker"], 200), ("glpat-nobodys", 401), ("", 401)):
        headers = {where: f"Bearer {token}" if where == "Authorization" else token}
        query = f"?private_token={token}" if where == "private_token" else ""
        answer = client.post_json(f"{API}/track_event{query}", {"event": EVENT, "x": 1}, {} if query else headers)
        assert answer.status == status
        assert token == "" or token not in str(answer)
    assert served.count() == 1
    assert served.tokens["tracker"] not in capfd.readouterr().err


def test_a_projects_path_is_looked_up_in_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[project_ids]\n"acme/shop" = 7\n', encoding="utf-8")
    with running(tmp_path, settings_file=file) as served, client_of(served) as client:
        for path, found in (("Acme/Shop", None), ("acme/nothing", "project_path")):
            body = {"event": EVENT, "project_path": path}
            answer = client.post_json(f"{API}/track_event", body, served.headers("tracker"))
            assert (answer.status, answer.headers.get("x-unknown-properties")) == (200, found)
    file.write_text('[project_ids]\n"acme/shop" = "7"\n', encoding="utf-8")
    with (
        pytest.raises(OperationalError, match='project_ids: "acme/shop": must be'),
        running(tmp_path, settings_file=file),
    ):
        pass


@pytest.mark.parametrize("name", ["x{}", "\U0001f600" * 199 + "{}"])
def test_the_header_has_at_most_fifty_names_and_four_kilobytes(served: Running, client: Client, name: str) -> None:
    event = {"event": EVENT, "additional_properties": {name.format(number): 1 for number in range(10)}}
    answer = client.post_json(f"{API}/track_events", {"events": [event] * 6}, served.headers("tracker"))
    assert answer.status == 200
    paths = answer.headers["x-unknown-properties"].split(", ")
    assert paths[-1] == "..."
    assert len(answer.headers["x-unknown-properties"]) <= 4096
    assert len(paths) == (51 if name == "x{}" else 2)


def test_a_server_that_collects_no_payloads_knows_the_time_of_its_redis(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    with redis.Redis.from_url(redis_server.url, protocol=2) as database:
        database.flushall()
        with running(tmp_path, settings={"ping.enabled": False}, store=redis_server.url) as served:
            hashes = [key for key in database.scan_iter() if database.type(key) == b"hash"]
            assert eventually(lambda: any(database.hexists(key, "trusted_time") for key in hashes))
            assert abs(served.store.estimated_now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_server_knows_what_its_instance_is_called(tmp_path: Path) -> None:
    with closing(open_store(f"sqlite:///{tmp_path / 'store.db'}")) as store:
        made = made_uuid(store)
    with running(tmp_path, settings={"collector": "http://127.0.0.1:9"}) as served, client_of(served) as client:

        def named() -> bool:
            event = {"event": EVENT, "send_to_snowplow": True}
            assert client.post_json(f"{API}/track_event", event, served.headers("tracker")).status == 200
            *_, last = served.store.outbox(1_000)
            return contexts(json.loads(last.text))[STANDARD_CONTEXT].get("instance_id") == made

        assert eventually(named, 5)


def test_undeclared_properties_can_be_refused(tmp_path: Path) -> None:
    with running(tmp_path, settings={"events.undeclared_properties": "reject"}) as served:
        event = {"event": EVENT, "additional_properties": {"long": "1"}}
        with client_of(served) as client:
            answer = client.post_json(f"{API}/track_event", event, served.headers("tracker"))
        assert answer.status == 400
        assert answer.json == {
            "error": 'additional_properties.long: is not a property of the event "mr_name_changed"; '
            'did you mean "lang"?'
        }
        assert served.count() == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "multipart/mixed; boundary=x"},
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
