from __future__ import annotations

import importlib

import pytest

from metrics_dictionary.ping.query.data_sources import DATA_SOURCES
from tests.ping.ping_samples import schema


@pytest.mark.parametrize("name", DATA_SOURCES)
def test_every_source_has_its_reader(name: str) -> None:
    module, _, function = DATA_SOURCES[name].reader.partition(".")
    assert callable(getattr(importlib.import_module(f"metrics_dictionary.ping.sources.{module}"), function))


def test_an_author_may_name_the_sources_that_can_be_said_in_words() -> None:
    named = schema()["$defs"]["instrumentation"]["properties"]["source"]["enum"]
    assert named == [name for name, source in DATA_SOURCES.items() if source.words is not None]
