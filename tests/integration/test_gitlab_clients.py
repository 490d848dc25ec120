"""What clients of GitLab's API send, as they send it, each with its source: answered as GitLab answers it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.stores.store import CachedPayload
from tests.recipes.installed_wheel import kept_environment
from tests.server.running_server import API, Client, Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator

NODE_MODULES = Path(__file__).parents[2] / "node_modules"
PAYLOAD = {"recorded_at": "2026-11-24T21:56:44.113Z", "license": {}, "counts": {"assignee_lists": 0, "ci_builds": 463}}

EVENTS = {
    "mr_name_changed": ["lang"],
    "gitlab_cli_command_used": ["command_and_subcommand"],
    "code_suggestion_shown_in_ide": ["language"],
    "i_quickactions_page": [],
    "e2e_tests_selected_for_execution_gitlab_pipeline": [],
}
"""Event -> the properties that it declares beside the built-in ones."""


def a_dictionary() -> Dictionary:
    """Return the events above, and for each a metric that counts it."""
    return Dictionary(
        metrics=tuple(
            MetricDefinition(
                {"key_path": f"counts.{name}", "time_frame": "all", "data_source": "internal_events",
                 "events": [{"name": name}]},
                "metrics/a.yml",
            )
            for name in EVENTS
        ),
        event_definitions=tuple(
            EventDefinition(
                {"action": name, "internal_events": True,
                 "additional_properties": {declared: {"description": "x"} for declared in properties}},
                "events/a.yml",
            )
            for name, properties in EVENTS.items()
        ),
        instrumentations={},
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clients")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Running]:
    (folder / "settings.toml").write_text(
        '[project_ids]\n"OWNER/REPO" = 7\n[flags]\nusage_data_queries_api = true\nusage_data_non_sql_metrics = true\n',
        encoding="utf-8",
    )
    with running(folder, settings_file=folder / "settings.toml", dictionary=a_dictionary()) as served:
        served.store.save_payload(CachedPayload(datetime.now(UTC), json.dumps(PAYLOAD), "{}"))
        yield served


def counted(folder: Path, event: str) -> int:
    """Return how often an event was counted, as SQLite says."""
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        query = "SELECT value FROM totals WHERE key = ?"
        row = connection.execute(query, (f"{{event_counters}}_{event}",)).fetchone()
    return 0 if row is None else int(row[0])


@dataclass(frozen=True)
class Sent:
    """A request as its client sends it, and what it does: which event is counted, how often."""

    source: str
    path: str
    body: str
    event: str
    times: int = 1
    content_type: str = "application/json"
    token: str = "PRIVATE-TOKEN"
    unknown: str | None = None


DOCUMENT = "doc/api/usage_data.md of GitLab"
GLAB = "glab, commands/telemetry.go with client-go, usage_data.go"
SPEC = "spec/requests/api/usage_data_spec.rb of GitLab, by Rack::Test"
FRONTEND = "app/assets/javascripts/api.js of GitLab"
FORM = "application/x-www-form-urlencoded"
NAMED = '{"event":"mr_name_changed","namespace_id":%d,"project_id":%d,"additional_properties":{"lang":"eng"}}'

REQUESTS = (
    Sent(
        DOCUMENT,
        "track_event",
        '{"event": "mr_name_changed", "send_to_snowplow": true, "namespace_id": 1, "project_id": 1, '
        '"additional_properties": {"lang": "eng"}}',
        "mr_name_changed",
    ),
    Sent(DOCUMENT, "track_events", f'{{"events": [{NAMED % (1, 1)}, {NAMED % (2, 2)}]}}', "mr_name_changed", 2),
    Sent(
        GLAB + ", outside of a project",
        "track_event",
        '{"event":"gitlab_cli_command_used","send_to_snowplow":true,"namespace_id":0,"project_id":0,'
        '"additional_properties":{"command_and_subcommand":"mr list","label":"mr","property":"list"}}',
        "gitlab_cli_command_used",
        token="Authorization",
    ),
    Sent(
        GLAB + ", with a job's token",
        "track_event",
        '{"event":"gitlab_cli_command_used","send_to_snowplow":true,"namespace_id":123,"project_id":123,'
        '"additional_properties":{"command_and_subcommand":"version","label":"version","property":""}}',
        "gitlab_cli_command_used",
        token="JOB-TOKEN",
    ),
    Sent(
        "glab, commands/telemetry_test.go, newer than our definition",
        "track_event",
        '{"event":"gitlab_cli_command_used","project_path":"OWNER/REPO","send_to_snowplow":true,'
        '"additional_properties":{"architecture":"arm64","cli_version":"1.90.0","command_and_subcommand":"mr list",'
        '"label":"mr","platform":"darwin","property":"list"}}',
        "gitlab_cli_command_used",
        unknown="additional_properties.architecture, additional_properties.cli_version, additional_properties.platform",
    ),
    Sent(
        "the extension of GitLab for Visual Studio, UsageDataClient",
        "track_event",
        '{"event":"code_suggestion_shown_in_ide","namespace_id":9970,"project_id":42,"project_path":"gitlab-org/gitlab",'
        '"additional_properties":{"language":"csharp"},"send_to_snowplow":true}',
        "code_suggestion_shown_in_ide",
    ),
    Sent(
        "tooling/lib/tooling/events/track_pipeline_events.rb of GitLab",
        "track_event",
        '{"event":"e2e_tests_selected_for_execution_gitlab_pipeline","send_to_snowplow":true,"namespace_id":"1",'
        '"project_id":"2","additional_properties":{"label":"label","value":10,"property":"property"}}',
        "e2e_tests_selected_for_execution_gitlab_pipeline",
    ),
    Sent(FRONTEND, "increment_counter", '{"event":"i_quickactions_page"}', "i_quickactions_page"),
    Sent(FRONTEND, "increment_unique_users", '{"event":"i_quickactions_page"}', "i_quickactions_page", 0),
    Sent(
        SPEC,
        "track_event",
        "event=mr_name_changed&namespace_id=123&project_id=123&additional_properties[label]=label3"
        "&additional_properties[value]=10.5",
        "mr_name_changed",
        content_type=FORM,
        token="private_token",
    ),
    Sent(
        SPEC,
        "track_events",
        "events[][event]=mr_name_changed&events[][project_id]=1&events[][event]=mr_name_changed&events[][project_id]=2",
        "mr_name_changed",
        2,
        content_type=FORM,
        token="private_token",
    ),
    Sent(
        "lib/api/usage_data.rb of GitLab: `requires :events, type: Array[JSON]`",
        "track_events",
        "events=%5B" + (NAMED % (1, 1)).replace('"', "%22") + "%5D",
        "mr_name_changed",
        content_type=FORM,
    ),
    Sent(
        "the same, with a key that is there twice",
        "track_events",
        'events=[{"event":"x","event":"mr_name_changed"},{"event":"mr_name_changed"}]',
        "mr_name_changed",
        2,
        content_type=FORM,
        unknown="events[0].event",
    ),
    Sent(
        "curl --request POST, without a body", "track_event?event=mr_name_changed&project_id=1", "", "mr_name_changed"
    ),
)


@pytest.mark.parametrize("sent", REQUESTS, ids=lambda sent: f"{sent.path.partition('?')[0]} of {sent.source}")
def test_a_recorded_request_is_taken(served: Running, folder: Path, sent: Sent) -> None:
    before = counted(folder, sent.event)
    token = served.tokens["tracker"]
    headers = {"Content-Type": sent.content_type}
    path = f"{API}/{sent.path}"
    if sent.token == "private_token":
        path += f"?private_token={token}"
    else:
        headers[sent.token] = f"Bearer {token}" if sent.token == "Authorization" else token
    with closing(Client(served.port)) as client:
        answer = client.call("POST", path, sent.body.encode(), headers)
    assert (answer.status, answer.headers.get("x-unknown-properties")) == (200, sent.unknown)
    assert counted(folder, sent.event) == before + sent.times


@pytest.mark.parametrize("wrong", ['"no list"', '"[1"', '"[{}]"', '"{}"'])
def test_a_list_of_events_in_a_string_has_to_be_one(served: Running, wrong: str) -> None:
    with closing(Client(served.port)) as client:
        body = f'{{"events": {wrong}}}'.encode()
        answer = client.post_json(f"{API}/track_events", body, served.headers("tracker"))
    assert answer.status == 400
    assert b'"error":"events' in answer.body


EXAMPLES = {
    "service_ping": ("PRIVATE-TOKEN", "json"),
    "metric_definitions": ("", "yaml"),
    "queries": ("PRIVATE-TOKEN", "json"),
    "non_sql_metrics": ("PRIVATE-TOKEN", "json"),
}


@pytest.mark.parametrize("call", EXAMPLES)
def test_the_documents_examples_work_with_curl(served: Running, call: str) -> None:
    header, kind = EXAMPLES[call]
    command = ["curl", "--silent", "--show-error", "--fail", "--request", "GET", "--write-out", "\n%{content_type}"]
    if header:
        command += ["--header", f"{header}: {served.tokens['administrator']}"]
    url = f"http://127.0.0.1:{served.port}{API}/{call}"
    done = subprocess.run([*command, "--url", url], capture_output=True, text=True, check=True, timeout=30)
    body, _, content_type = done.stdout.rpartition("\n")
    assert content_type == f"application/{kind}"
    if kind == "yaml":
        assert body.startswith("---\n- key_path: counts.")
    else:
        assert "recorded_at" in json.loads(body)
        assert call != "service_ping" or json.loads(body) == PAYLOAD


PYTHON_GITLAB = """
import sys
import gitlab

