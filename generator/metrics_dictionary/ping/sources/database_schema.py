"""Differences between the database's structure and the expected one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.ping.database.structure import inconsistencies, parse_snapshot, snapshot
from metrics_dictionary.ping.failure import MetricFailed

if TYPE_CHECKING:
    from metrics_dictionary.ping.sources.inquiry import Inquiry


def schema_value(inquiry: Inquiry) -> object:
    """Return the differences from the snapshot that the settings name, at most 150."""
    file, database = inquiry.sources.schema_snapshot, inquiry.sources.database
    if file is None:
        raise MetricFailed(
            "no structure is configured that the database should have: write one with `metrics-dictionary database "
            "snapshot > FILE` and name the file in the setting `ping.schema_snapshot`"
        )
    if database is None:
        raise MetricFailed("no database is configured; the setting `database` names one")
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MetricFailed(f"{file}: cannot read the expected structure of the database: {error}") from None
    return inconsistencies(parse_snapshot(text, str(file)), snapshot(database))
