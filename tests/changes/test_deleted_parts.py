"""What stands beside the definitions and is deleted: classes that compute metrics, and the declared product groups."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.changes.repositories import METRIC, make_repository
from tests.program import run
from tests.repository import commit
from tests.small_root import write

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

OVENS = METRIC.replace("loaves_sold", "ovens").replace("internal_events", "database")
OVENS = OVENS.replace("events:\n- name: loaf_sold\n", "instrumentation_class: CountOvens\n")
CLASSES = "---\nCountOvens:\n  source: database\n  operation: count\n  table: ovens\n"
GONE = "`counts.ovens` has nothing that computes it any more: its class is gone"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_repository(tmp_path / "bakery")
    write(root / "metrics/counts_all/ovens.yml", OVENS)
    write(root / "instrumentations/all.yml", CLASSES)
    write(root / "product_groups.yml", '---\novens:\n  name: Ovens\n  contact: "#ovens"\n')
    commit(root.parent)
    return root


def three_reports(root: Path) -> tuple[subprocess.CompletedProcess[str], ...]:
    """Return what `diff`, `changelog` and `validate --against` say of the working tree since HEAD."""
    return (
        run("diff", "HEAD", "--definitions", root),
        run("changelog", "--since", "HEAD", "--definitions", root),
        run("validate", root, "--against", "HEAD"),
    )


@pytest.mark.parametrize("deleted", ["entry", "folder"])
def test_a_live_metric_that_nothing_computes_any_more_is_a_breaking_change(root: Path, deleted: str) -> None:
    exported = run("export", "--definitions", root).stdout
    if deleted == "entry":
        write(root / "instrumentations/all.yml", "--- {}\n")
    else:
        shutil.rmtree(root / "instrumentations")
    diff, changelog, validate = three_reports(root)
    assert (diff.returncode, validate.returncode) == (1, 1)
    assert GONE in diff.stdout
    assert "-> (nothing)" in diff.stdout
    assert "1 definition with breaking changes." in diff.stdout
    assert "### Not comparable with earlier numbers\n\n- metric `counts.ovens`" in changelog.stdout
    assert f"error[changed-computation] {GONE}" in " ".join(validate.stdout.split()).replace("]:", "]")
    markdown = run("diff", "HEAD", "--definitions", root, "--format", "markdown").stdout
    assert "→ nothing" in markdown
    (group,) = json.loads(run("diff", "HEAD", "--definitions", root, "--format", "json").stdout)["groups"]
    (computation,) = group["definitions"][0]["computations"]
    assert (computation["key_path"], computation["after"]) == ("counts.ovens", None)
    combined = write(root.parent / "combined.yml", exported)
    for pair in ((combined, root), (root, combined)):
        assert run("diff", *pair, "--definitions", root).returncode == 0


def test_a_root_and_a_combined_file_of_it_differ_in_no_computation(root: Path) -> None:
    combined = write(root.parent / "combined.yml", run("export", "--definitions", root).stdout)
    for pair in ((combined, root), (root, combined), (combined, combined)):
        said = run("diff", *pair, "--definitions", root)
        assert (said.returncode, said.stdout.rpartition(": ")[2]) == (0, "no difference. Nothing breaking.\n")


def test_a_file_of_classes_that_cannot_be_read_may_hold_them_still(root: Path) -> None:
    write(root / "instrumentations/all.yml", "CountOvens: [\n")
    diff, _, _ = three_reports(root)
    assert diff.returncode == 1
    assert "any more" not in diff.stdout


def test_product_groups_that_are_no_longer_declared_are_a_difference_that_breaks_nothing(root: Path) -> None:
    (root / "product_groups.yml").unlink()
    diff, changelog, validate = three_reports(root)
    assert (diff.returncode, validate.returncode) == (0, 0)
    assert "product_groups.yml no longer declares ovens: nothing says its name and contact\n" in diff.stdout
    assert diff.stdout.endswith(": 1 product group no longer declared. Nothing breaking.\n")
    assert "- product_groups.yml no longer declares `ovens`: nothing says its name and contact\n" in changelog.stdout
    assert "Nothing changed" not in changelog.stdout
    found = json.loads(run("diff", "HEAD", "--definitions", root, "--format", "json").stdout)
    assert found["undeclared_groups"] == ["ovens"]
