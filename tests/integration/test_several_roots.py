"""Several definitions roots, as GitLab's `config` and `ee/config`, as one dictionary in every command."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.program import run
from tests.repository import git
from tests.site.built_pages import page
from tests.small_root import METRIC, change, event, metric, write, write_boards

if TYPE_CHECKING:
    from pathlib import Path

BOTH = ("--definitions", "config", "--definitions", "ee/config")
SCHEMA = "config/metrics/objects_schemas/modes.json"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A work tree with two roots: the second refers to an event, a class, a group and an object schema of the first."""
    write_boards(tmp_path / "config")
    write(tmp_path / "config/instrumentations/plan.yml", "---\nCountBoardsMetric:\n  source: clock\n")
    write(tmp_path / SCHEMA, '{"type": "object"}')
    write(tmp_path / "ee/config/metrics/counts_all/paid.yml", METRIC.replace("counts.boards", "counts.paid_boards"))
    mode = metric(key_path="mode", value_type="object", value_json_schema=SCHEMA, data_source="system")
    write(tmp_path / "ee/config/metrics/settings/mode.yml", mode | {"time_frame": "none"})
    return tmp_path


def findings(*arguments: object, cwd: Path, given: str | None = None, **variables: str) -> list[dict[str, str]]:
    """Return the errors and warnings of a validation."""
    result = run("validate", *arguments, "--format", "json", cwd=cwd, given=given, **variables)
    found: list[dict[str, str]] = json.loads(result.stdout)["findings"]
    return [one for one in found if one["severity"] != "info"]


def test_what_one_root_refers_to_may_be_in_another(tree: Path) -> None:
    assert findings("config", "ee/config", cwd=tree) == []
    alone = {one["rule"] for one in findings("--separate", "config", "ee/config", cwd=tree)}
    assert alone == {"unknown-value-schema"}


@pytest.mark.parametrize(
    "variables",
    [{"METRICS_DICTIONARY_DEFINITIONS": "config, ee/config"}, {"METRICS_DICTIONARY_SETTINGS": "settings.toml"}],
)
def test_settings_may_list_roots_and_a_file_is_checked_with_all_of_them(tree: Path, variables: dict[str, str]) -> None:
    write(tree / "settings.toml", 'definitions = ["config", "ee/config"]\n')
    mode = "ee/config/metrics/settings/mode.yml"
    assert findings(cwd=tree, **variables) == []
    assert findings(mode, cwd=tree, **variables) == []
    text = (tree / mode).read_text().replace("modes.json", "mods.json")
    (finding,) = findings("--stdin-filename", mode, "-", cwd=tree, given=text, **variables)
    assert finding["rule"] == "unknown-value-schema"
    assert [one["rule"] for one in findings(mode, cwd=tree)] == ["unknown-value-schema"]


@pytest.mark.parametrize(
    ("first", "second", "rule"),
    [
        ("metrics/counts_all/boards.yml", "metrics/counts_all/again.yml", "duplicate-key-path"),
        ("events/create_board.yml", "events/create_board.yml", "duplicate-event"),
        ("instrumentations/plan.yml", "instrumentations/again.yml", "duplicate-instrumentation"),
        ("metrics/objects_schemas/modes.json", "metrics/objects_schemas/modes.json", "duplicate-object-schema"),
    ],
)
def test_the_same_in_two_roots_is_an_error_at_the_later_file(tree: Path, first: str, second: str, rule: str) -> None:
    write(tree / "ee/config" / second, (tree / "config" / first).read_text())
    found = findings("config", "ee/config", cwd=tree)
    assert {one["rule"] for one in found} == {rule}
    assert {one["file"] for one in found} == {f"ee/config/{second}"}
    assert all(f"config/{first}" in one["message"] for one in found)


def test_groups_are_united_and_two_entries_of_one_are_an_error(tree: Path) -> None:
    entries = {"planning": {"name": "Planning", "stage": "plan"}, "billing": {"name": "Billing"}}
    write(tree / "ee/config/product_groups.yml", entries)
    change(tree / "ee/config/metrics/counts_all/paid.yml", "planning", "billing")
    assert findings("config", "ee/config", cwd=tree) == []
    change(tree / "ee/config/product_groups.yml", "stage: plan", "stage: other")
    (finding,) = findings("config", "ee/config", cwd=tree)
    assert (finding["rule"], finding["file"]) == ("duplicate-product-group", "ee/config/product_groups.yml")
    assert finding["path"] == "$.planning"


