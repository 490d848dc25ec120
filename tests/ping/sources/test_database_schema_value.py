from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from metrics_dictionary.ping.collect.collection import collect
from metrics_dictionary.ping.database.open_database import open_database
from metrics_dictionary.ping.database.structure import snapshot
from metrics_dictionary.ping.sources.evaluation import Sources
from tests.ping.collection_samples import NOW, dictionary, metric

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.ping.collect.payload import Payload
    from metrics_dictionary.ping.database.database import Database

DEFINED = dictionary(
    metric("schema_inconsistencies_metric", "SchemaMetric", value_type="object"),
    entries={"SchemaMetric": {"source": "database_schema"}},
)


def opened(folder: Path) -> Database:
    return open_database(f"sqlite:///{folder}/app.db", statement_timeout=1.0)


def payload_of(folder: Path) -> Payload:
    sources = Sources(database=opened(folder), schema_snapshot=folder / "expected.json")
    return collect(DEFINED, sources, now=NOW)


def test_differences_from_the_snapshot_are_the_value(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY)")
        (tmp_path / "expected.json").write_text(json.dumps(snapshot(opened(tmp_path))))
        assert payload_of(tmp_path).tree["schema_inconsistencies_metric"] == []
        connection.execute("CREATE TABLE extra (id INTEGER PRIMARY KEY)")
    assert payload_of(tmp_path).tree["schema_inconsistencies_metric"] == [
        {"object_name": "extra", "inconsistency_type": "extra_tables", "object_type": "table"}
    ]


def test_a_snapshot_that_cannot_be_read_is_a_reason(tmp_path: Path) -> None:
    payload = payload_of(tmp_path)
    assert payload.tree["schema_inconsistencies_metric"] == -1
    assert "expected.json: cannot read the expected structure" in payload.failures[0].reason
    (tmp_path / "expected.json").write_text("{}")
    assert (
        "expected.json: the file is not a snapshot of a database, whose keys are"
        in payload_of(tmp_path).failures[0].reason
    )
