"""The examples of the guides are definitions that validate."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import yaml

from metrics_dictionary.authoring.new.dialogue_wording import CATEGORIES
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.settings import SETTINGS
from metrics_dictionary.validation.validate import validate
from tests.validation.schema_samples import schema_messages

REPOSITORY = Path(__file__).parents[2]
SCHEMAS = REPOSITORY / "generator/metrics_dictionary/validation/schemas"
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


def test_what_is_said_of_unique_names_the_properties_that_the_schema_allows() -> None:
    schema = json.loads((SCHEMAS / "internal_events.json").read_text())
    described = schema["then"]["properties"]["events"]["items"]["properties"]["unique"]["description"]
    guide = (REPOSITORY / "site_src/guides/write-a-metric.md").read_text()
    (explained,) = re.findall(r"^`unique`\n:(.*?)\n\n", guide, re.DOTALL | re.MULTILINE)
    frames = {"7d", "28d", "all"}
    names = ["user.id", "project.id", "namespace.id", "label", "property", "value", "lang", "page"]
    allowed = {name for name in names if _is_valid([{"name": "push", "unique": name}])}
    assert set(re.findall("`(.*?)`", explained)) - frames == allowed
    assert set(re.findall("`(.*?)`", described)) - frames == {name for name in allowed if "." not in name}


def _is_valid(events: list[dict[str, str]]) -> bool:
    file = "count_distinct_project_id_from_ci_template_included_7d.yml"
    metric = yaml.safe_load((REPOSITORY / "definitions/metrics/counts_7d" / file).read_text())
    return not schema_messages(metric | {"events": events}, Kind.METRIC)


def test_no_data_category_is_said_to_be_always_sent() -> None:
    """Each has a setting that switches it off, and the field's description names it."""
    described = json.loads((SCHEMAS / "metric.json").read_text())["properties"]["data_category"]
    categories = {setting.name.removeprefix("ping.") for setting in SETTINGS if "of the category" in setting.help}
    assert categories == set(described["enum"]) == CATEGORIES.keys()
    assert set(re.findall(r"`ping\.(.*?)`", described["description"])) == categories
    assert "always" not in " ".join([described["description"], *CATEGORIES.values()])
