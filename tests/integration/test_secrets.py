"""A marker stands wherever a secret may; nothing that the program writes, answers or shows of itself repeats it."""

from __future__ import annotations

import http.client
import json
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.tokens import new_token
from tests.events.loopback_collector import LoopbackCollector
from tests.integration.serve_process import serving, write_root
from tests.program import COMMAND, run
from tests.server.running_server import API, raw
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

MARKER = "hUsH-hUsH"
EVENT = "page_viewed"

INSTRUMENTED = """\
---
key_path: counts.{name}
description: A value.
product_group: testing
status: active
milestone: "18.0"
introduced_by_url: https://gitlab.com/a/b/-/merge_requests/1
value_type: number
time_frame: all
data_source: system
data_category: optional
instrumentation_class: {name}
tiers: [free]
"""

INSTRUMENTATIONS = """\
Rows: {source: database, operation: count, table: rows}
Up: {source: prometheus, query: up}
Key: {source: setting, setting: instance.user_key}
Instance: {source: setting, setting: instance}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "definitions"
    write_root(root, EVENT)
    for name in ("Rows", "Up", "Key", "Instance"):
        (root / f"metrics/{name}.yml").write_text(INSTRUMENTED.format(name=name), encoding="utf-8")
    (root / "instrumentations").mkdir()
    (root / "instrumentations/all.yml").write_text(INSTRUMENTATIONS, encoding="utf-8")
    (tmp_path / "settings.toml").write_text(f'[instance]\nhostname = "h"\nuser_key = "{MARKER}"\n', encoding="utf-8")
    return tmp_path


def secret_file(folder: Path, name: str, value: str) -> dict[str, str]:
    file = folder / f"{name}.secret"
    file.write_text(f"{value}\n", encoding="utf-8")
    return {f"METRICS_DICTIONARY_{name}_FILE": str(file)}


def token_of(store: str) -> str:
    """Keep an administrator's token that has the marker in it, and return it."""
    secret, token = new_token(7, frozenset({"api"}), datetime.now(UTC), admin=True)
    with closing(open_store(store)) as opened:
        opened.add_token(token)
    return secret


def processes() -> str:
    """Return all that `ps` says of all processes, their environment included."""
    return subprocess.run(["ps", "axeww", "-o", "args"], capture_output=True, text=True, check=True).stdout


def test_nothing_that_a_server_says_repeats_a_secret(folder: Path) -> None:
    store = f"sqlite:///{folder}/store.db"
    token = token_of(store)
    answers = ""
    statuses = iter([500, 302, 400])
    with LoopbackCollector(status=lambda _: next(statuses, 200)) as collector:
        variables = {
            **secret_file(folder, "COLLECTOR", collector.url.replace("//", f"//alice:{MARKER}@")),
            **secret_file(folder, "DATABASE", f"postgresql://alice:{MARKER}@127.0.0.1:1/db"),
            **secret_file(folder, "PROMETHEUS", f"http://alice:{MARKER}@127.0.0.1:1"),
            "METRICS_DICTIONARY_PING_ENABLED": "true",
            "METRICS_DICTIONARY_PING_INTERVAL_DAYS": "1",
            "METRICS_DICTIONARY_SERVER_ACCESS_LOG": str(folder / "access.log"),
        }
        with serving(
            folder, "--settings", folder / "settings.toml", drain_seconds=0, wait=True, terminal=None, **variables
        ) as served:
            seen = processes()
            assert str(folder / "settings.toml") in seen
            answers += seen
            for target in targets(token):
                with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)) as client:
                    body = json.dumps({"event": EVENT, "send_to_snowplow": True})
                    headers = {"PRIVATE-TOKEN": token, "Content-Type": "application/json", "Accept": "text/html"}
                    for method, head in (("GET", headers), ("POST", headers), ("GET", {}), ("PUT", {})):
                        client.request(method, target, body if method != "GET" else None, head)
                        answer = client.getresponse()
                        answers += f"{answer.status} {answer.headers} {answer.read().decode()}\n"
            for line in (f"GET /{token}", f"GET http://a@b/{token} HTTP/1.1", f"GET /?{token} HTTP/9", f"{token}"):
                answers += raw(served.port, f"{line}\r\nHost: {token}\x00\r\n\r\n".encode(), timeout=1).decode()
            assert {"200", "308", "401", "404"} <= set(statuses_in(answers))
            assert eventually(lambda: collector.requests >= 3)
            assert eventually(lambda: "Rows" in run("ping", "show", "--failures", "--store", store).stdout)
            served.end()
            said = served.said + served.logged
    commands: tuple[tuple[str, ...], ...] = (
        ("ping", "show"),
        ("ping", "show", "--failures"),
        ("token", "list"),
        ("outbox", "list"),
        ("store", "info"),
        ("store", "backup", str(folder / "backup.db")),
        ("doctor",),
    )
    shown = "".join(str(run(*command, "--store", store, cwd=folder, **variables)) for command in commands)
    log = (folder / "access.log").read_text(encoding="utf-8")
    assert "No such command" not in shown
    assert "answered 400" in said + shown, "the collector was asked, and refused"
    files = [file for file in folder.rglob("*") if file.is_file() and file.suffix not in {".secret", ".toml"}]
    assert {"store.db", "backup.db", "access.log"} <= {file.name for file in files}
    kept = b"".join(file.read_bytes() for file in files)
    for secret in (MARKER, token, token.removeprefix("glpat-")):
        for place, text in {"answers": answers, "output": said, "commands": shown, "access log": log}.items():
            assert secret not in text, f"{place}: {text[max(0, text.index(secret) - 300) : text.index(secret) + 100]}"
        assert secret.encode() not in kept


