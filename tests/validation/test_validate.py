from __future__ import annotations

import gc
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.dictionary.diagnostic import Diagnostic, Severity
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.in_parts import MIN_ITEMS
from metrics_dictionary.validation import unchecked
from metrics_dictionary.validation.rules.registry import DEFINITION_RULES, DICTIONARY_RULES
from metrics_dictionary.validation.validate import Outcome, validate, validate_file, validate_paths
from tests import small_root
from tests.small_root import write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.validation.rules.rule import Finding, Rule

METRIC = """\
---
key_path: counts.{name}
description: Loaves that were sold over the counter of a shop.
product_group: ovens
value_type: number
status: active
milestone: "16.10"
introduced_by_url: https://example.com/changes/1
time_frame: all
data_source: database
data_category: optional
instrumentation_class: CountLoavesMetric
tiers: [free]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "bakery"
    write(root / "metrics" / "counts_all" / "loaves.yml", METRIC.format(name="loaves"))
    write(root / "metrics" / "counts_all" / "rolls.yml", METRIC.format(name="rolls"))
    write(root / "product_groups.yml", "- ovens\n")
    write(root / "instrumentations" / "all.yml", "CountLoavesMetric: {source: clock}\n")
    return root


def change(root: Path, name: str, before: str, after: str) -> Path:
    return small_root.change(root / "metrics" / "counts_all" / f"{name}.yml", before, after)


def told(outcome: Outcome) -> list[tuple[str, str, int, int]]:
    """Return rule, file name, line and column of what was found, without the line about the missing events."""
    return [
        (found.rule, found.file.rpartition("/")[2], found.line, found.column)
        for found in outcome.diagnostics
        if found.rule != "unchecked-references"
    ]


def test_a_sound_root_has_no_findings(root: Path) -> None:
    validation = validate(root)
    assert told(validation) == []
    assert validation.files_checked == 4
    assert validation.unread == ()
    assert list(validation.dictionary.expanded) == ["counts.loaves", "counts.rolls"]


def test_everything_that_is_wrong_is_told_in_one_run_in_the_order_of_the_files(root: Path) -> None:
    change(root, "loaves", 'milestone: "16.10"', "milestone: 16.10")
    change(root, "loaves", "product_group: ovens", "product_group: ovens\ncolour: brown\ncolour: red")
    change(root, "rolls", "counts.rolls", "counts.loaves")
    write(root / "metrics" / "broken.yml", "a: [")
    assert told(validate(root)) == [
        ("yaml-syntax", "broken.yml", 1, 4),
        ("yaml-duplicate-key", "loaves.yml", 6, 1),
        ("unquoted-version", "loaves.yml", 9, 12),
        ("duplicate-key-path", "rolls.yml", 2, 11),
    ]


def test_a_file_that_gave_nothing_is_named(root: Path) -> None:
    broken = write(root / "metrics" / "broken.yml", "a: [")
    assert validate(root).unread == (str(broken),)


def test_the_findings_of_one_file_know_the_whole_root(root: Path) -> None:
    change(root, "loaves", "optional", "Optional")
    rolls = change(root, "rolls", "counts.rolls", "counts.loaves")
    validation = validate(root, only=[rolls])
    assert told(validation) == [("duplicate-key-path", "rolls.yml", 2, 11)]
    assert validation.files_checked == 1


def test_the_findings_of_a_folder_are_those_of_its_files(root: Path) -> None:
    change(root, "loaves", "optional", "Optional")
    write(root / "metrics" / "counts_7d" / "x.yml", "a: [")
    assert [rule for rule, *_ in told(validate(root, only=[root / "metrics" / "counts_all"]))] == ["schema"]


def test_a_path_without_a_definition_is_refused(root: Path) -> None:
    readme = write(root / "metrics" / "README.md", "text")
    with pytest.raises(OperationalError, match=r"README.md: there is no definition"):
        validate(root, only=[readme])


def test_product_groups_may_come_from_another_file(root: Path, tmp_path: Path) -> None:
    groups = write(tmp_path / "groups.yml", "- shop\n")
    found = validate(root, product_groups=groups).diagnostics
    assert {one.rule for one in found} == {"unknown-product-group", "unchecked-references"}


def test_what_a_root_does_not_have_is_told_in_one_line(root: Path) -> None:
    (found,) = validate(root).diagnostics
    assert (found.rule, found.severity, found.file) == ("unchecked-references", Severity.INFO, str(root))
    assert found.message == "the root has no events, so references to them are not checked"
    (root / "product_groups.yml").unlink()
    (root / "instrumentations" / "all.yml").unlink()
    (found,) = validate(root).diagnostics
    assert "no events, instrumentations or product groups, so" in found.message


@pytest.mark.parametrize(("text", "missing"), [("a: [", "events"), ("--- {}", "events or product groups")])
def test_product_groups_that_cannot_be_read_are_no_missing_ones(root: Path, text: str, missing: str) -> None:
    write(root / "product_groups.yml", text)
    (found,) = [one for one in validate(root).diagnostics if one.rule == "unchecked-references"]
    assert found.message == f"the root has no {missing}, so references to them are not checked"


def test_events_and_instrumentations_that_are_all_broken_are_no_missing_ones(root: Path) -> None:
    write(root / "events" / "bake.yml", "a: [")
    write(root / "instrumentations" / "all.yml", "a: [")
    assert {one.rule for one in validate(root).diagnostics} == {"yaml-syntax", "unknown-instrumentation"}


def test_a_comment_suppresses_findings_of_this_file_and_of_the_whole_root(root: Path) -> None:
    change(root, "rolls", "counts.rolls", "counts.loaves # metrics-dictionary: ignore duplicate-key-path -- a test")
    change(root, "loaves", "optional", "Optional # metrics-dictionary: ignore schema -- a test")
    assert told(validate(root)) == []


def test_a_comment_that_suppresses_nothing_is_told(root: Path) -> None:
    change(root, "rolls", "tiers", "# metrics-dictionary: ignore schema -- a test\ntiers")
    assert told(validate(root)) == [("unused-suppression", "rolls.yml", 13, 1)]


def test_a_comment_about_references_that_nobody_checked_is_no_finding(root: Path) -> None:
    change(root, "rolls", "tiers", "# metrics-dictionary: ignore unknown-event -- a test\ntiers")
    assert told(validate(root)) == []


@pytest.mark.parametrize("table", [DEFINITION_RULES, DICTIONARY_RULES], ids=["definition", "dictionary"])
def test_a_rule_that_fails_is_told_and_hides_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, table: dict[str, Rule]
) -> None:
    def failing(_: object) -> Iterator[Finding]:
        raise KeyError("oven")

    name = "unquoted-version" if table is DEFINITION_RULES else "duplicate-key-path"
    monkeypatch.setitem(table, name, replace(table[name], check=failing))
    change(root, "loaves", "optional", "Optional")
    found = {one.rule: one for one in validate(root).diagnostics}
    assert "schema" in found
    assert found["internal-error"].severity is Severity.ERROR
    assert found["internal-error"].message == f"the rule {name} failed: KeyError: 'oven'"


def test_reading_without_libyaml_is_told_as_information(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unchecked, "HAS_LIBYAML", False)
    found = [one for one in validate(root).diagnostics if one.rule == "slow-yaml"]
    assert [one.severity for one in found] == [Severity.INFO]


def test_one_process_and_several_find_the_same(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(MIN_ITEMS):
        text = METRIC.format(name=f"loaf_{number}").replace("optional", "Optional" if number % 7 == 0 else "optional")
        write(root / "metrics" / "many" / f"{number}.yml", text)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    several = validate(root)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    one = validate(root)
    assert several.diagnostics == one.diagnostics
    assert len(several.diagnostics) > MIN_ITEMS // 7
    assert [document.data for document in several.documents] == [document.data for document in one.documents]


def test_garbage_collection_is_on_again_afterwards(root: Path) -> None:
    gc.enable()
    validate(root)
    assert gc.isenabled()


def test_files_are_named_as_the_person_named_them(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(root, "loaves", "optional", "Optional")
    monkeypatch.chdir(root / "metrics" / "counts_all")
    for named in ("loaves.yml", "./loaves.yml", "../counts_all/loaves.yml"):
        (found,) = [one for one in validate_paths([Path(named)]).diagnostics if one.rule == "schema"]
        assert found.file == str(Path(named))


def test_roots_folders_and_files_can_be_checked_together(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "brewery"
    write(other / "metrics" / "ales.yml", METRIC.format(name="ales"))
    lone = write(tmp_path / "lone.yml", METRIC.format(name="lone").replace("optional", "Optional"))
    outcome = validate_paths([root / "metrics", root / "product_groups.yml", other, lone])
    assert outcome.files_checked == 3 + 1 + 1
    assert told(outcome) == [("schema", "lone.yml", 11, 16)]


def test_a_root_and_a_file_in_it_are_the_root(root: Path) -> None:
    loaves = root / "metrics" / "counts_all" / "loaves.yml"
    for paths in ([root, loaves], [loaves, root]):
        assert validate_paths(paths).files_checked == 4


@pytest.mark.parametrize(
    ("name", "message"), [("missing", "no such file or folder"), ("plain", "no definitions in it")]
)
def test_what_is_no_definition_is_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(OperationalError, match=message):
        validate_paths([tmp_path / name])


@pytest.mark.parametrize(
    ("name", "text", "rules"),
    [
        ("a.yml", METRIC.format(name="a"), ["unchecked-references"]),
        ("bake.yml", "action: Bake\n", ["schema"] * 6 + ["unchecked-references"]),
        ("a.yml", "CountMetric: {source: clock}\n2Other: {source: clock}\n", ["schema"]),
        ("product_groups.yml", "ovens: {name: 5}\n", ["schema"]),
        ("a.yml", "a: [", ["yaml-syntax"]),
        (
            "a.yml",
            METRIC.format(name="a").replace('"16.10"', "16.10"),
            ["unchecked-references", "unquoted-version"],
        ),
        (
            "a.yml",
            "# metrics-dictionary: ignore unknown-event -- x\n" + METRIC.format(name="a"),
            ["unchecked-references"],
        ),
        (
            "a.yml",
            "# metrics-dictionary: ignore schema -- x\n" + METRIC.format(name="a"),
            ["unchecked-references", "unused-suppression"],
        ),
    ],
)
def test_a_file_outside_any_root_is_judged_by_what_it_holds(
    tmp_path: Path, name: str, text: str, rules: list[str]
) -> None:
    outcome = validate_file(write(tmp_path / name, text))
    assert sorted(found.rule for found in outcome.diagnostics) == rules
    assert outcome.files_checked == 1


def test_the_owner_of_a_lone_file_is_checked_when_the_groups_are_known(tmp_path: Path) -> None:
    lone = write(tmp_path / "a.yml", METRIC.format(name="a"))
    groups = write(tmp_path / "groups.yml", "- shop\n")
    told, found = validate_file(lone, product_groups=groups).diagnostics
    assert found.rule == "unknown-product-group"
    assert told.message == "the file is not in a definitions root, so only its product group is checked"


def test_findings_about_a_value_and_its_key_stand_apart(root: Path) -> None:
    change(root, "loaves", "tiers: [free]", "tiers: [gold]\ntier: [free]")
    found = [one for one in validate(root).diagnostics if one.rule == "schema"]
    assert [(one.line, one.column, one.path) for one in found] == [(13, 9, "$.tiers[0]"), (14, 1, "$.tier")]
    assert isinstance(found[0], Diagnostic)
