"""Facts of the instance: its settings, its license, the machine, the time. They are known without asking a server."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import mapping
from metrics_dictionary.ping.measurement import MetricFailed
from metrics_dictionary.stores.store import kept_uuid
from metrics_dictionary.tools.clock import iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.ping.database.database import Database
    from metrics_dictionary.ping.sources.evaluation import Evaluation

LICENSE = "license"
"""The table of the settings file that states the license."""

UUID = "instance.uuid"
"""The setting that names the instance."""

EMPTY_FIELDS = {"extra"}
"""Fields of the license that are an empty object where they are not set; all others are None."""


def setting_value(evaluation: Evaluation) -> object:
    """Return what the settings say, else the instrumentation's default, else None.

    The UUID of an instance that was given none is the one that the store keeps since the first collection.
    """
    entry = evaluation.entry
    setting = entry.at("setting").resolved().string()
    found: object = evaluation.sources.settings
    for name in setting.split("."):
        if not isinstance(found, Mapping) or name not in found:
            default = entry.at("default").value
            store = evaluation.sources.store
            return kept_uuid(store) if setting == UUID and default is None and store is not None else default
        found = found[name]
    return found


def license_value(evaluation: Evaluation) -> object:
    """Return a field of the license; None where it is not stated, or there is no license."""
    field = evaluation.entry.at("field").resolved().string()
    return mapping(evaluation.sources.settings.get(LICENSE)).get(field, {} if field in EMPTY_FIELDS else None)


def machine_value(evaluation: Evaluation) -> object:
    """Return a fact of the machine. Raises MetricFailed for one that nobody finds out here."""
    fact = evaluation.entry.at("fact").string()
    if fact not in evaluation.sources.machine:
        raise MetricFailed(f"the fact {fact!r} of the machine is unknown")
    return evaluation.sources.machine[fact]()


def clock_value(evaluation: Evaluation) -> object:
    """Return when collecting began."""
    return iso(evaluation.now)


def machine_facts(database: Database | None) -> dict[str, Callable[[], object]]:
    """Return each fact's name -> what finds it out; None stands for what this machine cannot tell."""
    return {
        "operating_system": operating_system,
        "python_version": platform.python_version,
        "cpu_count": os.cpu_count,
        "memory_bytes": memory_bytes,
        "hostname": socket.gethostname,
        "database_adapter": lambda: None if database is None else database.adapter,
        "database_version": lambda: None if database is None else database.version(),
    }


def operating_system() -> str:
    """Return name and release, such as ``debian-12``, ``mac_os_x-11.2.2`` or ``windows-10``."""
    if system := platform.mac_ver()[0]:
        return f"mac_os_x-{system}"
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return f"{platform.system().lower()}-{platform.release()}"
    return "-".join(filter(None, (release["ID"], release.get("VERSION_ID"))))


def memory_bytes() -> int | None:
    """Return the size of the built-in memory, without swap; None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
