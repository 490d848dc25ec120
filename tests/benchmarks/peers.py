"""The same definitions as input for the tools that people use today."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.metric import MetricDefinition

MKDOCS = """\
site_name: Plain Material
theme:
  name: material
  font: false
plugins: []
nav:
- Home: index.md
validation:
  nav:
    omitted_files: ignore
"""


def write_plain_material(dictionary: Dictionary, folder: Path) -> None:
    """Write a Material project with a Markdown page for each metric, none of them in the navigation."""
    shutil.rmtree(folder, ignore_errors=True)
    pages = folder / "docs" / "metrics"
    pages.mkdir(parents=True)
    (folder / "mkdocs.yml").write_text(MKDOCS, encoding="utf-8")
    (folder / "docs" / "index.md").write_text("# Metrics\n", encoding="utf-8")
    for key_path, metric in dictionary.expanded.items():
        (pages / f"{key_path}.md").write_text(_markdown(metric), encoding="utf-8")


def _markdown(metric: MetricDefinition) -> str:
    rows = "".join(f"| `{name}` | {value} |\n" for name, value in metric.fields.items() if isinstance(value, str))
    source = yaml.dump(dict(metric.fields), Dumper=yaml.CSafeDumper, sort_keys=False)
    title = f"# {metric.key_path}\n\n{metric.description}\n"
    return f"{title}\n| attribute | value |\n| --- | --- |\n{rows}\n## Definition\n\n```yaml\n{source}```\n"


def write_glean(count: int, folder: Path) -> Path:
    """Write a Glean registry of ``count`` metrics, in files of 500 as Mozilla's larger products have; return it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for start in range(0, count, 500):
        names = range(start, min(start + 500, count))
        text = "$schema: moz://mozilla.org/schemas/glean/metrics/2-0-0\n\n" + f"area_{start}:\n"
        text += "".join(_glean_metric(number) for number in names)
        (folder / f"metrics_{start}.yaml").write_text(text, encoding="utf-8")
    return folder


def _glean_metric(number: int) -> str:
    return (
        f"  metric_{number}:\n    type: event\n    description: |\n"
        "      What is counted, of what, when, and what is left out of the number.\n"
        "    bugs:\n      - https://bugzilla.mozilla.org/123456789\n"
        "    data_reviews:\n      - http://example.com/reviews\n"
        "    notification_emails:\n      - team@example.com\n    expires: never\n"
        "    extra_keys:\n      label:\n        type: string\n        description: Where it was done.\n"
    )
