"""Facts of the instance: its settings, its licence, the machine, the time. They are known without asking anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import mapping
from metrics_dictionary.ping.collect.value_check import iso
from metrics_dictionary.ping.failure import MetricFailed

if TYPE_CHECKING:
    from metrics_dictionary.ping.sources.inquiry import Inquiry

LICENSE = "license"
"""The table of the settings file that states the licence."""

EMPTY_FIELDS = {"extra"}
"""Fields of the licence that are an empty object when they are not set; the others are nothing at all."""


def setting_value(inquiry: Inquiry) -> object:
    """Return what the settings say, else the instrumentation's default, else None."""
    entry = inquiry.entry
    found: object = inquiry.sources.settings
    for name in entry.at("setting").filled().text().split("."):
        if not isinstance(found, Mapping) or name not in found:
            return entry.at("default").value
        found = found[name]
    return found


def license_value(inquiry: Inquiry) -> object:
    """Return a field of the licence; None where the licence, or the whole of it, does not state it."""
    field = inquiry.entry.at("field").filled().text()
    return mapping(inquiry.sources.settings.get(LICENSE)).get(field, {} if field in EMPTY_FIELDS else None)


def machine_value(inquiry: Inquiry) -> object:
    """Return a fact of the machine. Raises MetricFailed for one that nobody finds out here."""
    fact = inquiry.entry.at("fact").text()
    if fact not in inquiry.sources.machine:
        raise MetricFailed(f"nothing here finds out the machine's {fact!r}")
    return inquiry.sources.machine[fact]()


def clock_value(inquiry: Inquiry) -> object:
    """Return when collecting began."""
    return iso(inquiry.now)
