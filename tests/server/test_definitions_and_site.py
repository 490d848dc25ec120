from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.server.running_server import API, Client, Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFINITIONS = f"{API}/metric_definitions"
LONG_PAGE = "<h1>long</h1>" * 200


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("published")
    site = folder / "site"
    (site / "metrics" / "a b").mkdir(parents=True)
    (site / "index.html").write_text("<h1>home</h1>", encoding="utf-8")
    (site / "long.html").write_text(LONG_PAGE, encoding="utf-8")
    (site / "metrics" / "a b" / "index.html").write_text("<h1>a b</h1>", encoding="utf-8")
    (folder / "secret.txt").write_text("secret", encoding="utf-8")
    with running(folder) as served:
        yield served


@pytest.fixture
def client(served: Running) -> Iterator[Client]:
    client = Client(served.port)
    yield client
    client.close()


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


def test_a_client_with_a_current_copy_gets_304_and_no_body(client: Client) -> None:
    etag = client.get(DEFINITIONS).headers["etag"]
    for validator in (etag, f'"other", W/{etag}', "*"):
        answer = client.get(DEFINITIONS, If_None_Match=validator)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
    assert client.get(DEFINITIONS, If_None_Match='"other"').status == 200


@pytest.mark.parametrize("path", [DEFINITIONS, "/long.html", "/api/openapi.json"])
def test_gzip_is_the_same_text_under_another_validator(client: Client, path: str) -> None:
    plain = client.get(path)
    zipped = client.get(path, Accept_Encoding="br;q=1.0, gzip;q=0.8")
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.body) == plain.body
    assert zipped.headers["etag"] != plain.headers["etag"]
    assert plain.headers["vary"] == zipped.headers["vary"] == "Accept-Encoding"
    assert client.get(path, Accept_Encoding="gzip", If_None_Match=zipped.headers["etag"]).status == 304
    assert client.get(path, If_None_Match=zipped.headers["etag"]).status == 200


@pytest.mark.parametrize("header", ["gzip;q=0", "identity, gzip;q=0.5", "deflate", "gzip;q=nonsense", "*;q=0"])
def test_gzip_is_not_forced_on_a_client_that_prefers_plain_text(client: Client, header: str) -> None:
    assert "content-encoding" not in client.get("/long.html", Accept_Encoding=header).headers


def test_another_method_is_405_and_names_the_allowed_ones(client: Client) -> None:
    answer = client.call("POST", DEFINITIONS, b"{}")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert answer.json == {"message": "405 Method Not Allowed"}
    options = client.call("OPTIONS", DEFINITIONS)
    assert (options.status, options.headers["allow"], options.body) == (204, "GET, HEAD, OPTIONS", b"")
    assert client.call("OPTIONS", "*").status == 204
    assert client.call("BREW", "/").status == 405


def test_head_has_the_headers_of_get_and_no_body(client: Client) -> None:
    for path in (DEFINITIONS, "/long.html"):
        full, head = client.get(path), client.call("HEAD", path)
        assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(full.body)))
        assert head.headers["etag"] == full.headers["etag"]


def test_an_unknown_call_of_the_api_is_a_json_404(client: Client) -> None:
    for path in (f"{API}/nothing", "/-/nothing"):
        answer = client.get(path)
        assert (answer.status, answer.json) == (404, {"message": "404 Not Found"})


def test_a_page_is_served_with_headers_that_keep_it_to_its_own_origin(client: Client) -> None:
    answer = client.get("/metrics/a%20b/")
    assert (answer.status, answer.body) == (200, b"<h1>a b</h1>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_page_that_is_built_anew_is_served_anew(served: Running, client: Client) -> None:
    page = served.application.site / "new.html"
    page.write_text("old", encoding="utf-8")
    assert client.get("/new.html").body == b"old"
    page.unlink()
    page.write_text("newer", encoding="utf-8")
    assert client.get("/new.html").body == b"newer"
    page.unlink()
    assert client.get("/new.html").status == 404


def test_a_folder_without_its_slash_redirects_relatively(client: Client) -> None:
    answer = client.get("/metrics/a%20b")
    assert (answer.status, answer.headers["location"]) == (308, "a%20b/")


def test_a_reader_gets_a_page_for_an_unknown_address(client: Client) -> None:
    for path in ("/nowhere/", "/metrics/nope", "/" + "long" * 1000):
        answer = client.get(path, Accept="text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
        assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert b'<a href="/">' in answer.body
        assert b"prefers-color-scheme: dark" in answer.body
        assert "default-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/html;q=0, application/json"])
def test_a_program_gets_json_for_an_unknown_address(client: Client, accept: str) -> None:
    answer = client.get("/nowhere/", Accept=accept)
    assert (answer.status, answer.json) == (404, {"message": "404 Not Found"})


def test_a_browser_gets_json_for_an_unknown_call_of_the_api(client: Client) -> None:
    assert client.get("/api/v4/nothing", Accept="text/html").json == {"message": "404 Not Found"}


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/metrics/%2e%2e/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%00", "//x"],
)
def test_nothing_outside_the_site_is_served(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status == 404
    assert b"secret" not in answer.body
