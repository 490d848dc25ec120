from __future__ import annotations

import importlib
from typing import Any

import pytest

from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.ping.measurement import MetricFailed
from metrics_dictionary.ping.query.data_sources import DATA_SOURCES, untold
from metrics_dictionary.ping.sources.evaluation import resolved_instrumentation
from metrics_dictionary.site.parts.how_computed import computation
from tests.ping.ping_samples import a_metric, an_instrumentation, schema


@pytest.mark.parametrize("name", DATA_SOURCES)
def test_every_source_has_its_reader(name: str) -> None:
    module, _, function = DATA_SOURCES[name].reader.partition(".")
    assert callable(getattr(importlib.import_module(f"metrics_dictionary.ping.sources.{module}"), function))


def test_an_author_may_name_the_sources_that_can_be_said_in_words() -> None:
    named = schema()["$defs"]["instrumentation"]["properties"]["source"]["enum"]
    assert named == [name for name, source in DATA_SOURCES.items() if source.words is not None]


@pytest.mark.parametrize("name", [None, "SampleMetric", "OtherMetric"])
@pytest.mark.parametrize("data_source", ["database", "system", "license", "prometheus", "redis", "redis_hll", None])
def test_what_the_collection_cannot_compute_is_said_to_be_untold_and_nothing_else(
    data_source: str | None, name: str | None
) -> None:
    stated: dict[str, Any] = {"data_source": data_source, "instrumentation_class": name}
    metric = a_metric(**{field: value for field, value in stated.items() if value is not None})
    sample = an_instrumentation({"source": "clock"})
    dictionary = Dictionary((metric,), instrumentations={sample.name: sample})
    try:
        resolved_instrumentation(metric, dictionary, classes=())
    except MetricFailed:
        sentence = untold(metric, dictionary)
        assert sentence is not None
        assert (name or "names no") in sentence
        assert computation(metric, dictionary).words.striptags() == sentence.replace("`", "")
    else:
        assert untold(metric, dictionary) is None