url, administrator = sys.argv[1:]
for client in (gitlab.Gitlab(url, private_token=administrator), gitlab.Gitlab(url, job_token=administrator),
               gitlab.Gitlab(url, oauth_token=administrator)):
    assert client.http_get("/usage_data/service_ping")["counts"]["ci_builds"] == 463
    assert client.http_get("/usage_data/metric_definitions", include_paths=True).text.startswith("---")
    assert "recorded_at" in client.http_get("/usage_data/queries")
    assert "recorded_at" in client.http_get("/usage_data/non_sql_metrics")
    body = {"event": "mr_name_changed", "project_id": 0, "additional_properties": {"lang": "eng"}}
    client.http_post("/usage_data/track_event", post_data=body)
    client.http_post("/usage_data/track_events", post_data={"events": [body, body]})
    client.http_post("/usage_data/track_event", query_data={"event": "mr_name_changed"})
    client.http_post("/usage_data/increment_counter", post_data={"event": "mr_name_changed"})
    client.http_post("/usage_data/increment_unique_users", post_data={"event": "mr_name_changed"})
    try:
        client.http_post("/usage_data/track_event")
        raise AssertionError("an event without a name was taken")
    except gitlab.GitlabHttpError as error:
        assert (error.response_code, error.error_message) == (400, "event is missing"), error
