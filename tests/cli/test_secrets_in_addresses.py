"""Every option and argument that takes an address: no name and no password of it is ever shown."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.events.collector import Collector, CollectorUnavailableError
from metrics_dictionary.tools.errors import OperationalError
from tests.changes.repositories import make_repository
from tests.ping.collection_samples import web
from tests.program import run
from tests.small_root import write

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.services.postgres import PostgresServer
    from tests.services.redis import RedisServer

SECRET = re.compile("alice|s3c|ret@|r3t")

WEB = {
    "plain": "http://alice:s3cr3t@127.0.0.1:1/x",
    "name": "http://alice-s3cr3t@127.0.0.1:1/x",
    "hash": "http://alice:s3c#r3t@127.0.0.1:1/x",
    "slash": "http://alice:s3c/r3t@127.0.0.1:1/x",
    "digits": "http://alice:123/s3cr3t@127.0.0.1:1/x",
    "question mark": "http://alice:s3c?r3t@127.0.0.1:1/x",
    "at sign": "http://alice:s3c@r3t@127.0.0.1:1/x",
    "bracket": "http://alice:s3c[r3t@127.0.0.1:1/x",
    "capitals": "HTTP://alice:s3cr3t@127.0.0.1:1/x",
    "one slash": "http:/alice:s3cr3t@127.0.0.1:1/x",
    "ftp": "ftp://alice:s3cr3t@127.0.0.1:1/x",
    "space": "http://alice:s3c r3t@127.0.0.1:1/x",
    "leading blank": " http://alice:s3cr3t@127.0.0.1:1/x",
    "leading tab": "\thttp://alice:s3cr3t@127.0.0.1:1/x",
    "leading quote": "'http://alice:s3cr3t@127.0.0.1:1/x'",
    "no scheme": "//alice:s3cr3t@127.0.0.1:1/x",
    "no scheme, name": "//alice-s3cr3t@127.0.0.1:1/x",
    "no slashes": "alice:s3cr3t@127.0.0.1:1/x",
    "no slashes, slash": "alice:s3c/r3t@127.0.0.1:1/x",
    "semicolon": "https;//alice:s3cr3t@host/x",
    "no colon": "https//alice:s3cr3t@host/x",
    "misspelled, parameters": "https;//host/x?private_token=s3cr3t",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "bakery")


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1, done.stderr
    assert not SECRET.search(done.stderr), done.stderr
    return done.stderr


@pytest.mark.parametrize("url", WEB.values(), ids=WEB)
def test_what_is_fetched_or_posted_to_has_no_password(root: Path, url: str) -> None:
    store = f"sqlite:///{root.parent}/store.db"
    run("ping", "generate", "--definitions", root, "--store", store)
    for arguments in (
        ("check-payload", url, "--definitions", root),
        ("diff", url, "--definitions", root),
        ("diff", "HEAD", url, "--definitions", root),
        ("changelog", "--since", url, "--definitions", root),
        ("validate", root, "--against", url),
        ("ping", "submit", url, "--store", store),
    ):
        assert "address" in refused(run(*arguments)), arguments


def test_a_failing_url_is_named_without_its_parameters(root: Path) -> None:
    url = "http://127.0.0.1:1/metrics.yml?private_token=s3cr3t"
    said = refused(run("diff", url, "--definitions", root))
    assert said.startswith("error: http://127.0.0.1:1/metrics.yml: no answer: ")
    with web(lambda _: (302, {"Location": "https://elsewhere.example/x?signature=s3cr3t"}, "")) as server:
        said = refused(run("check-payload", f"{server.url}/x?private_token=s3cr3t", "--definitions", root))
    assert "it points to https://elsewhere.example/x: use that URL" in said


@pytest.mark.parametrize("password", ["s3c#r3t", "s3c/r3t", "s3c?r3t", "s3c@r3t", "s3c%r3t", "s3c[#r3t"])
def test_a_password_that_is_not_encoded_is_one_line_and_stores_nothing(root: Path, password: str) -> None:
    store = root.parent / "store.db"
    for option, url in (
        ("--store", f"redis://alice:{password}@127.0.0.1:1/0"),
        ("--database", f"postgresql://alice:{password}@127.0.0.1:1/db"),
        ("--prometheus", f"http://alice:{password}@127.0.0.1:1"),
    ):
        stores = () if option == "--store" else ("--store", f"sqlite:///{store}")
        said = refused(run("ping", "generate", "--definitions", root, option, url, *stores))
        assert "cannot be read: write / # ? @ % in a name or a password as %2F %23 %3F %40 %25" in said
    assert "no payload" in run("ping", "show", "--store", f"sqlite:///{store}").stderr


def test_a_port_that_is_a_password_is_not_shown(root: Path) -> None:
    for option, url in (("--store", "redis://alice:s3cr3t"), ("--database", "postgresql://alice:s3cr3t/db")):
        stores = () if option == "--store" else ("--store", f"sqlite:///{root.parent}/store.db")
        refused(run("ping", "generate", "--definitions", root, option, url, *stores))


METRIC = """\
key_path: counts.{name}
status: active
time_frame: none
data_source: system
value_type: number
instrumentation_class: {name}
"""


def test_no_stored_reason_has_a_name_or_a_password(root: Path) -> None:
    """The failures of a payload leave the machine as its metadata."""
    for name in ("Rows", "Up"):
        write(root / f"metrics/counts_all/{name}.yml", METRIC.format(name=name))
    instrumentations = "Rows: {source: database, operation: count, table: rows}\nUp: {source: prometheus, query: up}\n"
    write(root / "instrumentations/all.yml", instrumentations)
    store = f"sqlite:///{root.parent}/store.db"
    sources = (
        *("--database", "postgresql://alice:s3c%23r3t@127.0.0.1:1/db"),
        *("--prometheus", "http://alice:s3c%23r3t@127.0.0.1:1"),
    )
    run("ping", "generate", "--definitions", root, "--store", store, *sources)
    shown = run("ping", "show", "--failures", "--store", store).stdout
    assert "counts.Rows" in shown
    assert "counts.Up" in shown
    assert not SECRET.search(shown), shown


def test_prometheus_is_asked_with_the_name_and_password_of_its_address(root: Path) -> None:
    write(root / "metrics/counts_all/Up.yml", METRIC.format(name="Up"))
    write(root / "instrumentations/all.yml", "Up: {source: prometheus, query: up}\n")
    answer = json.dumps({"data": {"resultType": "scalar", "result": [1, "7"]}})
    store = f"sqlite:///{root.parent}/store.db"
    with web(lambda _: (200, {}, answer)) as server:
        url = server.url.replace("http://", "http://al%20ice:s3c%2Fr%C3%A9t@")
        run("ping", "generate", "--definitions", root, "--store", store, "--prometheus", f"{url}/base")
    (request,) = server.requests
    assert request.headers["Authorization"] == f"Basic {base64.b64encode('al ice:s3c/rét'.encode()).decode()}"
    assert request.path.startswith("/base/api/v1/query?")
    assert "@" not in request.headers["Host"]


def test_addresses_of_pages_hold_no_password(root: Path) -> None:
    url = "https://alice:s3cr3t@gitlab.example/group/project"
    for option in ("--repository-url", "--site-url"):
        said = refused(run("build", "--definitions", root, "--output", root.parent / "site", option, url))
        assert f"the address of {option} has a name or a password in it" in said
    assert "the address of --site-url has a name or a password" in refused(run("validate", root, "--site-url", url))


@pytest.mark.parametrize("secret", ["?private_token=s3cr3t", "#s3cr3t", "?s3cr3t#x", "/-/edit/{file_path}?t=s3cr3t"])
def test_addresses_of_pages_have_no_parameters(root: Path, secret: str) -> None:
    url = f"https://gitlab.example/group/project{secret}"
    site = root.parent / "site"
    for option, arguments in (
        ("--repository-url", ("build", "--definitions", root, "--output", site)),
        ("--site-url", ("build", "--definitions", root, "--output", site)),
        ("--site-url", ("validate", root)),
        ("--site-url", ("validate", root, "--format", "sarif")),
    ):
        said = refused(run(*arguments, option, url))
        assert said.startswith(f"error: the address of {option} has parameters, which would be published: write ")
    assert not site.exists()


@pytest.mark.parametrize("location", ["//alice:s3cr3t@elsewhere.example/x", "/x#s3cr3t"])
def test_a_redirect_to_what_is_not_a_whole_address_shows_no_password(root: Path, location: str) -> None:
    with web(lambda _: (302, {"Location": location}, "")) as server:
        refused(run("check-payload", f"{server.url}/x", "--definitions", root))


@pytest.mark.parametrize("revision", ["HEAD@{2001-01-01 10:00:00}", "HEAD@{0}", "HEAD^{/Say it: better}", "v1.0@x"])
def test_a_revision_is_not_taken_for_a_password(root: Path, revision: str) -> None:
    assert "password" not in run("diff", revision, "--definitions", root).stderr


def test_a_setting_of_the_wrong_type_does_not_repeat_its_address(root: Path) -> None:
    settings = root.parent / "settings.toml"
    settings.write_text('store = ["redis://alice:s3cr3t@127.0.0.1/0"]\n', encoding="utf-8")
    refused(run("ping", "show", "--settings", settings))


def test_a_store_is_opened_and_named_without_its_password(redis_server: RedisServer) -> None:
    url = redis_server.url.replace("redis://", "redis://default:s3c%2Fr3t@")
    said = refused(run("ping", "show", "--store", url))
    assert said == f"error: no payload in {redis_server.url} yet; `ping generate` collects one\n"


def test_a_database_is_opened_and_named_without_its_password(postgres_server: PostgresServer, root: Path) -> None:
    write(root / "metrics/counts_all/Rows.yml", METRIC.format(name="Rows"))
    write(root / "instrumentations/all.yml", "Rows: {source: database, operation: count, table: pg_am}\n")
    store = f"sqlite:///{root.parent}/store.db"
    for name, seen in (("tester", "id"), ("alice", "does not exist")):
        url = postgres_server.url.replace("tester@", f"{name}:s3c%2Fr3t@")
        run("ping", "generate", "--definitions", root, "--store", store, "--database", url)
        shown = run("ping", "show", "--failures", "--store", store).stdout
        (reason,) = (line for line in shown.splitlines() if "counts.Rows" in line)
        assert seen in reason  # the table has no column id: the first one was let in
        assert not SECRET.search(shown), shown


def test_a_collector_gets_the_name_and_password_of_its_address_and_no_message_does() -> None:
    with web(lambda _: (200, {}, "")) as server:
        collector = Collector(server.url.replace("http://", "http://alice:s3c%23r3t@") + "/in")
        assert collector.post([{"e": "se"}]) == 200
        collector.close()
    (request,) = server.requests
    assert request.headers["Authorization"] == f"Basic {base64.b64encode(b'alice:s3c#r3t').decode()}"
    assert request.path == "/in/com.snowplowanalytics.snowplow/tp2"
    with pytest.raises(CollectorUnavailableError) as caught:
        Collector("http://alice:s3cr3t@127.0.0.1:1").post([])
    assert str(caught.value).startswith("collector http://127.0.0.1:1: ")


def test_a_collector_whose_address_cannot_be_read_is_refused_without_a_part_of_it() -> None:
    for name in ("hash", "slash", "digits", "question mark", "at sign", "one slash", "ftp", "space"):
        with pytest.raises(OperationalError, match="the collector's address") as caught:
            Collector(WEB[name])
        assert not SECRET.search(str(caught.value))
