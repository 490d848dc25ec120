"""The examples of the guides are definitions that validate."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import yaml

from metrics_dictionary.authoring.new.dialogue_wording import CATEGORIES
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.settings import SETTINGS
from metrics_dictionary.validation.validate import validate
from tests.program import run
from tests.small_root import metric, write
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


QUERY = re.compile(r"```yaml\n(.*?)```\n\n```sql\n(.*?)\n```\n\n> ([^\n]*)", re.DOTALL)

TABLES = """
CREATE TABLE projects (id INTEGER PRIMARY KEY, plan TEXT, archived BOOLEAN);
CREATE TABLE reviews (id INTEGER PRIMARY KEY, project_id, user_id, minutes, urgent BOOLEAN, days_open, state TEXT, hour,
                      finished_at TEXT);
CREATE TABLE label_links (target_type TEXT, target_id);
INSERT INTO projects VALUES (1, 'paid', FALSE), (2, 'free', FALSE), (3, 'paid', TRUE);
INSERT INTO reviews VALUES
  (1, 1, 7, 30, TRUE, 1, 'open', 3, '2001-02-03'), (2, 1, 7, 0, FALSE, 9, 'closed', 12, '2001-02-04'),
  (3, 3, NULL, 5, FALSE, 9, 'open', 23, NULL), (4, 3, 8, 12, FALSE, 1, 'draft', 6, NULL);
INSERT INTO label_links VALUES ('Review', 1), ('Review', 2), ('Issue', 3);
"""

VALUES = {
    "CountReviewsOfPaidProjectsMetric": 4,
    "CountProjectsWithoutReviewsMetric": 1,
    "CountLabeledReviewsMetric": 2,
    "CountReviewersMetric": 2,
    "SumReviewMinutesMetric": 47,
    "CountUrgentOrLateReviewsMetric": 2,
    "CountAssignedReviewsMetric": 3,
    "CountReviewsOfLivingProjectsMetric": 2,
    "CountFinishedReviewsMetric": 1,
    "CountReviewsAtNightMetric": 2,
}
"""What the rows of TABLES make of the queries of the guide, counted by hand; for all time."""


def test_each_query_of_the_guide_is_what_its_definition_gives_and_counts_what_it_says(tmp_path: Path) -> None:
    examples = QUERY.findall((REPOSITORY / "site_src/guides/write-a-metric.md").read_text())
    database = tmp_path / "application.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(TABLES)
    names = []
    for entry, sql, words in examples:
        (name,) = yaml.safe_load(entry)
        names.append(name)
        write(tmp_path / f"root/instrumentations/{name}.yml", entry)
        frame = "28d" if "time_window" in entry else "all"
        for key_path, time_frame in ((f"shown.{name}", frame), (f"counted.{name}", "all")):
            given = metric(key_path=key_path, time_frame=time_frame, instrumentation_class=name)
            write(tmp_path / f"root/metrics/counts_all/{key_path}.yml", given)
        explained = re.sub(r"\n +", "\n", run("explain", f"shown.{name}", "--definitions", tmp_path / "root").stdout)
        told = re.split(r"\ncomputed +|\nSQL +|\nfile +", explained)
        assert told[1:3] == [words, sql]
    assert names == list(VALUES)
    store = f"sqlite:///{tmp_path / 'store.db'}"
    options = ("--store", store, "--database", f"sqlite:///{database}", "--definitions", tmp_path / "root")
    assert run("ping", "generate", *options).returncode == 0
    assert json.loads(run("ping", "show", "--store", store).stdout)["counted"] == VALUES


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
