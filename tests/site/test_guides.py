"""The examples of the guides are definitions that validate."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import yaml

from metrics_dictionary.validation.validate import validate

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = re.compile(r'```yaml title="definitions/([^"]+)"\n(.*?)```', re.DOTALL)


def test_the_examples_of_the_guides_fit_into_the_shipped_definitions_without_a_finding(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "definitions", tmp_path / "definitions")
    for guide in ("write-a-metric.md", "write-an-event.md"):
        examples = EXAMPLE.findall((REPOSITORY / "site_src/guides" / guide).read_text())
        assert examples
        for path, text in examples:
            file = tmp_path / "definitions" / path
            assert not file.exists(), f"{guide} overwrites {path}"
            file.write_text(text)
    validation = validate(tmp_path / "definitions")
    assert not validation.diagnostics


def test_every_guide_is_in_the_navigation() -> None:
    configuration = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text())
    listed = next(item["Guides"] for item in configuration["nav"] if "Guides" in item)
    written = {f"guides/{path.name}" for path in (REPOSITORY / "site_src/guides").glob("*.md")}
    assert set(listed) == written
