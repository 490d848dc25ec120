from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.recipes.installed_wheel import Environment


def test_the_wheel_in_an_empty_folder_checks_definitions_elsewhere(
    environment: Environment, project: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    result = environment.run("metrics-dictionary", "validate", str(project / "definitions"), cwd=empty)
    assert (result.returncode, result.stderr) == (1, "")
    assert "new.yml:6:16: error[unknown-product-group]" in result.stdout
    assert not list(empty.iterdir())


def test_it_needs_nothing_else_of_this_repository(environment: Environment, tmp_path: Path) -> None:
    where = environment.run(
        "python", "-c", "import metrics_dictionary; print(metrics_dictionary.__file__)", cwd=tmp_path
    )
    assert Path(where.stdout.strip()).is_relative_to(environment.folder)


def test_its_only_name_at_the_top_is_that_of_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"metrics_dictionary"}


def test_it_publishes_the_site_with_the_schemas_for_editors(
    environment: Environment, project: Path, tmp_path: Path
) -> None:
    result = environment.run(
        "metrics-dictionary", "build", "--definitions", str(project / "definitions"), "--output", "out", cwd=tmp_path
    )
    assert result.returncode == 0, result.stderr
    for kind in ("metric", "event"):
        assert '"ovens"' in (tmp_path / "out" / "schemas" / f"{kind}.json").read_text()