def statuses_in(answers: str) -> list[str]:
    return [line.split()[0] for line in answers.splitlines() if line[:3].isdecimal()]


def targets(token: str) -> list[str]:
    """Return request targets in which somebody has put a token, rightly or not."""
    return [
        f"{API}/service_ping?private_token={token}",
        f"{API}/track_event?private_token={token}",
        f"{API}/queries?access_token={token}",
        f"{API}/nothing?private_token={token}",
        f"/metrics?q=x&private_token={token}",
        f"/metrics?q=x&private%5Ftoken={token}",
        f"/metrics%3Fprivate_token%3D{token}",
        f"/{token}/x",
        f"/metrics;private_token={token}",
        f"/-/readiness?private_token={token}",
        f"/-/metrics?private_token={token}",
    ]


@pytest.mark.parametrize("option", ["--collector", "--prometheus", "--database", "--store"])
def test_ps_shows_no_password_that_was_given_on_the_command_line(folder: Path, option: str) -> None:
    scheme = {"--database": "postgresql", "--store": "redis"}.get(option, "http")
    url = f"{scheme}://alice:{MARKER}@127.0.0.1:1/0"
    stored = ["--store", f"sqlite:///{folder}/store.db"] if option != "--store" else []
    command = [*COMMAND, "serve", "--definitions", str(folder / "definitions"), f"{option}={url}", option, url]
    with subprocess.Popen(
        [*command, *stored, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() != ""
            assert "serve" in processes()
            assert MARKER not in processes()
        finally:
            process.terminate()
            assert MARKER not in process.communicate(timeout=20)[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ("flag", "list", "redis://alice:{}@h/0"),
        ("redis://alice:{}@h/0",),
        ("--store=redis://alice:{}@h/0",),
        ("flag", "list", "--stroe=redis://alice:{}@h/0"),
        ("flag", "enable", "redis://alice:{}@h/0"),
        ("serve", "--port", "http://alice:{}@h"),
        ("diff", "HEAD", "HEAD", "https://h/x?private_token={}"),
        ("token", "create", "--user", "alice:{}@h", "--scopes", "api"),
        ("token", "create", "--user", "1", "--scopes", "alice:{}@h"),
    ],
)
def test_wrong_usage_does_not_repeat_a_password(folder: Path, arguments: tuple[str, ...]) -> None:
    done = run(*(argument.format(MARKER) for argument in arguments), cwd=folder)
    assert done.returncode == 2
    assert MARKER not in done.stdout + done.stderr
    assert "Error: " in done.stderr
