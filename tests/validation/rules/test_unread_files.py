from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.reading.document import Document, Kind
from metrics_dictionary.validation.rules.context import RuleContext
from metrics_dictionary.validation.rules.references import unknown_event, unknown_instrumentation

if TYPE_CHECKING:
    from pathlib import Path

FIELDS: dict[str, object] = {
    "key_path": "counts.loaves",
    "instrumentation_class": "CountLoavesMetric",
    "events": [{"name": "loaf_sold"}, {"name": "bun_sold"}],
}


def test_a_reference_into_a_file_that_could_not_be_parsed_is_not_reported(tmp_path: Path) -> None:
    event = tmp_path / "loaf_sold.yml"
    event.write_bytes(b"action: loaf_sold\ndescription: \xff [")
    classes = tmp_path / "baking.yml"
    classes.write_text("CountLoavesMetric:\n\tsource: database\n", encoding="utf-8")
    context = context_with((str(event), str(classes)))
    assert [finding.message for finding in unknown_event(context)] == ["the event `bun_sold` has no definition"]
    assert list(unknown_instrumentation(context)) == []


def test_a_file_that_is_gone_explains_no_reference(tmp_path: Path) -> None:
    context = context_with((str(tmp_path / "loaf_sold.yml"),))
    assert len(list(unknown_event(context))) == 2
    assert len(list(unknown_instrumentation(context))) == 1


def context_with(unread: tuple[str, ...]) -> RuleContext:
    document = Document("loaves.yml", "metrics/loaves.yml", Kind.METRIC, FIELDS)
    metric = MetricDefinition(FIELDS, document.file_path)
    return RuleContext(Dictionary((metric,), event_definitions=(), instrumentations={}), (document,), unread)
