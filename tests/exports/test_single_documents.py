from __future__ import annotations

import json

from metrics_dictionary.exports.single import event_json, metric_json
from tests.exports.export_dictionaries import CLOSED, OPENED, SMALL


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