def test_an_export_has_the_earlier_one_and_says_so(tree: Path) -> None:
    exported = run("export", "--include-paths", *BOTH, cwd=tree)
    assert (exported.returncode, exported.stderr) == (0, "")
    files = {one["key_path"]: one["file_path"] for one in yaml.safe_load(exported.stdout)}
    assert files == {
        "counts.boards": "config/metrics/counts_all/boards.yml",
        "counts.boards_weekly": "config/metrics/counts_all/boards.yml",
        "counts.paid_boards": "ee/config/metrics/counts_all/paid.yml",
        "counts.paid_boards_weekly": "ee/config/metrics/counts_all/paid.yml",
        "mode": "ee/config/metrics/settings/mode.yml",
    }
    write(tree / "ee/config/metrics/counts_all/again.yml", METRIC.replace("[7d, all]", "all"))
    exported = run("export", *BOTH, cwd=tree)
    assert exported.returncode == 1
    assert exported.stderr == (
        "left out: ee/config/metrics/counts_all/again.yml: "
        "`counts.boards` is the key path of config/metrics/counts_all/boards.yml\n"
    )


def test_one_root_keeps_its_file_paths(tree: Path) -> None:
    exported = run("export", "--include-paths", "--definitions", "ee/config", cwd=tree)
    assert "file_path: config/metrics/counts_all/paid.yml\n" in exported.stdout


def test_aggregates_are_not_read_as_metrics(tree: Path) -> None:
    write(tree / "config/metrics/aggregates/common.yml", "- name: all_boards\n  operator: OR\n")
    assert findings("config", "ee/config", cwd=tree) == []


def commit(tree: Path, message: str) -> None:
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--message", message)


@pytest.fixture
def repository(tree: Path) -> Path:
    git(tree, "init", "--quiet", "--initial-branch", "main")
    commit(tree, "Define boards")
    return tree


def test_a_definition_that_moved_between_roots_keeps_its_history(repository: Path) -> None:
    moved = "metrics/counts_all/paid.yml"
    (repository / "ee/config" / moved).rename(repository / "config" / moved)
    change(repository / "config" / moved, "tiers: [free]", "tiers: [ultimate]")
    commit(repository, "Move it")
    assert run("build", *BOTH, "--output", "site", cwd=repository).stderr == ""
    text = re.sub(r"\s+", " ", page(repository / "site/metrics/counts.paid_boards/index.html").text)
    assert "Define boards" in text
    assert "Move it" in text
    told = run("validate", "config", "ee/config", "--against", "HEAD~1", cwd=repository)
    assert "is gone" not in told.stdout


def test_every_root_is_compared_with_what_it_was(repository: Path) -> None:
    (repository / "ee/config/metrics/counts_all/paid.yml").unlink()
    change(repository / "config/metrics/counts_all/boards.yml", "value_type: number", "value_type: string")
    found = findings("config", "ee/config", "--against", "HEAD", cwd=repository)
    assert {(one["rule"], one["file"]) for one in found if one["severity"] == "error"} == {
        ("deleted-definition", "ee/config/metrics/counts_all/paid.yml"),
        ("changed-value-type", "config/metrics/counts_all/boards.yml"),
    }
    assert "deleted metric counts.paid_boards" in run("diff", "HEAD", *BOTH, cwd=repository).stdout


def test_commands_that_write_find_the_file_in_its_root(tree: Path) -> None:
    write(tree / "ee/config/events/upgrade.yml", event(action="upgrade"))
    url = "https://example.com/changes/2"
    gone = run("deprecate", "counts.paid_boards", "--milestone", "17.1", "--url", url, *BOTH, cwd=tree)
    assert (gone.returncode, gone.stderr) == (0, "")
    assert "status: removed" in (tree / "ee/config/metrics/counts_all/paid.yml").read_text()
    assert run("rename-group", "planning", "plan", *BOTH, cwd=tree).returncode == 0
    owners = {path.name for path in tree.rglob("*.yml") if "product_group: plan\n" in path.read_text()}
    assert owners == {"boards.yml", "create_board.yml", "paid.yml", "mode.yml", "upgrade.yml"}


def test_a_payload_has_the_metrics_of_all_roots(tree: Path) -> None:
    store = f"sqlite:///{tree / 'store.db'}"
    assert run("ping", "generate", "--store", store, *BOTH, cwd=tree).returncode == 0
    shown = json.loads(run("ping", "show", "--store", store, cwd=tree).stdout)
    assert shown["counts"] == {"boards": 0, "boards_weekly": 0, "paid_boards": 0, "paid_boards_weekly": 0}


def test_an_event_of_one_root_is_counted_for_a_metric_of_another(tree: Path) -> None:
    explained = run("explain", "create_board", *BOTH, cwd=tree).stdout
    assert "counts.paid_boards" in explained
