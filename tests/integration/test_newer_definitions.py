"""What GitLab's definitions have since 18.x, from the definition to the event, the payload and the page."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from metrics_dictionary.reading.read import read_dictionary
from tests.program import run
from tests.server.running_server import API, Client, running
from tests.site.built_pages import page

if TYPE_CHECKING:
    from pathlib import Path

EVENT = """\
---
description: A helper answers a question that somebody asks in the handbook.
internal_events: true
action: answer_question
classification: duo
identifiers: [user]
product_group: planning
extra_trackers:
- tracking_class: Handbook::HelperTracking
- tracking_class: Handbook::QualityTracking
  protected_properties:
    question:
      description: The question, which only this tracker may see.
additional_properties:
  label:
    description: Which helper answers.
  session:
    description: The conversation that it belongs to.
milestone: "18.6"
introduced_by_url: https://example.com/changes/1
tiers: [premium]
"""
METRIC = """\
---
key_path: counts.answers_by_helper
description: How often each helper of the handbook answered a question.
product_group: planning
value_type: object
status: active
milestone: "18.6"
introduced_by_url: https://example.com/changes/1
time_frame: [7d, all]
data_source: internal_events
data_category: optional
instrumentation_class: UniqueTotalsMetric
events:
- name: answer_question
  unique: label
  operator: total
tiers: [premium]
"""


def write_root(root: Path) -> Path:
    for folder in ("events", "metrics/counts_all", "instrumentations"):
        (root / folder).mkdir(parents=True)
    (root / "events/answer_question.yml").write_text(EVENT, encoding="utf-8")
    (root / "metrics/counts_all/answers_by_helper.yml").write_text(METRIC, encoding="utf-8")
    (root / "product_groups.yml").write_text("---\nplanning:\n  name: Planning\n", encoding="utf-8")
    (root / "instrumentations/own.yml").write_text("---\n{}\n", encoding="utf-8")
    return root


def test_they_are_sound_and_explained(tmp_path: Path) -> None:
    root = write_root(tmp_path / "definitions")
    checked = run("validate", root, cwd=tmp_path)
    assert (checked.returncode, checked.stdout) == (0, "Checked 4 files: nothing to report.\n"), checked.stdout
    explained = run("explain", "--definitions", root, "counts.answers_by_helper", cwd=tmp_path).stdout
    assert "Every `answer_question` for each value of `label`" in explained
    assert "no instrumentation" not in explained
    assert re.search("protected +question: ", run("explain", "--definitions", root, "answer_question").stdout)


def test_pages_say_what_is_counted_and_what_is_protected(tmp_path: Path) -> None:
    root = write_root(tmp_path / "definitions")
    built = run("build", "--definitions", root, "--output", tmp_path / "site", cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    texts = [
        re.sub(r"\s+", " ", page(tmp_path / "site" / url / "index.html").text)
        for url in ("metrics/counts.answers_by_helper", "events/answer_question")
    ]
    assert "For each value of label, every occurrence of answer_question" in texts[0]
    assert "For each value of label, every occurrence of this event" in texts[1]
    assert "Protected properties" in texts[1]
    assert '"question"' not in texts[1].partition("Try it")[2].partition("Attributes")[0]


def test_what_is_tracked_is_in_the_payload_and_what_is_protected_nowhere(tmp_path: Path) -> None:
    root = write_root(tmp_path / "definitions")
    store = f"sqlite:///{tmp_path / 'store.db'}"
    settings = {"events.undeclared_properties": "reject", "collector": "http://127.0.0.1:9"}
    answered: list[tuple[int, dict[str, str]]] = []
    with running(tmp_path, dictionary=read_dictionary(root).dictionary, settings=settings) as served:
        with closing(Client(served.port)) as client:
            for label in ("tutor", "guide.v2", "tutor", None):
                properties: dict[str, Any] = {"label": label, "session": "s1", "question": "Who am I?"}
                body = {"event": "answer_question", "send_to_snowplow": True, "additional_properties": properties}
                answer = client.post_json(f"{API}/track_event", body, served.headers("tracker"))
                answered.append((answer.status, dict(answer.headers)))
        kept = b"".join(file.read_bytes() for file in tmp_path.glob("store.db*"))
    assert [status for status, _ in answered] == [200] * 4
    assert not any("x-unknown-properties" in headers for _, headers in answered)
    assert b"tutor" in kept
    assert b"Who am I?" not in kept
    with closing(sqlite3.connect(tmp_path / "store.db")) as by_hand:
        rows = by_hand.execute("SELECT value, total FROM totals_by_value WHERE key NOT GLOB '*-20[0-9][0-9]-*'")
        counted = dict(rows)
    assert counted == {"tutor": 2, "guide.v2": 1}
    made = run("ping", "generate", "--definitions", root, "--store", store, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    shown = run("ping", "show", "--store", store, cwd=tmp_path).stdout
    payload = json.loads(shown)
    assert payload["counts"]["answers_by_helper"] == {"label": counted}
    assert payload["counts"]["answers_by_helper_weekly"] == {"label": {}}
    (tmp_path / "payload.json").write_text(shown, encoding="utf-8")
    checked = run("check-payload", "--definitions", root, tmp_path / "payload.json", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout
