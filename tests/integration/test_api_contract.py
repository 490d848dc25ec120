"""Everything that the OpenAPI document says, driven with data that it allows and with data that it does not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.program import REPOSITORY
from tests.server.running_server import EVENT, Client, Running, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
POSTS = ["track_event", "track_events", "increment_counter", "increment_unique_users"]
EXPORTS = ["service_ping", "metric_definitions", "queries", "non_sql_metrics"]
CALLS = [*EXPORTS, *POSTS, "liveness", "readiness", "metrics", "openapi.json"]
FLAGS = {"flags.usage_data_queries_api": True, "flags.usage_data_non_sql_metrics": True}

EXAMPLES = settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("contract"), settings=FLAGS) as served:
        yield served


@pytest.fixture(scope="module")
def document(served: Running) -> dict[str, Any]:
    client = Client(served.port)
    document: dict[str, Any] = json.loads(client.get("/api/openapi.json").body)
    client.close()
    return document


@pytest.fixture(scope="module")
def operations(served: Running, document: dict[str, Any]) -> dict[str, Any]:
    schema: Any = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=f"http://127.0.0.1:{served.port}")
    operations = [result.ok() for result in schema.get_all_operations()]
    return {operation.path.rpartition("/")[2]: operation for operation in operations}


@pytest.mark.parametrize("role", ["administrator", "reader"])
@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize("name", CALLS)
def test_a_call_answers_as_documented_whatever_it_is_given(
    served: Running, operations: dict[str, Any], name: str, mode: str, role: str
) -> None:
    _drive(served, operations[name], mode, role)


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize("name", POSTS)
def test_an_event_that_is_known_is_taken_or_refused_as_documented(
    served: Running, operations: dict[str, Any], name: str, mode: str
) -> None:
    """Most events that schemathesis makes up have no definition, and nothing else is looked at; these have."""
    _drive(served, operations[name], mode, "administrator", _name_a_known_event)


def _drive(
    served: Running, operation: Any, mode: str, role: str, change: Callable[[Any], None] = lambda _case: None
) -> None:
    calls = []

    @EXAMPLES
    @given(operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode)))
    def call(case: Any) -> None:
        change(case)
        calls.append(case.call_and_validate(headers=served.headers(role), checks=CHECKS, timeout=10).status_code)

    try:
        call()
    except Unsatisfiable:
        assert mode == "negative"  # nothing about a call without parameters can be wrong
        return
    assert calls


def _name_a_known_event(case: Any) -> None:
    if isinstance(case.body, dict):
        for body in (case.body, *_listed(case.body.get("events"))):
            if isinstance(body, dict) and isinstance(body.get("event"), str):
                body["event"] = EVENT
                if isinstance(properties := body.get("additional_properties"), dict):
                    body["additional_properties"] = {"lang": next(iter(properties.values()), "eng")}


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def test_the_examples_of_the_document_work(served: Running, document: dict[str, Any]) -> None:
    client = Client(served.port)
    tried = 0
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if "requestBody" in operation:
                example = operation["requestBody"]["content"]["application/json"]["example"]
                answer = client.post_json(path, example, served.headers("administrator"))
                assert answer.status == 200, (path, answer.body)
                tried += 1
    client.close()
    assert tried == 4


def test_the_document_names_every_call(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [path.rpartition("/")[2] for path in document["paths"]] == CALLS


def test_the_guide_has_every_status_of_an_error_that_the_document_has(document: dict[str, Any]) -> None:
    guide = (REPOSITORY / "site_src/guides/http-api.md").read_text(encoding="utf-8")
    _, _, table = guide.partition("## When something is wrong")
    told = set(re.findall(r"^\| (\d{3}) \|", table, re.MULTILINE))
    calls = [call for path in document["paths"].values() for call in path.values() if isinstance(call, dict)]
    errors = {status for call in calls for status in call.get("responses", {}) if status >= "400"}
    assert {"403", "411", "413", "415"} <= errors
    assert errors <= told
