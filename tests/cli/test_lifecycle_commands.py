"""The commands that compare: editions of the definitions with each other, and payloads with definitions."""

from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.changes.repositories import LOAVES, METRIC, change, make_repository
from tests.program import run
from tests.repository import commit
from tests.small_root import write

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root whose last commit breaks a promise."""
    root = make_repository(tmp_path)
    write(root / "product_groups.yml", '---\novens:\n  name: Ovens\n  contact: "#g_ovens"\n')
    commit(root.parent)
    change(root, "value_type: number", "value_type: string")
    commit(root.parent)
    return root


def assert_one_line_of_trouble(result: subprocess.CompletedProcess[str], words: str) -> None:
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1, result.stderr
    assert words in result.stderr


@contextmanager
def served(body: bytes, status: int = 200) -> Iterator[tuple[str, list[str | None]]]:
    """Serve one body at every path; the list takes the token of each request."""
    tokens: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            tokens.append(self.headers.get("PRIVATE-TOKEN"))
            self.send_response(status)
            self.send_header("Location", "https://elsewhere.example/")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the output of the tests clean."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/definitions.yml", tokens
        finally:
            server.shutdown()
            thread.join()


def test_a_broken_promise_is_an_error_on_the_line_that_broke_it(root: Path) -> None:
    result = run("validate", "definitions", "--against", "HEAD~1", cwd=root.parent)
    assert result.returncode == 1
    assert f"definitions/{LOAVES}:5:13: error[changed-value-type]: " in result.stdout
    assert "5 | value_type: string\n" in result.stdout
    assert "note: compared with HEAD~1 (" in result.stderr


def test_a_comment_with_a_reason_suppresses_a_broken_promise_and_is_unneeded_without_one(root: Path) -> None:
    change(root, "value_type", "# metrics-dictionary: ignore changed-value-type -- nobody read it yet\nvalue_type")
    assert "changed-value-type" not in run("validate", "definitions", "--against", "HEAD~1", cwd=root.parent).stdout
    assert "unused-suppression" not in run("validate", "definitions", cwd=root.parent).stdout
    assert "unused-suppression" in run("validate", "definitions", "--against", "HEAD", cwd=root.parent).stdout


def test_a_deleted_file_is_told_also_when_only_changed_lines_or_named_files_are(root: Path) -> None:
    write(root / "metrics" / "counts_all" / "rolls.yml", METRIC.replace("loaves_sold", "rolls_sold"))
    (root / LOAVES).unlink()
    only_changed = run("validate", "definitions", "--against", "HEAD", "--changed-only", "HEAD", cwd=root.parent)
    assert f"definitions/{LOAVES}:1:1: error[deleted-definition]" in only_changed.stdout
    named = run("validate", "definitions/metrics/counts_all/rolls.yml", "--against", "HEAD", cwd=root.parent)
    assert f"definitions/{LOAVES}:1:1: error[deleted-definition]" in named.stdout


def test_definitions_are_compared_with_a_folder_a_file_and_a_url(root: Path, tmp_path: Path) -> None:
    old = write(tmp_path / "old" / LOAVES, METRIC).parents[2]
    combined = run("export", "--definitions", old, cwd=tmp_path).stdout
    file = write(tmp_path / "old.yml", combined)
    with served(combined.encode()) as (url, _):
        for against in (str(old), str(file), url):
            result = run("validate", "definitions", "--against", against, cwd=root.parent)
            assert "error[changed-value-type]" in result.stdout, result.stderr
            assert result.returncode == 1


def test_an_event_that_loses_what_a_metric_adds_up_breaks_the_metric(root: Path) -> None:
    change(root, "- name: loaf_sold", "- name: loaf_sold\n  operator: sum(value)")
    event = root / "events/loaf_sold.yml"
    without = event.read_text(encoding="utf-8")
    write(event, f"{without}additional_properties:\n  value:\n    description: Grams.\n")
    commit(root.parent)
    write(event, without)
    told = run("diff", "HEAD", cwd=root.parent).stdout
    assert "no longer carries `value`, needed by `counts.loaves_sold`" in told
    assert "      affects counts.loaves_sold\n" in told
    assert "  - affects `counts.loaves_sold`\n" in run("diff", "HEAD", "--format", "markdown", cwd=root.parent).stdout


def test_standard_input_is_compared_with_nothing(root: Path) -> None:
    arguments = ("validate", "--stdin-filename", f"definitions/{LOAVES}", "-", "--against", "HEAD")
    result = run(*arguments, cwd=root.parent, given=METRIC)
    assert result.returncode == 2
    assert "--against compares files" in result.stderr


@pytest.mark.parametrize("command", [("validate", "definitions", "--against"), ("diff",), ("changelog", "--since")])
def test_what_is_nothing_to_compare_with_is_one_line_of_trouble(root: Path, command: tuple[str, ...]) -> None:
    binary = root.parent / "binary.yml"
    binary.write_bytes(b"\x7fELF\x00\xff\xfe")
    assert_one_line_of_trouble(run(*command, "nope", cwd=root.parent), "nope: this is not a URL, a file")
    assert_one_line_of_trouble(run(*command, binary, cwd=root.parent), "binary.yml:1:")
    assert_one_line_of_trouble(run(*command, "http://127.0.0.1:1/x", cwd=root.parent), "no answer")
    with served(b"", 302) as (url, _):
        assert_one_line_of_trouble(run(*command, url, cwd=root.parent), "it points to https://elsewhere.example/")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_one_line_of_trouble(root: Path) -> None:
    file = write(root.parent / "secret.yml", METRIC)
    file.chmod(0)
    assert_one_line_of_trouble(run("diff", file, cwd=root.parent), "Permission denied")


def test_a_difference_tells_what_breaks_by_its_exit_status(root: Path) -> None:
    result = run("diff", "HEAD~1", "HEAD", cwd=root.parent)
    assert result.returncode == 1
    assert result.stdout.startswith("Ovens (#g_ovens)\n  changed metric counts.loaves_sold\n")
    assert "1 changed. 1 definition with breaking changes." in result.stdout
    change(root, "Count of rye", "Number of rye")
    harmless = run("diff", "HEAD", cwd=root.parent)
    assert harmless.returncode == 0
    assert "description: Count of rye" in harmless.stdout


def test_a_difference_is_a_comment_or_a_document_on_request(root: Path) -> None:
    comment = run("diff", "HEAD~1", "--format", "markdown", cwd=root.parent)
    assert comment.stdout.startswith("## Definitions: 1 changed\n\n**1 definition with breaking changes.**\n")
    document = json.loads(run("diff", "HEAD~1", "--format", "json", cwd=root.parent).stdout)
    assert document["summary"]["breaking"] == 1


def test_release_notes_are_made_from_the_same_difference_and_are_no_check(root: Path) -> None:
    result = run("changelog", "--since", "HEAD~1", cwd=root.parent)
    assert result.returncode == 0
    assert (
        "### Not comparable with earlier numbers\n\n- metric `counts.loaves_sold`; changed: `value_type`"
        in result.stdout
    )
    until = json.loads(
        run("changelog", "--since", "HEAD~2", "--until", "HEAD~1", "--format", "json", cwd=root.parent).stdout
    )
    assert until["summary"]["changed"] == 0


def test_a_payload_as_defined_is_one_line_and_exit_status_0(root: Path) -> None:
    payload = write(root.parent / "payload.json", '{"recorded_at": "x", "counts": {"loaves_sold": "12"}}')
    result = run("check-payload", payload, cwd=root.parent)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "Compared with 1 metric: nothing to report.\n"


def test_a_payload_that_is_not_as_defined_is_told_by_kind_and_exit_status(root: Path) -> None:
    result = run("check-payload", "-", cwd=root.parent, given='{"counts": {"loaves_slod": 12}}')
    assert result.returncode == 1
    assert (
        "error[unknown-key]: 1 without a definition\n  counts.loaves_slod; did you mean counts.loaves_sold?\n"
        in result.stdout
    )
    assert "error[missing-metric]: 1 active, but missing\n  counts.loaves_sold (owner ovens)\n" in result.stdout
    assert result.stdout.endswith("Compared with 1 metric: 2 errors.\n")
    document = json.loads(run("check-payload", "-", "--format", "json", cwd=root.parent, given="{}").stdout)
    assert document == {
        "findings": [{"kind": "missing-metric", "severity": "error", "key_path": "counts.loaves_sold"}],
        "summary": {"errors": 1, "warnings": 0},
    }


def test_optional_metrics_need_not_be_there_and_fallback_values_fail_on_request(root: Path) -> None:
    assert run("check-payload", "-", "--without-optional", cwd=root.parent, given="{}").returncode == 0
    fallback = '{"counts": {"loaves_sold": -1}}'
    assert run("check-payload", "-", cwd=root.parent, given=fallback).returncode == 0
    assert run("check-payload", "-", "--fail-on", "warning", cwd=root.parent, given=fallback).returncode == 1


def test_a_payload_is_fetched_with_a_token_that_stays_out_of_every_message(root: Path) -> None:
    token = {"METRICS_DICTIONARY_TOKEN": "secret-token"}
    with served(b'{"counts": {"loaves_sold": "12"}}') as (url, tokens):
        assert run("check-payload", url, cwd=root.parent, **token).returncode == 0
    assert tokens == ["secret-token"]
    with served(b"", 401) as (url, _):
        result = run("check-payload", url, cwd=root.parent, **token)
    assert_one_line_of_trouble(result, "answered 401 Unauthorized; give a token")
    assert "secret-token" not in result.stderr


def test_a_payload_that_breaks_a_schema_is_told_where_and_by_which(root: Path) -> None:
    change(root, "value_type: string", "value_type: object\nvalue_json_schema: object_schemas/loaves.json")
    write(root / "object_schemas/loaves.json", '{"type": "object", "properties": {"rye": {"type": "integer"}}}')
    given = '{"counts": {"loaves_sold": {"rye": "many"}}}'
    result = run("check-payload", "-", cwd=root.parent, given=given)
    assert result.returncode == 1
    assert "  counts.loaves_sold: /rye, by object_schemas/loaves.json" in result.stdout
    write(root / "object_schemas/loaves.json", '{"type": "object", "patternProperties": {"(?=a)": {}}}')
    assert (
        "  counts.loaves_sold: object_schemas/loaves.json"
        in run("check-payload", "-", cwd=root.parent, given=given).stdout
    )


def test_what_is_not_found_or_too_large_to_be_a_payload_is_one_line_of_trouble(root: Path) -> None:
    with served(b"", 404) as (url, _):
        assert_one_line_of_trouble(run("check-payload", url, cwd=root.parent), "404 Not Found; check the address")
    large = root.parent / "large.json"
    with large.open("wb") as file:
        file.truncate(200_000_000)
    assert_one_line_of_trouble(run("check-payload", large, cwd=root.parent), "large.json")


def test_a_flattened_payload_is_told_to_nest_and_its_metrics_are_not_missing(root: Path) -> None:
    result = run("check-payload", "-", cwd=root.parent, given='{"counts.loaves_sold": 12}')
    assert result.returncode == 1
    assert 'counts.loaves_sold; the key has dots in it, but a payload nests: {"counts": {"loaves_sold": 12}}' in (
        result.stdout
    )
    assert "did you mean" not in result.stdout
    assert "missing-metric" not in result.stdout


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"])
def test_a_payload_may_be_utf_8_or_utf_16_with_its_mark(root: Path, tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding.startswith("utf-16") else ""
    payload = tmp_path / "payload.json"
    payload.write_bytes(f'{mark}{{"counts": {{"loaves_sold": "many"}}}}'.encode(encoding))
    assert run("check-payload", payload, cwd=root.parent).returncode == 0
    payload.write_bytes(b'{"a": "\xe9"}')
    assert_one_line_of_trouble(run("check-payload", payload, cwd=root.parent), "neither UTF-8 nor UTF-16")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("[1]", "expected a JSON object"),
        ('{"a": NaN}', "NaN is not a JSON value"),
        ('{"a"\n1}', "-:2:1: not valid JSON"),
        ('{"a":' * 100_000, "not valid JSON"),
        ("", "not valid JSON"),
    ],
)
def test_what_is_no_payload_is_one_line_of_trouble(root: Path, given: str, words: str) -> None:
    assert_one_line_of_trouble(run("check-payload", "-", cwd=root.parent, given=given), words)
