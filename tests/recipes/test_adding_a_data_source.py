"""The recipe of a data source, followed in a copy of the package: a file, a row, and its name in the schema."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "generator" / "metrics_dictionary"

READER = """
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics_dictionary.ping.sources.evaluation import Evaluation


def dice_value(evaluation: Evaluation) -> int:
    return 4
"""
ROW = '    "dice": DataSource("dice.dice_value", lambda _: "Throws a die"),\n'

METRIC = """\
---
key_path: dice
description: What was thrown.
instrumentation_class: DiceMetric
time_frame: none
data_source: system
value_type: number
status: active
"""


def test_a_data_source_is_a_file_and_a_row(tmp_path: Path) -> None:
    package = tmp_path / "generator" / SOURCE.name
    shutil.copytree(SOURCE, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "ping" / "sources" / "dice.py").write_text(READER)
    insert(package / "ping" / "query" / "data_sources.py", "DATA_SOURCES = {\n", ROW)
    insert(package / "validation" / "schemas" / "instrumentation.json", '"enum": [', '"dice", ')
    write(tmp_path / "definitions" / "metrics" / "dice.yml", METRIC)
    write(tmp_path / "definitions" / "instrumentations" / "dice.yml", "---\nDiceMetric:\n  source: dice\n")

    findings = run(tmp_path, "validate")
    assert "metrics/dice.yml" in findings
    assert "instrumentations/dice.yml" not in findings
    assert "Throws a die." in run(tmp_path, "explain", "dice")
    run(tmp_path, "ping", "generate")
    assert '"dice": 4' in run(tmp_path, "ping", "show")


def insert(file: Path, after: str, text: str) -> None:
    before, _, rest = file.read_text().partition(after)
    file.write_text(before + after + text + rest)


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def run(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "metrics_dictionary.cli.main", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(folder / "generator"), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    return ended.stdout + ended.stderr
