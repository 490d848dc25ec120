from __future__ import annotations

import json
import re
from itertools import product
from typing import TYPE_CHECKING

from tests.program import run
from tests.small_root import event, metric, write, write_boards

if TYPE_CHECKING:
    from pathlib import Path

STATUSES = ("active", "broken", "removed")
DATA_SOURCES = ("database", "redis", "redis_hll", "prometheus", "system", "license", "internal_events")


def test_missing_instrumentation_names_the_metrics_whose_value_the_collection_cannot_compute(tmp_path: Path) -> None:
    root = write_boards(tmp_path / "definitions")
    for source, status in product(DATA_SOURCES, STATUSES):
        fields = metric(key_path=f"counts.{source}_{status}", data_source=source, status=status)
        del fields["instrumentation_class"]
        write(root / "metrics" / "counts_all" / f"{source}_{status}.yml", fields)

    store = ("--store", f"sqlite:///{tmp_path / 'store.db'}")
    run("ping", "generate", "--definitions", root, *store)
    shown = run("ping", "show", "--failures", *store).stdout
    uncomputed = {line.split()[0] for line in shown.splitlines() if "does not say how to compute the value" in line}

    assert len(uncomputed) == 8
    assert found(root, "missing-instrumentation") == {f"{name.removeprefix('counts.')}.yml" for name in uncomputed}


def test_missing_instrumentation_is_silent_in_a_root_without_instrumentations(tmp_path: Path) -> None:
    fields = metric()
    del fields["instrumentation_class"]
    write(tmp_path / "metrics" / "counts_all" / "boards.yml", fields)
    assert found(tmp_path, "missing-instrumentation") == set()


def test_removed_event_names_every_active_metric_that_reads_one_and_no_other(tmp_path: Path) -> None:
    ways: dict[str, dict[str, object]] = {
        "events": {"data_source": "internal_events", "events": [{"name": "EVENT"}]},
        "event": {"data_source": "redis", "options": {"event": "EVENT", "prefix": None}},
        "options": {"data_source": "redis_hll", "options": {"events": ["EVENT"]}},
    }
    expected = set()
    for way, status, name in product(ways, STATUSES, ("kept", "ended")):
        fields = json.loads(json.dumps(metric(status=status) | ways[way]).replace("EVENT", name))
        write(tmp_path / "metrics" / "counts_all" / f"{way}_{status}_{name}.yml", fields)
        if status == "active" and name == "ended":
            expected.add(f"{way}_{status}_{name}.yml")
    write(tmp_path / "events" / "kept.yml", event(action="kept"))
    write(tmp_path / "events" / "ended.yml", event(action="ended", status="removed"))
    assert len(expected) == 3
    assert found(tmp_path, "removed-event") == expected


def test_removed_metric_names_the_sums_that_the_collection_cannot_compute(tmp_path: Path) -> None:
    root = write_boards(tmp_path / "definitions")
    classes: dict[str, object] = {"SystemMetric": {"source": "setting", "setting": "boards", "default": 3}}
    for status in ("active", "broken", "removed"):
        fields = metric(key_path=f"counts.{status}", status=status, instrumentation_class="SystemMetric")
        write(root / "metrics" / "counts_all" / f"{status}.yml", fields)
        name = f"SumOf{status.title()}Metric"
        classes[name] = {"source": "numbers", "operation": "add", "metrics": [f"counts.{status}"]}
        fields = metric(key_path=f"counts.sum_of_{status}", instrumentation_class=name)
        write(root / "metrics" / "counts_all" / f"sum_of_{status}.yml", fields)
        write(root / "instrumentations" / f"{status}.yml", {name: classes[name]})
    write(root / "instrumentations" / "plan.yml", {"SystemMetric": classes["SystemMetric"]})

    store = ("--store", f"sqlite:///{tmp_path / 'store.db'}")
    run("ping", "generate", "--definitions", root, *store)
    shown = run("ping", "show", "--failures", *store).stdout
    uncomputed = {line.split()[0] for line in shown.splitlines() if "is removed" in line}

    assert uncomputed == {"counts.sum_of_removed"}
    assert found(root, "removed-metric-in-use") == {"removed.yml"}


def found(root: Path, rule: str) -> set[str]:
    """Return the names of the files about which a rule has something to say."""
    findings = json.loads(run("validate", root, "--format", "json").stdout)["findings"]
    return {re.sub(r".*/", "", finding["file"]) for finding in findings if finding["rule"] == rule}
