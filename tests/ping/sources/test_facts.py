from __future__ import annotations

import json
import os
import platform
import sqlite3
from pathlib import Path

import pytest

from metrics_dictionary.ping.database.open_database import open_database
from metrics_dictionary.ping.sources.facts import machine_facts, memory_bytes, operating_system
from metrics_dictionary.validation import schemas


def test_there_is_an_answer_to_every_fact_that_an_instrumentation_may_ask_for() -> None:
    schema = json.loads((Path(schemas.__path__[0]) / "instrumentation.json").read_text(encoding="utf-8"))
    assert machine_facts(None).keys() == set(schema["$defs"]["machine"]["properties"]["fact"]["enum"])


def test_the_facts_are_those_of_this_machine(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "app.db").close()
    database = open_database(f"sqlite:///{tmp_path}/app.db", statement_timeout=1.0)
    facts = {name: find() for name, find in machine_facts(database).items()}
    assert facts["python_version"] == platform.python_version()
    assert facts["cpu_count"] == os.cpu_count()
    assert facts["hostname"] == platform.node()
    assert facts["database_adapter"] == "sqlite"
    assert facts["database_version"] == sqlite3.sqlite_version


def test_without_a_database_nothing_is_said_about_it() -> None:
    facts = machine_facts(None)
    assert facts["database_adapter"]() is None
    assert facts["database_version"]() is None


@pytest.mark.parametrize(
    ("mac", "release", "expected"),
    [
        ("11.2.2", {"ID": "debian"}, "mac_os_x-11.2.2"),
        ("", {"ID": "ubuntu", "VERSION_ID": "22.04"}, "ubuntu-22.04"),
        ("", {"ID": "arch"}, "arch"),
        ("", None, "freebsd-14.1"),
    ],
)
def test_the_operating_system_is_its_name_and_release(
    monkeypatch: pytest.MonkeyPatch, mac: str, release: dict[str, str] | None, expected: str
) -> None:
    def found() -> dict[str, str]:
        if release is None:
            raise OSError
        return release

    monkeypatch.setattr(platform, "mac_ver", lambda: (mac, ("", "", ""), ""))
    monkeypatch.setattr(platform, "freedesktop_os_release", found)
    monkeypatch.setattr(platform, "system", lambda: "FreeBSD")
    monkeypatch.setattr(platform, "release", lambda: "14.1")
    assert operating_system() == expected


def test_memory_is_counted_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1000}
    monkeypatch.setattr(os, "sysconf", pages.__getitem__)
    assert memory_bytes() == 4_096_000


def test_a_system_that_does_not_tell_its_memory_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sysconf")
    assert memory_bytes() is None
