from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from metrics_dictionary.ping.collect.collection import collect
from metrics_dictionary.ping.sources.evaluation import Sources
from metrics_dictionary.ping.sources.python_classes import registered_classes
from tests.ping.collection_samples import NOW, dictionary, metric

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ENTRY_POINTS = """\
[metrics_dictionary.instrumentations]
CountUnicornsMetric = stable_of_unicorns:CountUnicornsMetric
Stable::LostMetric = stable_of_unicorns:Lost

[another.group]
OtherMetric = stable_of_unicorns:Other
"""

MODULE = """
class CountUnicornsMetric:
    def value(self, metric, context):
        return 3 if context.window is None else 1
"""


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a package with entry points into a folder, as an installer does."""
    (folder / "stable_of_unicorns.py").write_text(MODULE, encoding="utf-8")
    about = folder / "stable_of_unicorns-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: stable-of-unicorns\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))


def test_classes_of_installed_packages_are_found_and_imported_when_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path, monkeypatch)
    classes = registered_classes()
    assert {"CountUnicornsMetric", "Stable::LostMetric"} <= classes.keys()
    assert "OtherMetric" not in classes
    assert "stable_of_unicorns" not in sys.modules
    defined = dictionary(
        metric("unicorns", "CountUnicornsMetric", time_frame=["all", "7d"]), metric("lost", "Stable::LostMetric")
    )
    payload = collect(defined, Sources(classes=classes), now=NOW)
    assert payload.tree | {"recorded_at": ""} == {"recorded_at": "", "lost": -1, "unicorns": 3, "unicorns_weekly": 1}
    assert "has no attribute 'Lost'" in payload.failures[0].reason
