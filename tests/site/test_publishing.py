"""A new site takes the old one's place whole, or not at all, and never anything else's."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.site.build import publishing
from metrics_dictionary.site.build.build import BuildOptions, build
from metrics_dictionary.site.build.publishing import publish, staging
from metrics_dictionary.site.parts.urls import MARKER
from metrics_dictionary.tools.errors import OperationalError
from tests.small_root import write

if TYPE_CHECKING:
    from tests.made_once import MkDocs


@pytest.fixture
def old_site(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    site.mkdir()
    (site / MARKER).write_text("{}")
    (site / "old.html").write_text("old")
    return site


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_new_site_replaces_the_old_one_and_nothing_is_left_behind(tiny_root: Path, old_site: Path) -> None:
    assert build(tiny_root, old_site).published
    assert not (old_site / "old.html").exists()
    assert (old_site / "metrics/counts.boards/index.html").is_file()
    assert names(old_site.parent) == {"site", "definitions"}


def test_a_site_can_be_built_where_no_folder_is_yet(tiny_root: Path, tmp_path: Path) -> None:
    build(tiny_root, tmp_path / "some/new/place")
    assert (tmp_path / "some/new/place/index.html").is_file()


def test_a_site_is_readable_by_whoever_the_umask_allows(tiny_root: Path, tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        build(tiny_root, tmp_path / "site")
    finally:
        os.umask(mask)
    assert (tmp_path / "site").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "site/index.html").stat().st_mode & 0o777 == 0o640


def test_strict_leaves_the_old_site_when_a_definition_has_errors(tiny_root: Path, old_site: Path) -> None:
    write(tiny_root / "metrics/counts_all/bad.yml", {"key_path": "counts.bad"})
    report = build(tiny_root, old_site, BuildOptions(strict=True))
    assert not report.published
    assert report.diagnostics
    assert names(old_site) == {MARKER, "old.html"}
    assert build(tiny_root, old_site).published


def test_a_full_disk_is_one_line_and_leaves_the_old_site(
    tiny_root: Path, old_site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: int, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("metrics_dictionary.site.build.stamping.os.write", full)
    with pytest.raises(OperationalError, match=r"^.*site: cannot write the site: no space left on device; .*$"):
        build(tiny_root, old_site)
    assert names(old_site) == {MARKER, "old.html"}
    assert names(old_site.parent) == {"site", "definitions"}


def test_a_root_that_cannot_be_read_leaves_the_old_site(tmp_path: Path, old_site: Path) -> None:
    with pytest.raises(OperationalError, match="no such folder"):
        build(tmp_path / "nowhere", old_site)
    assert names(old_site) == {MARKER, "old.html"}
    assert names(tmp_path) == {"site"}


def test_guides_that_cannot_be_built_are_one_line(
    tiny_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mkdocs: MkDocs
) -> None:
    monkeypatch.setattr("metrics_dictionary.site.build.shell.mkdocs_command", mkdocs)
    configuration = tmp_path / "mkdocs.yml"
    configuration.write_text("site_name: x\ntheme: no-such-theme\n")
    monkeypatch.setattr("metrics_dictionary.site.build.shell.resource", lambda _: configuration)
    with pytest.raises(OperationalError, match=r"^mkdocs could not build the guides: .+$"):
        build(tiny_root, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_folder_that_is_no_site_of_ours_is_never_replaced(tiny_root: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.txt").write_text("years of work")
    with pytest.raises(OperationalError, match="is not empty and holds no site of ours"):
        build(tiny_root, home)
    assert (home / "thesis.txt").read_text() == "years of work"


def test_the_folder_that_the_command_runs_in_is_never_replaced(
    tiny_root: Path, old_site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(old_site)
    with pytest.raises(OperationalError, match="the folder this command runs in"):
        build(tiny_root, old_site)


def test_the_reason_why_a_folder_is_never_replaced_is_the_true_one(
    tiny_root: Path, old_site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old_site / "below").mkdir()
    monkeypatch.chdir(old_site / "below")
    with pytest.raises(OperationalError, match=r"site: holds the folder this command runs in"):
        build(tiny_root, old_site)
    with pytest.raises(OperationalError, match=r"^/: is the top of the file system"):
        build(tiny_root, Path("/"))


@pytest.mark.parametrize("below", ["", "/site"])
def test_a_file_in_the_way_is_named(tiny_root: Path, tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperationalError, match="file"):
        build(tiny_root, tmp_path / f"file{below}")


def test_an_empty_folder_and_a_link_to_one_may_be_filled(tiny_root: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    build(tiny_root, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "empty/index.html").is_file()


def test_a_reader_always_finds_a_whole_site(old_site: Path) -> None:
    missing = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                (old_site / MARKER).read_bytes()
            except OSError as error:
                missing.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(100):
        with staging(old_site) as folder:
            (folder / MARKER).write_text("{}")
            publish(folder, old_site)
    done.set()
    reader.join()
    assert not missing


def test_where_folders_cannot_be_exchanged_the_new_site_is_renamed_into_place(
    old_site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "_exchange", lambda *_: False)
    with staging(old_site) as folder:
        (folder / "new.html").write_text("new")
        publish(folder, old_site)
    assert names(old_site) == {"new.html"}
    assert names(old_site.parent) == {"site"}
