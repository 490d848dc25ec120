"""What an author waits for: the lifecycle check, a hook on one file, the difference of two combined files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.corpus import write_corpus
from tests.benchmarks.figure import Figure
from tests.benchmarks.measurement import measure

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = Path(sys.executable).parent / "metrics-dictionary"
SIZE = 5_000


def authoring_figures(scratch: Path, runs: int) -> Iterator[Figure]:
    """Measure on a repository of 5,000 definitions, whose last commit changes some of them."""
    scratch.mkdir()
    root, log = scratch / "definitions", scratch / "log"
    write_corpus(SIZE, root)
    _commit(scratch, "init", "--quiet")
    before, after = scratch / "before.yml", scratch / "after.yml"
    measure([OURS, "export", "--definitions", root, "--output", before], log, runs=1)
    files = sorted((root / "metrics").rglob("*.yml"))
    for file in files[::100]:
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("data_category: optional", "data_category: operational"), encoding="utf-8")
    _commit(scratch)
    measure([OURS, "export", "--definitions", root, "--output", after], log, runs=1)

    against = measure([OURS, "validate", root, "--against", "HEAD~1"], log, runs=runs)
    yield Figure("validate --against HEAD~1, 5,000, wall seconds", against.wall, 2.5)
    shipped = Path("definitions/metrics/counts_all/boards.yml")
    one = measure([OURS, "validate", shipped], log, runs=runs)
    yield Figure("validate one file of the shipped root, wall seconds", one.wall, 0.6)
    difference = measure([OURS, "diff", before, after], log, runs=runs)
    yield Figure("diff of two combined files of 5,000, wall seconds", difference.wall, 2.0)


def _commit(repository: Path, *first: str) -> None:
    author = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    if first:
        subprocess.run(["git", *first, str(repository)], check=True)
    subprocess.run(["git", "-C", str(repository), "add", "definitions"], check=True)
    subprocess.run(["git", "-C", str(repository), *author, "commit", "--quiet", "-m", "definitions"], check=True)
