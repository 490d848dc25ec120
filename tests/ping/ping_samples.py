"""Instrumentations and metrics for the tests of ``ping``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jsonschema import Draft202012Validator

import metrics_dictionary.validation
from metrics_dictionary.dictionary.dictionary import Instrumentation
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.parse import parse
from metrics_dictionary.reading.root import SourceFile

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = Path(metrics_dictionary.validation.__file__).parent / "schemas" / "instrumentation.json"


def an_instrumentation(entry: Mapping[str, object]) -> Instrumentation:
    return Instrumentation("SampleMetric", entry, "definitions/instrumentations/samples.yml")


def a_metric(
    time_frame: str = "all", options: Mapping[str, object] | None = None, **fields: object
) -> MetricDefinition:
    given: dict[str, object] = {"key_path": "counts.samples", "time_frame": time_frame, **fields}
    if options is not None:
        given["options"] = options
    return MetricDefinition(given, "definitions/metrics/counts_all/samples.yml")


def written(name: str) -> object:
    """Read a YAML file beside the tests of `ping.query` as the definitions are read."""
    path = Path(__file__).parent / "query" / name
    parsed = parse(SourceFile(path, name, name, Kind.INSTRUMENTATIONS), path.read_bytes())
    assert parsed.document is not None, parsed.diagnostics
    return parsed.document.data


def cases(name: str) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", written(name))


def schema() -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(SCHEMA.read_text(encoding="utf-8")))


VALIDATOR = Draft202012Validator(schema())


def accepted(entry: object) -> bool:
    """Whether the schema accepts the entry of a class."""
    return VALIDATOR.is_valid({"SampleMetric": entry})
