"""Dictionaries for the export tests."""

from __future__ import annotations

from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.dictionary.metric import MetricDefinition


def metric(file_path: str = "definitions/metrics/counts_all/boards.yml", **fields: object) -> MetricDefinition:
    return MetricDefinition(fields, file_path)


def event(file_path: str = "definitions/events/board_opened.yml", **fields: object) -> EventDefinition:
    return EventDefinition(fields, file_path)


BOARDS = metric(description="Boards", key_path="counts.boards", milestone=None, time_frame="all")
OPENERS = metric(
    "definitions/metrics/counts_28d/board_openers.yml",
    key_path="boards.openers",
    time_frame=["28d", "7d"],
    events=[{"name": "board_opened", "unique": "user.id"}],
)
OPENED = event(description="Somebody opens a board", action="board_opened", identifiers=["user"])
CLOSED = event("definitions/events/board_closed.yml", action="board_closed", description="Größe & 🚀")

SMALL = Dictionary(metrics=(BOARDS, OPENERS), event_definitions=(OPENED, CLOSED))
REVERSED = Dictionary(metrics=(OPENERS, BOARDS), event_definitions=(CLOSED, OPENED))
"""The same files, listed by another file system."""
