from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import re
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.server.running_server import Client, Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; ")
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
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
        (style,) = re.findall(rb"<style>(.*?)</style>", answer.body, re.DOTALL)
        source = f"'sha256-{base64.b64encode(hashlib.sha256(style).digest()).decode()}'"
        assert (
            f"default-src 'none'; script-src 'self'; style-src 'self' {source};"
            in (answer.headers["content-security-policy"])
        )


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


def test_links_are_not_followed_wherever_they_lead(served: Running, client: Client) -> None:
    site = served.application.site
    (site / "file-link").symlink_to(site.parent / "secret.txt")
    (site / "folder-link").symlink_to(site.parent)
    (site / "inner-link.html").symlink_to(site / "index.html")
    (site / "loop").symlink_to(site / "loop")
    (site / "linked").mkdir()
    (site / "linked" / "index.html").symlink_to(site.parent / "secret.txt")
    for path in ("/file-link", "/folder-link/secret.txt", "/folder-link/", "/folder-link", "/inner-link.html", "/loop"):
        answer = client.get(path)
        assert (answer.status, answer.json) == (404, {"message": "404 Not Found"}), path
    assert client.get("/linked/").status == 404
    assert client.get("/").body == b"<h1>home</h1>"


def test_a_link_in_the_place_of_a_page_that_is_in_memory_is_not_followed(served: Running, client: Client) -> None:
    page = served.application.site / "swapped.html"
    page.write_text("page", encoding="utf-8")
    assert client.get("/swapped.html").body == b"page"
    page.unlink()
    page.symlink_to(served.application.site.parent / "secret.txt")
    assert client.get("/swapped.html").status == 404
    folder = served.application.site / "swapped"
    folder.mkdir()
    (folder / "index.html").write_text("page", encoding="utf-8")
    assert client.get("/swapped/").body == b"page"
    folder.rename(served.application.site.parent / "elsewhere")
    (served.application.site.parent / "elsewhere" / "index.html").write_text("secret", encoding="utf-8")
    folder.symlink_to(served.application.site.parent / "elsewhere")
    assert client.get("/swapped/").status == 404


def test_pipes_sockets_and_devices_are_no_pages_and_keep_no_thread(served: Running, client: Client) -> None:
    site = served.application.site
    os.mkfifo(site / "pipe")
    os.mkfifo(site / "pipe.html")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(site / "socket"))
        for path in ("/pipe", "/pipe.html", "/socket") * 3:  # more often than there are threads
            assert client.get(path).status == 404
    assert client.get("/").status == 200


def test_the_folder_of_the_site_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "build-7").mkdir()
    (tmp_path / "build-7" / "index.html").write_text("seven", encoding="utf-8")
    (tmp_path / "site").symlink_to(tmp_path / "build-7")
    with running(tmp_path) as served, closing(Client(served.port)) as client:
        assert client.get("/").body == b"seven"


def test_a_machine_without_file_descriptors_does_not_say_that_a_page_is_not_there(
    served: Running, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    (served.application.site / "never-read.html").write_text("there", encoding="utf-8")
    opened = os.open

    def refused(path: str | Path, *arguments: int, **named: int) -> int:
        if path == "never-read.html":
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return opened(path, *arguments, **named)

    monkeypatch.setattr(os, "open", refused)
    answer = client.get("/never-read.html")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


def test_the_headers_are_those_that_the_build_wrote(served: Running, client: Client) -> None:
    file = served.application.site / "headers.json"
    strict = client.get("/").headers["content-security-policy"]
    file.write_text(json.dumps({"Content-Security-Policy": "default-src 'self'", "X-Robots-Tag": "none"}))
    headers = client.get("/").headers
    assert (headers["content-security-policy"], headers["x-robots-tag"]) == ("default-src 'self'", "none")
    assert headers["x-content-type-options"] == "nosniff"
    for broken in ('{"A": "b\\r\\nSet-Cookie: c"}', '{"A b": "c"}', '{"A": 1}', "[]", "", "{", "\xff"):
        file.write_text(broken, encoding="latin-1")
        headers = client.get("/").headers
        assert headers["content-security-policy"] == strict
        assert "set-cookie" not in headers
    file.unlink()
    file.symlink_to(served.application.site.parent / "secret.txt")
    assert client.get("/").headers["content-security-policy"] == strict
    file.unlink()
