from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.running_server import Client, Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("published")
    site = folder / "site"
    (site / "metrics" / "a b").mkdir(parents=True)
    (site / "index.html").write_text("<h1>home</h1>", encoding="utf-8")
    (site / "metrics" / "a b" / "index.html").write_text("<h1>a b</h1>", encoding="utf-8")
    (folder / "secret.txt").write_text("secret", encoding="utf-8")
    with running(folder) as served:
        yield served


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


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("q=merge%20request&status=active&status=removed", "?q=merge%20request&status=active&status=removed"),
        ("q=a+b&private_token=glpat-1&fold=0", "?q=a+b&fold=0"),
        ("private_token=glpat-1", ""),
        ("private%5Ftoken=glpat-1&Private_Token=glpat-2&access_token=glpat-3&q", "?q"),
        ("", ""),
    ],
)
def test_a_redirect_keeps_the_query_as_it_came_and_no_token(client: Client, query: str, kept: str) -> None:
    answer = client.get(f"/metrics/a%20b?{query}")
    assert (answer.status, answer.headers["location"]) == (308, f"a%20b/{kept}")


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
