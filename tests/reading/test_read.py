from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.reading.read import read_dictionary
from metrics_dictionary.tools.errors import OperationalError
from tests import small_root

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "bakery", {"metrics/loaves.yml": "key_path: counts.loaves\ntime_frame: [7d, all]\n"})


def write(root: Path, files: dict[str, str]) -> Path:
    for file, text in files.items():
        small_root.write(root / file, text)
    return root


def test_a_root_becomes_a_dictionary(root: Path) -> None:
    write(
        root,
        {
            "events/bake.yml": "action: bake\n",
            "instrumentations/ovens.yml": "CountOvensMetric: {source: database}\nHostMetric: {source: machine}\n",
            "product_groups.yml": "ovens: {name: Ovens, stage: bake, contact: '#ovens'}\nshop:\n",
            "object_schemas/oven.json": '{"type": "object"}',
        },
    )
    dictionary = read_dictionary(root).dictionary
    assert list(dictionary.expanded) == ["counts.loaves", "counts.loaves_weekly"]
    assert dictionary.metrics[0].file_path == "bakery/metrics/loaves.yml"
    assert list(dictionary.events_by_action) == ["bake"]
    assert dictionary.instrumentations is not None
    assert dictionary.instrumentations["HostMetric"].source == "machine"
    assert dictionary.product_groups is not None
    assert [(group.name, group.contact) for group in dictionary.product_groups.values()] == [
        ("Ovens", "#ovens"),
        ("shop", None),
    ]
    assert dictionary.object_schemas["object_schemas/oven.json"] == {"type": "object"}
    assert "bakery/object_schemas/oven.json" in dictionary.object_schemas


def test_what_a_root_does_not_have_is_none(root: Path) -> None:
    dictionary = read_dictionary(root).dictionary
    assert dictionary.event_definitions is None
    assert dictionary.instrumentations is None
    assert dictionary.product_groups is None


def test_a_broken_file_is_named_and_the_others_are_read(root: Path) -> None:
    write(root, {"metrics/broken.yml": "a: [", "events/bake.yml": "action: bake\naction: bake\n", "events/x.yml": "@"})
    reading = read_dictionary(root)
    assert [diagnostic.rule for diagnostic in reading.diagnostics] == [
        "yaml-duplicate-key",
        "yaml-syntax",
        "yaml-syntax",
    ]
    assert [file.rpartition("/")[2] for file in reading.unread] == ["x.yml", "broken.yml"]
    assert list(reading.dictionary.events_by_action) == ["bake"]
    assert len(reading.documents) == 2


def test_an_events_folder_with_broken_files_only_is_no_missing_one(root: Path) -> None:
    assert read_dictionary(write(root, {"events/x.yml": "@"})).dictionary.event_definitions == ()


def test_a_definition_that_is_no_mapping_is_a_document_but_no_metric(root: Path) -> None:
    reading = read_dictionary(write(root, {"metrics/list.yml": "- a\n"}))
    assert len(reading.documents) == 2
    assert len(reading.dictionary.metrics) == 1


def test_the_first_of_two_instrumentations_counts(root: Path) -> None:
    write(
        root,
        {"instrumentations/a.yml": "AMetric: {source: clock}\n", "instrumentations/b.yml": "AMetric: {source: x}\n"},
    )
    instrumentations = read_dictionary(root).dictionary.instrumentations
    assert instrumentations is not None
    assert instrumentations["AMetric"].source == "clock"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("groups.yml", "ovens:\n  name: Ovens\nshop:\n"),
        ("groups.yml", "ovens:\n  people: [a, b]\nshop: {size: 2}\n"),
        ("groups.yml", "- ovens\n- shop\n"),
        ("groups.json", '{\n\t"type": "string",\n\t"enum": ["ovens", "shop"]\n}'),
        ("groups.json", '{"enum": ["ovens", "shop"]}'),
    ],
)
def test_a_file_of_product_groups_takes_the_place_of_the_roots_own(root: Path, name: str, text: str) -> None:
    write(root, {"product_groups.yml": "- other\n"})
    groups = write(root.parent, {name: text}) / name
    found = read_dictionary(root, product_groups=groups).dictionary.product_groups
    assert found is not None
    assert list(found) == ["ovens", "shop"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "groups.yml:1:1: "),
        ("", "no product group in it"),
        ("just words", "no product group in it"),
        ("[]", "no product"),
        ('{"type": "string"}', "no product group in it"),
        ('{"enum": [1, 2]}', "no product group in it"),
        ('{"$ref": "groups.json#/enum"}', "no product group in it"),
        ('{"properties": {"ovens": {"type": "string"}}}', "no product group in it"),
    ],
)
def test_a_file_that_names_no_product_group_is_refused(root: Path, text: str, message: str) -> None:
    groups = write(root.parent, {"groups.yml": text}) / "groups.yml"
    with pytest.raises(OperationalError, match=message):
        read_dictionary(root, product_groups=groups)


def test_an_object_schema_that_is_no_json_is_reported_where_it_breaks(root: Path) -> None:
    write(root, {"object_schemas/a.json": '{\n  "type": }', "object_schemas/b.json": "[" * 100_000})
    reading = read_dictionary(root)
    assert [(found.rule, found.line, found.column) for found in reading.diagnostics] == [
        ("json-syntax", 2, 11),
        ("json-syntax", 1, 1),
    ]
    assert reading.dictionary.object_schemas["object_schemas/a.json"] is None


def test_an_object_schema_that_is_no_utf_8_or_far_too_long_is_reported(root: Path) -> None:
    write(root, {"object_schemas/long.json": " " * (1024 * 1024 + 1)})
    (root / "object_schemas" / "latin.json").write_bytes(b'"\xe9"')
    assert [found.rule for found in read_dictionary(root).diagnostics] == ["json-syntax", "json-syntax"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_an_error_of_the_machine(root: Path) -> None:
    (root / "metrics" / "loaves.yml").chmod(0)
    with pytest.raises(OperationalError, match=r"loaves.yml: cannot read the file: Permission denied"):
        read_dictionary(root)