try:
    gitlab.Gitlab(url, private_token="glpat-nobodys").http_get("/usage_data/service_ping")
    raise AssertionError("nobody's token was taken")
except gitlab.GitlabAuthenticationError as error:
    assert error.error_message == "401 Unauthorized", error
"""


def test_python_gitlab_is_answered(served: Running, folder: Path) -> None:
    before = counted(folder, "mr_name_changed")
    python = kept_environment("gitlab", ("python-gitlab==8.6.0",)) / "bin" / "python"
    url, token = f"http://127.0.0.1:{served.port}", served.tokens["administrator"]
    done = subprocess.run([python, "-c", PYTHON_GITLAB, url, token], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert counted(folder, "mr_name_changed") == before + 3 * 5


GITBEAKER = """
import { Gitlab } from "@gitbeaker/rest";
import assert from "node:assert";
const [host, token] = process.argv.slice(2);
for (const given of [{ token }, { oauthToken: token }, { jobToken: token }]) {
  const api = new Gitlab({ host, ...given });
  const found = await api.ServiceData.showMetricDefinitions();
  assert.match(typeof found === "string" ? found : await found.text(), /^---\\n- key_path: counts\\./);
  assert.ok("recorded_at" in (await api.ServiceData.showServicePingSQLQueries()));
  assert.ok("recorded_at" in (await api.ServiceData.showUsageDataNonSQLMetrics()));
}
const nobody = new Gitlab({ host, token: "glpat-nobodys" });
await assert.rejects(nobody.ServiceData.showServicePingSQLQueries(), (error) => error.cause.response.status === 401);
"""


@pytest.mark.skipif(not (NODE_MODULES / "@gitbeaker/rest").exists(), reason="@gitbeaker/rest is not installed")
def test_gitbeaker_is_answered(served: Running, folder: Path) -> None:
    (folder / "call.mjs").write_text(GITBEAKER, encoding="utf-8")
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(NODE_MODULES)
    url, token = f"http://127.0.0.1:{served.port}", served.tokens["administrator"]
    done = subprocess.run(["node", "call.mjs", url, token], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
