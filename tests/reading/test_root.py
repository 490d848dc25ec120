from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.root import find_files, find_root, object_schema_names
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make(tmp_path / "bakery", "metrics/counts_all/loaves.yml", "events/bake.yml")


def make(root: Path, *files: str) -> Path:
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a: 1\n", encoding="utf-8")
    return root


def found(root: Path) -> list[tuple[str, Kind]]:
    return [(source.file_path, source.kind) for source in find_files(root)]


def test_the_files_of_a_root_are_found_by_their_folder(root: Path) -> None:
    make(
        root,
        "metrics/top.yaml",
        "metrics/deep/er/still.yml",
        "instrumentations/ovens.yml",
        "object_schemas/ovens.json",
        "product_groups.yml",
    )
    assert found(root) == [
        ("bakery/events/bake.yml", Kind.EVENT),
        ("bakery/instrumentations/ovens.yml", Kind.INSTRUMENTATIONS),
        ("bakery/metrics/counts_all/loaves.yml", Kind.METRIC),
        ("bakery/metrics/deep/er/still.yml", Kind.METRIC),
        ("bakery/metrics/top.yaml", Kind.METRIC),
        ("bakery/object_schemas/ovens.json", Kind.OBJECT_SCHEMA),
        ("bakery/product_groups.yml", Kind.PRODUCT_GROUPS),
    ]


def test_a_suffix_in_capital_letters_hides_no_file(root: Path) -> None:
    make(root, "metrics/counts_all/ROLLS.YML", "metrics/top.Yaml", "object_schemas/OVENS.JSON")
    assert [file for file, _ in found(root)][-3:] == [
        "bakery/metrics/counts_all/loaves.yml",
        "bakery/metrics/top.Yaml",
        "bakery/object_schemas/OVENS.JSON",
    ]
    assert ("bakery/metrics/counts_all/ROLLS.YML", Kind.METRIC) in found(root)


def test_the_layout_of_gitlab_is_understood(root: Path) -> None:
    make(
        root, "metrics/schema/base.json", "metrics/schema/x.yml", "metrics/objects_schemas/o.json", "events/schema.json"
    )
    assert ("bakery/metrics/objects_schemas/o.json", Kind.OBJECT_SCHEMA) in found(root)
    assert len(found(root)) == 3


def test_other_and_hidden_files_are_left_alone(root: Path) -> None:
    make(root, "metrics/README.md", "metrics/.draft.yml", "metrics/.git/x.yml", "other/x.yml", "x.yml", "events/x.json")
    assert len(found(root)) == 2


def test_the_order_does_not_depend_on_the_file_system(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(root, *(f"metrics/{name}.yml" for name in "cab"), *(f"metrics/{name}/x.yml" for name in "zy"))
    straight = found(root)
    scandir = os.scandir

    class Backwards:
        def __init__(self, path: str) -> None:
            with scandir(path) as entries:
                self.entries = list(entries)[::-1]

        def __enter__(self) -> list[os.DirEntry[str]]:
            return self.entries

        def __exit__(self, *_: object) -> None:
            self.entries = []

    monkeypatch.setattr(os, "scandir", Backwards)
    assert found(root) == straight == sorted(straight)


def test_files_are_named_as_the_person_named_the_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    for named, file in ((".", "events/bake.yml"), ("../bakery", "../bakery/events/bake.yml")):
        first = find_files(root.__class__(named))[0]
        assert first.file.removeprefix("./") == file
        assert first.file_path == "bakery/events/bake.yml"


def test_a_definition_may_name_an_object_schema_from_the_root_or_from_above_it(root: Path) -> None:
    source = find_files(make(root, "metrics/objects_schemas/o.json"))[-1]
    assert list(object_schema_names(source)) == [
        "metrics/objects_schemas/o.json",
        "bakery/metrics/objects_schemas/o.json",
    ]


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "no such folder"),
        ("bakery/events/bake.yml", "not a folder"),
        ("plain", "neither metrics/ nor events/"),
    ],
)
def test_what_is_no_root_is_refused_in_one_line(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "plain").mkdir()
    refused(tmp_path / name, message)


def test_a_root_without_a_definition_is_refused(tmp_path: Path) -> None:
    (tmp_path / "metrics" / "counts_all").mkdir(parents=True)
    refused(tmp_path, "no definition in it")


def test_a_folder_named_like_a_file_is_refused(root: Path) -> None:
    (root / "metrics" / "x.yml").mkdir()
    refused(root, "x.yml: a folder where a file is expected")


def test_a_dangling_link_is_refused(root: Path) -> None:
    (root / "metrics" / "x.yml").symlink_to(root / "nowhere.yml")
    refused(root, "x.yml: a link to a file that does not exist")


def test_a_link_out_of_the_root_is_not_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.yml").write_text("password: x\n", encoding="utf-8")
    (root / "metrics" / "x.yml").symlink_to(tmp_path / "secret.yml")
    refused(root, "x.yml: a link out of the definitions root")


def test_a_link_to_another_file_of_the_root_is_read(root: Path) -> None:
    (root / "metrics" / "x.yml").symlink_to(root / "metrics" / "counts_all" / "loaves.yml")
    assert ("bakery/metrics/x.yml", Kind.METRIC) in found(root)


@pytest.mark.parametrize("place", ["metrics/loop", "instrumentations"])
def test_a_link_to_a_folder_is_refused(root: Path, place: str) -> None:
    (root / place).symlink_to(root)
    refused(root, "a link to a folder")


def test_a_pipe_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "metrics" / "x.yml")
    refused(root, "x.yml: not a regular file")


def test_a_name_that_is_no_text_is_refused_in_words_that_can_be_printed(root: Path) -> None:
    (root / "metrics" / os.fsdecode(b"\xff.yml")).write_text("a: 1\n", encoding="utf-8")
    refused(root, "the file's name is not UTF-8")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_refused(root: Path) -> None:
    (root / "metrics" / "counts_all").chmod(0)
    refused(root, "cannot read the folder: Permission denied")


def test_the_root_of_a_file_is_the_nearest_one_above(root: Path) -> None:
    assert find_root(root / "metrics" / "counts_all" / "loaves.yml") == root
    assert find_root(root / "metrics" / "counts_all") == root
    assert find_root(root / "metrics") == root
    assert find_root(root) == root
    assert find_root(root / "product_groups.yml") == root


def test_a_folder_called_events_inside_metrics_makes_no_root(root: Path) -> None:
    make(root, "metrics/events/x.yml")
    assert find_root(root / "metrics" / "events" / "x.yml") == root


def test_what_no_root_reads_has_none(root: Path, tmp_path: Path) -> None:
    assert find_root(root / "other" / "x.yml") is None
    assert find_root(tmp_path / "x.yml") is None


def test_a_relative_path_has_a_relative_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type(root)
    monkeypatch.chdir(root.parent)
    assert find_root(kind("bakery/events/bake.yml")) == kind("bakery")
    monkeypatch.chdir(root / "events")
    assert find_root(kind("bake.yml")) == kind("..")


def refused(root: Path, message: str) -> None:
    with pytest.raises(OperationalError) as refusal:
        find_files(root)
    text = str(refusal.value)
    assert message in text
    assert "\n" not in text
    text.encode("utf-8")
