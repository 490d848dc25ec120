"""Small git repositories with definitions in them."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

METRIC = """\
---
key_path: counts.loaves_sold
description: Count of rye loaves paid for at the till.
product_group: ovens
value_type: number
status: active
milestone: "3.4"
introduced_by_url: https://bakery.example/changes/12
time_frame: all
data_source: internal_events
data_category: optional
tiers: [free]
events:
- name: loaf_sold
"""

EVENT = """\
---
description: A customer pays for a loaf at the till.
internal_events: true
action: loaf_sold
identifiers: [user]
product_group: ovens
milestone: "3.4"
introduced_by_url: https://bakery.example/changes/14
tiers: [free]
"""

LOAVES = "metrics/counts_all/loaves_sold.yml"


def git(folder: Path, *arguments: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = {"GIT_AUTHOR_NAME": "Baker", "GIT_AUTHOR_EMAIL": "baker@bakery.example"}
    committer = {"GIT_COMMITTER_NAME": "Baker", "GIT_COMMITTER_EMAIL": "baker@bakery.example"}
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", "-c", "commit.gpgsign=false", *arguments],
        cwd=folder,
        env={**clean, **who, **committer, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def make_repository(folder: Path) -> Path:
    """Return the definitions root of a repository with one commit."""
    root = folder / "definitions"
    write(root / LOAVES, METRIC)
    write(root / "events" / "loaf_sold.yml", EVENT)
    git(folder, "init", "-q", "-b", "main")
    commit(root)
    return root


def commit(root: Path) -> str:
    git(root.parent, "add", "-A")
    git(root.parent, "commit", "-q", "--allow-empty", "-m", "Bake")
    return git(root.parent, "rev-parse", "HEAD")


def change(root: Path, old: str, new: str, file: str = LOAVES) -> None:
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
