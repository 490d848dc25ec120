from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pytest
import yaml

from metrics_dictionary.stores.store import CachedPayload
from tests.server.running_server import API, Client, Running

DEFINITIONS = f"{API}/metric_definitions"


def test_the_payload_is_an_empty_object_until_one_is_cached(served: Running, client: Client) -> None:
    path, headers = f"{API}/service_ping", served.headers("reader")
    assert client.call("GET", path, None, headers).body == b"{}"
    served.store.save_payload(CachedPayload(datetime.now(UTC), '{"counts":{"é":1}}', "{}"))
    answer = client.call("GET", path, None, headers)
    assert (answer.body.decode(), answer.headers["cache-control"]) == ('{"counts":{"é":1}}', "private, no-cache")


def test_the_payload_is_compressed_and_sent_only_when_it_has_changed(served: Running, client: Client) -> None:
    path, headers = f"{API}/service_ping", {**served.headers("reader"), "Accept-Encoding": "gzip"}
    for number in (1, 2):
        payload = json.dumps({"counts": {f"metric_{index}": number for index in range(100)}})
        served.store.save_payload(CachedPayload(datetime.now(UTC), payload, "{}"))
        answer = client.call("GET", path, None, headers)
        assert (answer.status, answer.headers["content-encoding"]) == (200, "gzip")
        assert gzip.decompress(answer.body).decode() == payload
        assert len(answer.body) < len(payload) / 4
        again = client.call("GET", path, None, {**headers, "If-None-Match": answer.headers["etag"]})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["cache-control"] == "private, no-cache"
        plain = client.call("GET", path, None, {**served.headers("reader"), "If-None-Match": answer.headers["etag"]})
        assert (plain.status, plain.body.decode()) == (200, payload)
        assert client.call("GET", path, None, {"If-None-Match": answer.headers["etag"]}).status == 401


def test_the_listings_are_trees_by_key_path(served: Running, client: Client) -> None:
    answer = client.call("GET", f"{API}/queries", None, served.headers("administrator"))
    assert answer.status == 200
    assert isinstance(answer.json, dict)
    assert set(answer.json) == {"recorded_at", "counts", "redis_hll_counters"}


def test_the_definitions_come_as_one_yaml_document_with_time_frames_expanded(client: Client) -> None:
    answer = client.get(DEFINITIONS)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/yaml")
    entries = yaml.safe_load(answer.body)
    assert [(entry["key_path"], entry["time_frame"]) for entry in entries] == [
        ("counts.mr_name_changed", "all"),
        ("redis_hll_counters.x_monthly", "28d"),
        ("redis_hll_counters.x_weekly", "7d"),
    ]


@pytest.mark.parametrize("truth", ["true", "1", "True"])
def test_include_paths_adds_the_file_of_each_definition(client: Client, truth: str) -> None:
    entries = yaml.safe_load(client.get(f"{DEFINITIONS}?include_paths={truth}").body)
    assert [entry["file_path"].rpartition("/")[2] for entry in entries] == ["a.yml", "b.yml", "b.yml"]


def test_a_wrong_parameter_is_refused_and_an_unknown_one_is_ignored(client: Client) -> None:
    answer = client.get(f"{DEFINITIONS}?include_paths=maybe")
    assert (answer.status, answer.json) == (400, {"error": "include_paths is invalid"})
    assert client.get(f"{DEFINITIONS}?colour=blue").status == 200
