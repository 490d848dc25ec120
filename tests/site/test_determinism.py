"""The same definitions give the same site, byte for byte."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.site.build.build import build
from metrics_dictionary.site.pages import listings
from metrics_dictionary.tools import in_parts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.made_once import MkDocs
from tests.site.conftest import BUILT, write_small_root


def digests(site: Path) -> dict[str, str]:
    files = (path for path in site.rglob("*") if path.is_file())
    return {path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("worthwhile", [1, 10_000], ids=["in several processes", "in one process"])
def test_the_same_definitions_give_the_same_bytes(
    small_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worthwhile: int, mkdocs: MkDocs
) -> None:
    monkeypatch.setattr("metrics_dictionary.site.build.shell.mkdocs_command", mkdocs)
    monkeypatch.setattr(listings, "PAGE_SIZE", 7)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", BUILT)
    monkeypatch.setattr(in_parts, "MIN_ITEMS", worthwhile)
    write_small_root(tmp_path / "definitions")
    build(tmp_path / "definitions", tmp_path / "site")
    assert digests(tmp_path / "site") == digests(small_site)


def test_a_root_with_nothing_but_metrics_gives_a_site(tiny_root: Path, tmp_path: Path) -> None:
    report = build(tiny_root, tmp_path / "site")
    assert (report.metrics, report.events) == (1, 0)
    assert "These definitions have no events." in (tmp_path / "site/events/index.html").read_text()
    assert not (tmp_path / "site/downloads/event_definitions.yml").exists()


def test_progress_is_told_up_to_the_end(tiny_root: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    build(tiny_root, tmp_path / "site", progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] > 0
