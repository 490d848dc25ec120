from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from tests.server.running_server import API, Client, Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFINITIONS = f"{API}/metric_definitions"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("published")
    (folder / "site").mkdir()
    (folder / "site" / "long.html").write_text("<h1>long</h1>" * 200, encoding="utf-8")
    with running(folder) as served:
        yield served


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


def test_head_has_the_headers_of_get_and_no_body(client: Client) -> None:
    for path in (DEFINITIONS, "/long.html"):
        full, head = client.get(path), client.call("HEAD", path)
        assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(full.body)))
        assert head.headers["etag"] == full.headers["etag"]
