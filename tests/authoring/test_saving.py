"""Several files at once: all new, or all as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from metrics_dictionary.authoring.edit.saving import save_all, save_new
from metrics_dictionary.tools.errors import OperationalError


def test_a_failure_in_the_middle_puts_every_file_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "a.yml", tmp_path / "b.yml"
    first.write_text("old a", encoding="utf-8")
    second.write_text("old b", encoding="utf-8")
    replace = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if target == second and "new b" in path.read_text(encoding="utf-8"):
            raise OSError(28, "No space left on device", str(target))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OperationalError, match="No space left on device; no file was changed"):
        save_all({first: "new a", second: "new b"})
    assert (first.read_text(encoding="utf-8"), second.read_text(encoding="utf-8")) == ("old a", "old b")
    assert sorted(tmp_path.iterdir()) == [first, second]


def test_permissions_stay_and_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.yml"
    file.write_text("old", encoding="utf-8")
    file.chmod(0o640)
    save_all({file: "new"})
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    target, link, other = tmp_path / "target.yml", tmp_path / "link.yml", tmp_path / "other.yml"
    target.write_text("old", encoding="utf-8")
    other.write_text("old", encoding="utf-8")
    link.symlink_to(target)
    with pytest.raises(OperationalError, match="a link, which is not followed"):
        save_all({other: "new", link: "new"})
    assert (target.read_text(encoding="utf-8"), other.read_text(encoding="utf-8")) == ("old", "old")


def test_a_new_file_never_takes_the_place_of_another_one_or_goes_through_a_link(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    outside.mkdir()
    save_new(root / "events" / "a.yml", root, "first")
    with pytest.raises(OperationalError, match="already exists"):
        save_new(root / "events" / "a.yml", root, "second")
    assert (root / "events" / "a.yml").read_text(encoding="utf-8") == "first"
    (root / "metrics").symlink_to(outside)
    with pytest.raises(OperationalError, match="a link, which is not followed"):
        save_new(root / "metrics" / "b.yml", root, "text")
    assert list(outside.iterdir()) == []
