"""What an editor says and offers with the published schemas, by the real YAML language server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from metrics_dictionary.reading.read import read_dictionary
from metrics_dictionary.validation.engine.verdict import Verdict
from metrics_dictionary.validation.schemas.definition_schemas import EVENT, METRIC, schema
from metrics_dictionary.validation.schemas.published_schema import published_schema
from tests.small_root import event, metric
from tests.validation.yaml_language_server import PROGRAM, YamlLanguageServer

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
DEFINITIONS = REPOSITORY / "definitions"
ROWS = (DEFINITIONS / "metrics/counts_all/boards.yml").read_text(encoding="utf-8")
PROJECTS = (DEFINITIONS / "metrics/counts_7d/count_distinct_project_id_from_ci_template_included_7d.yml").read_text(
    encoding="utf-8"
)
LICENSE = (DEFINITIONS / "events/activate_license.yml").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="the YAML language server is not installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schemas")
    groups = read_dictionary(DEFINITIONS).dictionary.product_groups
    for kind in ("metric", "event"):
        (folder / f"{kind}.json").write_text(json.dumps(published_schema(kind, groups)))
    return folder


@pytest.fixture(scope="module")
def of_metrics(folder: Path) -> Iterator[YamlLanguageServer]:
    with YamlLanguageServer(folder / "metric.json") as server:
        server.marks([ROWS])  # the schema is loaded now
        yield server


@pytest.fixture(scope="module")
def of_events(folder: Path) -> Iterator[YamlLanguageServer]:
    with YamlLanguageServer(folder / "event.json") as server:
        server.marks([LICENSE])
        yield server


def changed(text: str, pattern: str, new: str) -> str:
    result, times = re.subn(pattern, new, text, count=1, flags=re.MULTILINE)
    assert times == 1, pattern
    return result


def test_nothing_is_marked_in_the_shipped_definitions(
    of_metrics: YamlLanguageServer, of_events: YamlLanguageServer
) -> None:
    for server, part in ((of_metrics, "metrics"), (of_events, "events")):
        texts = [path.read_text(encoding="utf-8") for path in sorted((DEFINITIONS / part).rglob("*.yml"))]
        assert len(texts) > 100
        assert [marks for marks in server.marks(texts) if marks] == []


VALID = "Value is not accepted. Valid values: "
COMPLETE_URL = "must be a complete URL such as https://example.com/changes/1"
VERSION = 'must be a version in quotes such as "16.10" or "<13.9"'

BY_VALUE = changed(
    changed(PROJECTS, "unique: .*", "unique: label\n  operator: total"),
    "value_type: .*",
    "value_type: object\ninstrumentation_class: UniqueTotalsMetric",
)
EXTRA = LICENSE + "extra_trackers:\n- tracking_class: A\n  protected_properties:\n    term:\n      description: B.\n"

FAULTY_METRICS = {
    PROJECTS + "instrumentation_class: CountRowsMetric\n": (
        "instrumentation_class: CountRowsMetric",
        "must not be there with `data_source: internal_events`; the `events` say how the value is computed",
    ),
    changed(ROWS, "^status: active", "status: activ"): ("status: activ", VALID + '"active", "removed", "broken".'),
    changed(ROWS, "^data_category:.*\n", ""): ("key_path: counts.boards", 'Missing property "data_category".'),
    ROWS + "colour: red\n": ("colour: red", "Property colour is not allowed."),
    changed(ROWS, "^milestone:.*", "milestone: 16.10"): ("milestone: 16.10", VERSION),
    changed(ROWS, "^time_frame:.*", "time_frame: 30d"): ("time_frame: 30d", VALID + '"7d", "28d", "all", "none".'),
    changed(ROWS, "^value_type:.*", "value_type: text"): (
        "value_type: text",
        VALID + '"string", "number", "boolean", "object".',
    ),
    changed(ROWS, "^- free", "- gold"): ("- gold", VALID + '"free", "premium", "ultimate".'),
    changed(ROWS, "^introduced_by_url:.*", "introduced_by_url: see above"): (
        "introduced_by_url: see above",
        COMPLETE_URL,
    ),
    changed(PROJECTS, "unique: .*", "unique: user.name"): (
        "  unique: user.name",
        VALID + '"user.id", "project.id", "namespace.id", "label", "property", "value".',
    ),
    changed(PROJECTS, "unique: .*", "operator: avg(value)"): (
        "  operator: avg(value)",
        VALID + '"sum(value)", "total".',
    ),
    changed(PROJECTS, "unique: .*", "unique: label\n  operator: total"): (
        "value_type: number",
        "must be `object` with `operator: total`",
    ),
    changed(BY_VALUE, "unique: .*", "unique: project.id"): (
        "  unique: project.id",
        "must be `label`, `property` or `value` with `operator: total`",
    ),
    changed(PROJECTS, "^- name: .*\n  ", "- "): ("- unique: project.id", 'Missing property "name".'),
    changed(PROJECTS, "^events:\n- .*\n  .*\n", ""): (
        "key_path: redis_hll_counters.ci_templates.count_distinct_project_id_from_ci_template_included_7d",
        "with `data_source: internal_events`, the selection rules say what is counted",
    ),
    changed(ROWS, "^status: active", "status: removed"): (
        "key_path: counts.boards",
        "a removed metric states the version and the change that removed it",
    ),
    changed(ROWS, "^status: active", "status: broken"): (
        "key_path: counts.boards",
        "a broken metric names the issue in which it is repaired",
    ),
    changed(ROWS, "^tiers:\n(- .*\n)+", "tiers: free\n"): ("tiers: free", 'Incorrect type. Expected "array".'),
    changed(ROWS, "^instrumentation_class:.*", "instrumentation_class: count boards"): (
        "instrumentation_class: count boards",
        "must be a class name such as CountCiBuildsMetric",
    ),
}
"""A faulty text -> the line at which an editor marks it, and what it says there, or begins with."""

FAULTY_EVENTS = {
    changed(LICENSE, "^- user", "- account"): ("- account", VALID + '"project", "user", "namespace"'),
    changed(LICENSE, "^    description: .*", "    description: Red.\n    about: Red."): (
        "    about: Red.",
        "Property about is not allowed.",
    ),
    LICENSE + "extra_trackers:\n- class: Boards::Tracking\n  tracking_class: Boards::Tracking\n": (
        "- class: Boards::Tracking",
        "Property class is not allowed.",
    ),
    LICENSE + 'status: active\nmilestone_removed: "17.1"\n': (
        'milestone_removed: "17.1"',
        "must not be there while the event is active",
    ),
    changed(LICENSE, "^description:.*\n", ""): ("internal_events: true", 'Missing property "description".'),
}


def test_nothing_is_marked_in_newer_definitions(of_metrics: YamlLanguageServer, of_events: YamlLanguageServer) -> None:
    assert [*of_metrics.marks([BY_VALUE]), *of_events.marks([EXTRA])] == [[], []]


def test_a_faulty_definition_is_marked_where_it_is_wrong_with_what_is_wrong(
    of_metrics: YamlLanguageServer, of_events: YamlLanguageServer
) -> None:
    for server, faulty in ((of_metrics, FAULTY_METRICS), (of_events, FAULTY_EVENTS)):
        for marks, (line, message) in zip(server.marks(faulty), faulty.values(), strict=True):
            (mark,) = marks
            assert mark.line == line
            assert mark.message.startswith(message)


def test_only_fields_of_a_metric_are_offered_for_one(of_metrics: YamlLanguageServer) -> None:
    fields = {name for name, field in schema(METRIC)["properties"].items() if not field.get("deprecated")}
    written = set(re.findall("^([a-z_]+):", ROWS, re.MULTILINE))
    assert set(of_metrics.offers(ROWS + "|\n")) == fields - written
    assert set(of_metrics.offers("---\nkey_path: a.b\n|\n")) == fields - {"key_path"}
    assert set(of_metrics.offers("---\nkey_path: a.b\ndata_source: internal_events\n|\n")) == (
        fields - {"key_path", "data_source"}
    )
    assert set(of_metrics.offers("|\n")) == fields
    assert set(of_metrics.offers("---\n|\n")) <= fields
    assert set(of_metrics.offers(PROJECTS.replace("- name: ", "- |"))) == {"name", "unique", "filter", "operator"}


def test_only_fields_of_an_event_are_offered_for_one(of_events: YamlLanguageServer) -> None:
    fields = {name for name, field in schema(EVENT)["properties"].items() if not field.get("deprecated")}
    assert set(of_events.offers("action: open_board\n|\n")) == fields - {"action"}


@pytest.mark.parametrize(("kind", "definition"), [("metric", metric()), ("event", event())])
def test_an_editor_has_the_verdict_of_the_check(kind: str, definition: dict[str, object]) -> None:
    """Each field in turn is left out, null, a number, a string, a list and a mapping."""
    own, published = schema(f"{kind}.json"), published_schema(kind)
    checks = [Verdict(own).accepts, Draft202012Validator(published).is_valid]
    for name in (*own["properties"], "unknown"):
        rest = {key: value for key, value in definition.items() if key != name}
        for value in (None, 1, "text", "a b", ["text"], {"text": 1}, "https://example.com/1", "removed", "broken"):
            verdicts = [check(rest | {name: value}) for check in checks]
            assert verdicts[0] == verdicts[1], (name, value)
        assert checks[0](rest) == checks[1](rest)
