from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from metrics_dictionary.cli.commands.schema import command

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "product_groups.yml").write_text("---\novens:\n  name: Ovens\n")
    return tmp_path


def owner(*arguments: str, kind: str = "metric") -> Any:
    result = CliRunner().invoke(command, [kind, *arguments])
    assert result.exit_code == 0, result.output
    return json.loads(result.output)["properties"]["product_group"]


@pytest.mark.parametrize("kind", ["metric", "event"])
def test_the_owners_are_those_of_the_root(root: Path, kind: str) -> None:
    assert owner("--definitions", str(root), kind=kind)["enum"] == ["ovens"]


def test_product_groups_named_by_themselves_take_their_place(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yml"
    other.write_text("- shops\n")
    assert owner("--definitions", str(root), "--product-groups", str(other))["enum"] == ["shops"]


def test_a_root_without_product_groups_leaves_the_owner_open(root: Path) -> None:
    (root / "product_groups.yml").unlink()
    assert "enum" not in owner("--definitions", str(root))


def test_a_root_that_does_not_exist_is_wrong_usage(tmp_path: Path) -> None:
    assert CliRunner().invoke(command, ["metric", "--definitions", str(tmp_path / "nowhere")]).exit_code == 2
