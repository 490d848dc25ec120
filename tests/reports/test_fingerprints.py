from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.diagnostic import Diagnostic, Related
from metrics_dictionary.reports.fingerprints import fingerprints, repository_path
from tests.reports.report_samples import OWNER, UNUSED

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_finding_keeps_its_fingerprint_when_its_line_moves() -> None:
    assert fingerprints([OWNER]) == fingerprints([replace(OWNER, line=40, column=3)])


def test_a_finding_keeps_its_fingerprint_when_the_line_of_the_other_place_moves() -> None:
    def found(line: int) -> Diagnostic:
        related = Related("y.yml", line, 2, "first defined here")
        return replace(OWNER, message=f"already defined at {related.location}", related=(related,))

    assert fingerprints([found(3)]) == fingerprints([found(30)])


def test_findings_that_differ_in_anything_but_the_line_have_different_fingerprints() -> None:
    others = [replace(OWNER, path="$.x"), replace(OWNER, file="y.yml"), replace(OWNER, rule="z"), UNUSED]
    assert len(set(fingerprints([OWNER, *others]))) == 5


def test_two_findings_that_differ_in_the_line_alone_have_different_fingerprints_within_a_report() -> None:
    first, second = fingerprints([OWNER, replace(OWNER, line=40)])
    assert first != second
    assert first == fingerprints([OWNER])[0]


def test_a_path_counts_from_the_top_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = tmp_path / "product" / "data"
    below.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(below)
    assert repository_path("bakery/x.yml") == "product/data/bakery/x.yml"
    assert repository_path("../bakery/./x.yml") == "product/bakery/x.yml"
    assert repository_path(str(tmp_path / "x.yml")) == "x.yml"


def test_a_path_outside_of_the_repository_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    assert repository_path(str(tmp_path / "out.yml")) == (tmp_path / "out.yml").as_posix()


def test_the_fingerprint_of_a_file_does_not_depend_on_how_it_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fingerprints([replace(OWNER, file="a.yml")]) == fingerprints([replace(OWNER, file=str(tmp_path / "a.yml"))])
