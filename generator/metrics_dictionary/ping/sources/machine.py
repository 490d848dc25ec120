"""What the machine that collects a payload says about itself, and the database about its kind."""

from __future__ import annotations

import os
import platform
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.ping.database.database import Database


def machine_facts(database: Database | None) -> dict[str, Callable[[], object]]:
    """Return each fact's name -> what finds it out; None is the answer to what this machine cannot tell."""
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
    """Return the memory built in, without swap."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
