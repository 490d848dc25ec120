from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.reading.root import source_bytes
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.validation.validate import validate
from metrics_dictionary.validation.watch import Update, Watch

if TYPE_CHECKING:
    from metrics_dictionary.reading.root import SourceFile

METRIC = """\
---
key_path: counts.{name}
description: Loaves that were sold over the counter of a shop.
product_group: {group}
value_type: number
status: active
milestone: "16.10"
introduced_by_url: https://example.com/changes/1
time_frame: all
data_source: system
data_category: optional
tiers: [free]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "bakery"
    for name in ("loaves", "rolls", "pies"):
        metric(root, name)
    write(root / "product_groups.yml", "- ovens\n")
    return root


def metric(root: Path, name: str, group: str = "ovens", key: str = "") -> Path:
    return write(root / "metrics" / "counts_all" / f"{name}.yml", METRIC.format(name=key or name, group=group))


def write(path: Path, text: str) -> Path:
    """Write as editors do that never leave half a file; a new file has another number, so no clock is too coarse."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.parent.parent / f".{path.name}.new"
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
    return path


def next_update(watch: Watch) -> Update:
    update = watch.update()
    assert update is not None
    return update


def rules(update: Update) -> list[str]:
    return [diagnostic.rule for diagnostic in update.validation.diagnostics if diagnostic.severity == "error"]


def test_nothing_is_said_while_nothing_changes(root: Path) -> None:
    watch = Watch(root)
    assert rules(next_update(watch)) == []
    assert watch.update() is None


def test_a_save_is_judged_and_mended(root: Path) -> None:
    watch = Watch(root)
    watch.update()
    file = metric(root, "rolls", group="ovenz")
    update = next_update(watch)
    assert (rules(update), update.changed) == (["unknown-product-group"], (str(file),))
    metric(root, "rolls")
    assert rules(next_update(watch)) == []


def test_only_what_was_saved_is_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(root)
    watch.update()
    read: list[str] = []

    def recorded(source: SourceFile, limit: int) -> bytes:
        read.append(source.file)
        return source_bytes(source, limit)

    monkeypatch.setattr("metrics_dictionary.reading.read.source_bytes", recorded)
    file = metric(root, "rolls", group="ovenz")
    watch.update()
    assert read == [str(file)]


def test_a_save_that_breaks_another_file_is_found_there(root: Path) -> None:
    watch = Watch(root)
    watch.update()
    metric(root, "loaves", key="rolls")
    found = next_update(watch).validation.diagnostics
    assert [(one.rule, Path(one.file).name) for one in found if one.severity == "error"] == [
        ("duplicate-key-path", "rolls.yml")
    ]


def test_new_deleted_and_moved_files_are_noticed_in_new_folders_too(root: Path) -> None:
    watch = Watch(root)
    watch.update()
    new = metric(root, "cakes", group="ovenz")
    assert next_update(watch).changed == (str(new),)
    new.unlink()
    update = next_update(watch)
    assert (rules(update), update.changed) == ([], (str(new),))
    (root / "metrics" / "settings").mkdir()
    watch.update()
    moved = root / "metrics" / "settings" / "pies.yml"
    (root / "metrics" / "counts_all" / "pies.yml").rename(moved)
    assert str(moved) in next_update(watch).changed


def test_product_groups_may_be_watched_elsewhere(root: Path, tmp_path: Path) -> None:
    groups = write(tmp_path / "x" / "groups.yml", "- ovens\n")
    watch = Watch(root, groups)
    assert rules(next_update(watch)) == []
    write(groups, "- shops\n")
    assert rules(next_update(watch)) == ["unknown-product-group"] * 3


def test_it_finds_what_validate_finds_after_any_of_these_changes(root: Path) -> None:
    watch = Watch(root)
    watch.update()
    for name, group, key in (("rolls", "ovenz", ""), ("rolls", "ovens", "loaves"), ("new", "ovens", "loaves.of.rye")):
        metric(root, name, group, key)
        update = next_update(watch)
        expected = validate(root)
        assert update.validation.diagnostics == expected.diagnostics
        assert update.validation.files_checked == expected.files_checked
    write(root / "metrics" / "counts_all" / "rolls.yml", "a: [\n")
    assert next_update(watch).validation.diagnostics == validate(root).diagnostics


def test_trouble_is_an_error_that_goes_away_with_its_cause(root: Path) -> None:
    watch = Watch(root)
    watch.update()
    link = root / "metrics" / "counts_all" / "gone.yml"
    link.symlink_to("nowhere.yml")
    for _ in range(2):
        with pytest.raises(OperationalError, match="does not exist"):
            watch.update()
    link.unlink()
    metric(root, "rolls", group="ovenz")
    assert rules(next_update(watch)) == ["unknown-product-group"]
