"""Numbers made of other metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.ping.failure import MetricFailed

if TYPE_CHECKING:
    from metrics_dictionary.ping.query.entry import Entry
    from metrics_dictionary.ping.sources.inquiry import Inquiry


def numbers_value(inquiry: Inquiry) -> float:
    """Return the sum of other metrics. Raises MetricFailed when one of them has no number."""
    return sum(_number(inquiry, key_path) for key_path in operands(inquiry.entry))


def operands(entry: Entry) -> list[str]:
    """Return the key paths of the metrics that are added. Raises InstrumentationError."""
    if entry.at("operation").value != "add":
        raise entry.at("operation").error("must be `add`")
    key_paths = [item.text() for item in entry.at("metrics").items()]
    if not key_paths:
        raise entry.at("metrics").error("must name at least one metric")
    return key_paths


def _number(inquiry: Inquiry, key_path: str) -> int | float:
    measurement = inquiry.measure(key_path)
    if measurement.failure is not None:
        raise MetricFailed(f"{key_path} has no value: {measurement.failure}")
    value = measurement.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MetricFailed(f"{key_path} is no number")
    return value
