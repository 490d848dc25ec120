"""What others make of the OpenAPI document: validators, a linter, and clients that are made from it and call us."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.recipes.installed_wheel import kept_environment
from tests.server.running_server import API, COUNTER, EVENT, Client, Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator

NODE_PROGRAMS = Path(__file__).parents[2] / "node_modules/.bin"
TOOLS = ("openapi-python-client==0.29.1", "openapi-spec-validator==0.9.0")
needs_node = pytest.mark.skipif(
    not (NODE_PROGRAMS / "redocly").exists() or not (NODE_PROGRAMS / "openapi-typescript").exists(),
    reason="redocly and openapi-typescript are not installed; tests/install-node-packages installs them",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("openapi")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Running]:
    with running(folder) as served:
        yield served


@pytest.fixture(scope="module")
def document(served: Running, folder: Path) -> Path:
    """Return the document in a file, as a client gets it."""
    with closing(Client(served.port)) as client:
        (folder / "openapi.json").write_bytes(client.get("/api/openapi.json").body)
    return folder / "openapi.json"


@pytest.fixture(scope="module")
def tools() -> Path:
    """Return the folder of programs that are too large for the tests' own environment."""
    return kept_environment("openapi", TOOLS) / "bin"


def run(*command: str | Path, cwd: Path, path: Path = NODE_PROGRAMS, **variables: str) -> str:
    variables = {**os.environ, "PATH": f"{path}:{os.environ['PATH']}", "REDOCLY_TELEMETRY": "off", **variables}
    done = subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_document_is_valid(document: Path, tools: Path) -> None:
    assert run(tools / "openapi-spec-validator", document, cwd=document.parent).endswith(": OK\n")


@needs_node
def test_redocly_finds_nothing_to_say(document: Path) -> None:
    found = run(
        "redocly", "lint", document, "--format=json", cwd=document.parent, REDOCLY_SUPPRESS_UPDATE_NOTICE="true"
    )
    report: dict[str, Any] = json.JSONDecoder().raw_decode(found[found.index('{\n  "totals"') :])[0]
    assert report["problems"] == []
    assert report["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}


CHECK = """
import type { components, paths } from "./client";

type Track = paths["/api/v4/usage_data/track_event"]["post"];
const body: Track["requestBody"]["content"]["application/json"] = { event: "mr_name_changed", project_id: 0 };
const event: components["schemas"]["Event"] = body;
const refused: keyof Track["responses"] = 422;
// @ts-expect-error an event has a name
const nameless: components["schemas"]["Event"] = { project_id: 1 };
export { event, nameless, refused };
"""


@needs_node
def test_openapi_typescript_makes_types_that_a_client_can_use(document: Path) -> None:
    folder = document.parent
    run("openapi-typescript", document, "--output", "client.ts", cwd=folder)
    (folder / "check.ts").write_text(CHECK, encoding="utf-8")
    run("tsc", "--noEmit", "--strict", "--skipLibCheck", "check.ts", cwd=folder)


CALL = """
import sys
from usage_data_client import AuthenticatedClient
from usage_data_client.api.default import increment_unique_users, service_ping, track_event, track_events
from usage_data_client.models import Event, EventAdditionalProperties, Forbidden, IncrementUniqueUsersBody
from usage_data_client.models import TrackEventsBody

url, tracker, event = sys.argv[1:]
client = AuthenticatedClient(url, tracker, prefix="", auth_header_name="PRIVATE-TOKEN")
properties = EventAdditionalProperties.from_dict({"lang": "eng", "color": "red"})
body = Event(event, project_id=0, additional_properties=properties)
said = track_event.sync_detailed(client=client, body=body)
assert (said.status_code, said.parsed.message) == (200, "200 OK"), said
assert said.headers["X-Unknown-Properties"] == "additional_properties.color"
said = track_events.sync_detailed(client=client, body=TrackEventsBody([body, body]))
assert said.status_code == 200, said
said = track_event.sync_detailed(client=client, body=Event("nothing"))
assert said.status_code == 422 and said.parsed.error.startswith("event: "), said
said = increment_unique_users.sync_detailed(client=client, body=IncrementUniqueUsersBody(event, values=[7]))
assert said.status_code == 403 and isinstance(said.parsed, Forbidden), said
said = service_ping.sync_detailed(client=client)
assert said.status_code == 200 and said.parsed.to_dict() == {}, said
"""


def test_openapi_python_client_makes_a_client_that_is_understood(
    served: Running, document: Path, tools: Path, folder: Path
) -> None:
    said = run(
        tools / "openapi-python-client", "generate", "--path", document, "--output-path", "made", cwd=folder, path=tools
    )
    # It knows no YAML, and says so of the one call that returns it; of nothing else.
    warnings = [line for line in said.splitlines() if line.startswith(("WARNING", "ERROR"))]
    assert warnings == ["WARNING parsing GET /api/v4/usage_data/metric_definitions within default."]
    (folder / "call.py").write_text(CALL, encoding="utf-8")
    url, token = f"http://127.0.0.1:{served.port}", served.tokens["tracker"]
    run(tools / "python", "call.py", url, token, EVENT, cwd=folder, PYTHONPATH=str(folder / "made"))
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        counted = connection.execute("SELECT value FROM totals WHERE key = ?", (COUNTER,)).fetchone()
    assert counted == (3,)


def test_errors_are_described_once(document: Path) -> None:
    read = json.loads(document.read_bytes())
    assert read["servers"][0]["url"] == "/"
    for path, operations in read["paths"].items():
        for operation in operations.values():
            errors = {status: answer for status, answer in operation["responses"].items() if status in "401 403 429"}
            assert all("$ref" in answer for answer in errors.values()), path
            if "requestBody" in operation:
                assert list(operation["requestBody"]["content"]) == ["application/json"]
    assert set(read["components"]["schemas"]) >= {"Error", "Event", "Message"}
    assert API in next(iter(read["paths"]))
