from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.exports.definitions import (
    EVENT_FORMATS,
    METRIC_FORMATS,
    event_json,
    export_events,
    export_metrics,
    metric_json,
)
from metrics_dictionary.validation.schemas.definition_schemas import METRIC, schema
from tests.exports.export_dictionaries import CLOSED, OPENED, REVERSED, SMALL, metric

ROOT = Path(__file__).parents[2]


def test_the_yaml_holds_each_time_frame_sorted_by_key_path_in_the_authors_field_order() -> None:
    assert export_metrics(SMALL, "yaml") == (
        "---\n"
        "- key_path: boards.openers_monthly\n"
        "  time_frame: 28d\n"
        "  events:\n"
        "  - name: board_opened\n"
        "    unique: user.id\n"
        "- key_path: boards.openers_weekly\n"
        "  time_frame: 7d\n"
        "  events:\n"
        "  - name: board_opened\n"
        "    unique: user.id\n"
        "- description: Boards\n"
        "  key_path: counts.boards\n"
        "  milestone:\n"
        "  time_frame: all\n"
    )


def test_the_json_holds_the_same_list() -> None:
    text = export_metrics(SMALL, "json")
    assert text.startswith('[\n  {\n    "key_path": "boards.openers_monthly",\n')
    assert text.endswith("\n]\n")
    assert json.loads(text) == [dict(metric.fields) for metric in SMALL.expanded.values()]


def test_the_csv_has_a_record_for_each_metric_and_a_column_for_each_field() -> None:
    header, *records = csv.reader(io.StringIO(export_metrics(SMALL, "csv"), newline=""))
    assert header == [*schema(METRIC)["properties"]]
    boards = dict(zip(header, records[2], strict=True))
    assert (boards["key_path"], boards["description"], boards["milestone"]) == ("counts.boards", "Boards", "")
    openers = dict(zip(header, records[1], strict=True))
    assert openers["events"] == '[{"name":"board_opened","unique":"user.id"}]'


@pytest.mark.parametrize("format_name", METRIC_FORMATS)
def test_paths_are_added_last_and_only_when_asked_for(format_name: str) -> None:
    assert "file_path" not in export_metrics(SMALL, format_name)
    assert export_metrics(SMALL, format_name, include_paths=True).count("definitions/metrics/") == len(SMALL.expanded)


def test_the_path_is_the_last_field() -> None:
    last_line = export_metrics(SMALL, "yaml", include_paths=True).splitlines()[-1]
    assert last_line == "  file_path: definitions/metrics/counts_all/boards.yml"
    assert export_metrics(SMALL, "csv", include_paths=True).splitlines()[0].endswith(",file_path")


def test_the_events_are_sorted_by_action() -> None:
    assert export_events(SMALL, "yaml", include_paths=True) == (
        "---\n"
        "- action: board_closed\n"
        '  description: "Größe & \\U0001F680"\n'
        "  file_path: definitions/events/board_closed.yml\n"
        "- description: Somebody opens a board\n"
        "  action: board_opened\n"
        "  identifiers:\n"
        "  - user\n"
        "  file_path: definitions/events/board_opened.yml\n"
    )
    assert json.loads(export_events(SMALL, "json")) == [dict(event.fields) for event in SMALL.events]


def test_a_dictionary_without_definitions_gives_an_empty_list() -> None:
    empty = Dictionary(metrics=())
    assert [export_metrics(empty, name) for name in ("yaml", "json")] == ["--- []\n", "[]\n"]
    assert export_metrics(empty, "csv") == ",".join(schema(METRIC)["properties"]) + "\r\n"
    assert export_events(empty, "yaml") == "--- []\n"


@pytest.mark.parametrize("format_name", METRIC_FORMATS)
def test_the_order_of_the_files_changes_no_byte(format_name: str) -> None:
    assert export_metrics(SMALL, format_name) == export_metrics(REVERSED, format_name)
    if format_name in EVENT_FORMATS:
        assert export_events(SMALL, format_name) == export_events(REVERSED, format_name)


def test_neither_locale_nor_hash_seed_nor_time_zone_changes_a_byte() -> None:
    program = (
        "from export_dictionaries import SMALL\n"
        "from metrics_dictionary.exports.definitions import *\n"
        "texts = [export_metrics(SMALL, name) for name in METRIC_FORMATS]\n"
        "texts += [export_events(SMALL, name) for name in EVENT_FORMATS]\n"
        "print(ascii(texts))\n"
    )
    environments = [
        {"LC_ALL": "C", "PYTHONHASHSEED": "1", "TZ": "UTC", "PYTHONUTF8": "0"},
        {"LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "PYTHONUTF8": "1"},
    ]
    search_path = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, **environment, "PYTHONPATH": search_path},
            capture_output=True,
            check=True,
        ).stdout
        for environment in environments
    }
    assert len(outputs) == 1


@pytest.mark.parametrize("format_name", METRIC_FORMATS)
def test_a_definition_of_the_wrong_shape_is_exported_all_the_same(format_name: str) -> None:
    broken = metric(key_path="broken", description={"deep": [None, float("nan")]}, tiers="free", events=7, status=True)
    assert "broken" in export_metrics(Dictionary(metrics=(broken,)), format_name, include_paths=True)


def test_a_metric_stands_alone_with_its_time_frame_and_file() -> None:
    document = json.loads(metric_json(SMALL.expanded["boards.openers_weekly"]))
    assert list(document) == ["key_path", "time_frame", "events", "file_path"]
    assert (document["key_path"], document["time_frame"]) == ("boards.openers_weekly", "7d")
    assert document["file_path"] == "definitions/metrics/counts_28d/board_openers.yml"


def test_an_event_names_the_metrics_that_it_feeds() -> None:
    document = json.loads(event_json(OPENED, SMALL))
    assert list(document) == ["description", "action", "identifiers", "file_path", "metrics"]
    assert document["metrics"] == ["boards.openers_monthly", "boards.openers_weekly"]


def test_an_event_that_feeds_nothing_says_so() -> None:
    assert json.loads(event_json(CLOSED, SMALL))["metrics"] == []
