from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.dictionary.dictionary import Dictionary, Instrumentation
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.ping.query.sql import statement
from metrics_dictionary.ping.query.time_window import time_window
from metrics_dictionary.reading.read import read_dictionary
from metrics_dictionary.sample.database import create_sample_database
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EXAMPLE = {
    "counts.assignee_lists": 0,
    "counts.ci_builds": 463,
    "counts.ci_external_pipelines": 0,
    "counts.ci_pipeline_config_auto_devops": 0,
    "counts.ci_pipeline_config_repository": 0,
    "counts.ci_triggers": 0,
    "counts.ci_pipeline_schedules": 0,
}
"""The counts in the answer of `GET service_ping` that the usage-data API's document shows."""


@pytest.fixture(scope="module")
def shipped() -> Dictionary:
    return read_dictionary(Path(__file__).parents[2] / "definitions").dictionary


def values(dictionary: Dictionary, path: Path) -> Mapping[str, float]:
    found = {}
    with closing(sqlite3.connect(path)) as connection:
        for metric in dictionary.expanded.values():
            instrumentation = (dictionary.instrumentations or {}).get(metric.instrumentation_class or "")
            if instrumentation and instrumentation.source == "database":
                window = time_window(metric.time_frames[0], NOW)
                sql = statement(instrumentation, metric, window)
                found[metric.key_path] = connection.execute(sql).fetchone()[0]
    return found


def test_every_shipped_database_metric_can_be_computed_and_the_examples_counts_come_out(
    shipped: Dictionary, tmp_path: Path
) -> None:
    path = tmp_path / "var" / "application.db"
    create_sample_database(shipped, path, NOW)
    found = values(shipped, path)
    assert len(found) > 150
    assert {key_path: found[key_path] for key_path in EXAMPLE} == EXAMPLE
    assert sum(bool(value) for value in found.values()) > len(found) * 0.7


def test_a_database_that_is_there_is_left_alone(shipped: Dictionary, tmp_path: Path) -> None:
    path = tmp_path / "application.db"
    path.write_text("mine", encoding="utf-8")
    create_sample_database(shipped, path, NOW)
    assert path.read_text(encoding="utf-8") == "mine"


def test_names_and_conditions_in_an_authors_sql_become_columns(tmp_path: Path) -> None:
    fields = {
        "source": "database",
        "operation": "count",
        "table": "boards",
        "joins": [{"sql": "JOIN milestones USING (project_id)"}],
        "conditions": [
            {"sql": "weight > 3 AND name != 'a from b' OR EXISTS (SELECT 1 FROM lists WHERE lists.a = boards.id)"}
        ],
    }
    metric = MetricDefinition({"key_path": "counts.x", "time_frame": "all", "instrumentation_class": "X"}, "x.yml")
    dictionary = Dictionary((metric,), instrumentations={"X": Instrumentation("X", fields, "x.yml")})
    create_sample_database(dictionary, tmp_path / "x.db", NOW)
    assert set(values(dictionary, tmp_path / "x.db")) == {"counts.x"}


def test_a_place_that_cannot_be_written_is_one_line(shipped: Dictionary, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OperationalError, match="cannot write the sample database"):
        create_sample_database(shipped, tmp_path / "file" / "application.db", NOW)
