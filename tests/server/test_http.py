from __future__ import annotations

import http.client
import json
import socket
import threading
from typing import TYPE_CHECKING

import pytest
import yaml

from generator.dictionary.dictionary import Dictionary
from generator.dictionary.metric import MetricDefinition
from generator.errors import OperationalError
from generator.server.http import Server, serve_until_interrupted
from generator.server.routes import router

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFINITIONS = "/api/v4/usage_data/metric_definitions"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    site = tmp_path_factory.mktemp("published") / "site"
    (site / "metrics" / "a b").mkdir(parents=True)
    (site / "index.html").write_text("<h1>home</h1>", encoding="utf-8")
    (site / "404.html").write_text("<h1>lost</h1>", encoding="utf-8")
    (site / "metrics" / "a b" / "index.html").write_text("<h1>a b</h1>", encoding="utf-8")
    (site.parent / "secret.txt").write_text("secret", encoding="utf-8")
    metric = MetricDefinition({"key_path": "counts.x", "time_frame": ["7d", "all"]}, "definitions/metrics/x.yml")
    server = Server("127.0.0.1", 0)
    threading.Thread(
        target=serve_until_interrupted, args=(server, router(Dictionary((metric,)), site)), daemon=True
    ).start()
    yield server
    server.shutdown()


class Client:
    def __init__(self, server: Server) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", int(server.server_address[1]), timeout=5)

    def call(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        self.connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = self.connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    client = Client(server)
    yield client
    client.connection.close()


def test_the_definitions_come_as_one_yaml_document_with_time_frames_expanded(client: Client) -> None:
    status, headers, body = client.call(DEFINITIONS)
    assert (status, headers["content-type"]) == (200, "application/yaml")
    assert yaml.safe_load(body) == [
        {"key_path": "counts.x", "time_frame": "all"},
        {"key_path": "counts.x_weekly", "time_frame": "7d"},
    ]


@pytest.mark.parametrize("truth", ["true", "1", "True"])
def test_include_paths_adds_the_file_of_each_definition(client: Client, truth: str) -> None:
    _, _, body = client.call(f"{DEFINITIONS}?include_paths={truth}")
    assert [entry["file_path"] for entry in yaml.safe_load(body)] == ["definitions/metrics/x.yml"] * 2


def test_a_wrong_parameter_is_refused_and_an_unknown_one_is_ignored(client: Client) -> None:
    status, _, body = client.call(f"{DEFINITIONS}?include_paths=maybe")
    assert (status, json.loads(body)) == (400, {"error": "include_paths is invalid"})
    assert client.call(f"{DEFINITIONS}?colour=blue")[0] == 200


def test_a_client_with_a_current_copy_gets_304_and_no_body(client: Client) -> None:
    _, headers, _ = client.call(DEFINITIONS)
    for validator in (headers["etag"], f'"other", W/{headers["etag"]}', "*"):
        status, _, body = client.call(DEFINITIONS, If_None_Match=validator)
        assert (status, body) == (304, b"")
    assert client.call(DEFINITIONS, If_None_Match='"other"')[0] == 200


def test_another_method_is_405_and_names_the_allowed_ones(client: Client) -> None:
    status, headers, body = client.call(DEFINITIONS, "POST", b"{}")
    assert (status, headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert json.loads(body) == {"message": "405 Method Not Allowed"}
    assert client.call(DEFINITIONS, "OPTIONS")[:2][0] == 204


def test_head_has_the_headers_of_get_and_no_body(client: Client) -> None:
    _, expected, body = client.call(DEFINITIONS)
    status, headers, nothing = client.call(DEFINITIONS, "HEAD")
    assert (status, nothing, headers["content-length"]) == (200, b"", str(len(body)))
    assert headers["etag"] == expected["etag"]


def test_an_unknown_call_of_the_api_is_a_json_404(client: Client) -> None:
    status, _, body = client.call("/api/v4/usage_data/nothing")
    assert (status, json.loads(body)) == (404, {"message": "404 Not Found"})


def test_a_page_is_served_with_headers_that_keep_it_to_its_own_origin(client: Client) -> None:
    status, headers, body = client.call("/metrics/a%20b/")
    assert (status, body) == (200, b"<h1>a b</h1>")
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert headers["x-content-type-options"] == "nosniff"


def test_a_folder_without_its_slash_redirects_relatively(client: Client) -> None:
    status, headers, _ = client.call("/metrics/a%20b")
    assert (status, headers["location"]) == (308, "a%20b/")


def test_an_unknown_page_is_the_sites_own_404(client: Client) -> None:
    status, _, body = client.call("/nowhere/")
    assert (status, body) == (404, b"<h1>lost</h1>")


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/metrics/%2e%2e/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%00", "//x"],
)
def test_nothing_outside_the_site_is_served(client: Client, path: str) -> None:
    status, _, body = client.call(path)
    assert status == 404
    assert b"secret" not in body


def test_a_path_that_is_not_utf8_is_a_bad_request(client: Client) -> None:
    assert client.call("/%ff")[0] == 400


def test_a_body_is_read_so_that_the_connection_stays_usable(client: Client) -> None:
    assert client.call(DEFINITIONS, "POST", b"x" * 100_000)[0] == 405
    assert client.call(DEFINITIONS)[0] == 200


@pytest.mark.parametrize(
    ("header", "status"),
    [("Content-Length: 99999999", 413), ("Content-Length: -1", 400), ("Transfer-Encoding: chunked", 411)],
)
def test_a_body_of_unclear_or_excessive_length_is_refused(server: Server, header: str, status: int) -> None:
    with socket.create_connection(server.server_address[:2], timeout=5) as connection:  # type: ignore[arg-type]
        connection.sendall(f"POST {DEFINITIONS} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode())
        assert connection.recv(1000).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_port_in_use_is_one_line_that_says_what_to_do(server: Server) -> None:
    port = int(server.server_address[1])
    with pytest.raises(OperationalError, match=f"cannot listen on 127.0.0.1:{port}: .*; choose another --host or"):
        Server("127.0.0.1", port)


def test_the_url_of_an_ipv6_address_has_brackets() -> None:
    with Server("::1", 0) as server:
        assert server.url == f"http://[::1]:{server.server_address[1]}/"
