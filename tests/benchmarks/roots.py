"""What a second definitions root costs: the same files as one root and as two, in GitLab's layout."""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.authoring import OURS
from tests.benchmarks.corpus import write_corpus
from tests.benchmarks.figure import Figure
from tests.benchmarks.measurement import measure
from tests.benchmarks.runtime import free_port, running
from tests.small_root import event, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

METRICS, INTERNAL_EVENTS, OTHER_EVENTS = 3_000, 333, 467
SHARED_ACTIONS = 20
"""Actions that five events have each, of different categories; the other older events have actions of their own."""

BOUND = 1.1


def roots_figures(scratch: Path, runs: int) -> Iterator[Figure]:
    """Measure each command on one root and on two in turn; yield how many times longer two take."""
    one, two = _trees(scratch)
    site = ["--output", str(scratch / "site-{run}")]
    store = ["--store", _store(scratch)]
    commands: dict[str, Callable[[list[Path]], list[str | Path]]] = {
        "validate": lambda roots: ["validate", *roots],
        "export": lambda roots: ["export", *_named(roots)],
        "build": lambda roots: ["build", *_named(roots), *site],
        "ping generate": lambda roots: ["ping", "generate", *_named(roots), *store],
    }
    for name, command in commands.items():
        yield _ratio(name, runs, partial(_seconds, command, scratch), one, two)
    yield _ratio("serve, until it is ready,", runs, partial(_until_ready, scratch), one, two)


def _trees(scratch: Path) -> tuple[list[Path], list[Path]]:
    """Write both trees; every third metric and event is in the second root, which owns nothing else."""
    first = scratch / "one/config"
    write_corpus(METRICS + INTERNAL_EVENTS, first)
    for number in range(OTHER_EVENTS):
        action = f"show_{number % SHARED_ACTIONS}" if number < 5 * SHARED_ACTIONS else f"show_page_{number}"
        fields = event(action=action, category=f"Pages{number}Controller", product_group="plan_team_0")
        fields = {
            name: value for name, value in fields.items() if name not in ("internal_events", "additional_properties")
        }
        write(first / f"events/pages_{number}_{action}.yml", fields)
    second = scratch / "two/config"
    shutil.copytree(first, second)
    for part in ("metrics", "events"):
        for file in sorted((second / part).rglob("*.yml"))[::3]:
            moved = scratch / "two/ee/config" / file.relative_to(second)
            moved.parent.mkdir(parents=True, exist_ok=True)
            file.rename(moved)
    return [first], [second, scratch / "two/ee/config"]


def _ratio(name: str, runs: int, seconds: Callable[[list[Path]], float], one: list[Path], two: list[Path]) -> Figure:
    pairs = [(seconds(one), seconds(two)) for _ in range(max(runs, 3))]
    ratio = statistics.median(after for _, after in pairs) / statistics.median(before for before, _ in pairs)
    return Figure(f"{name} of two roots with 3,000 metrics and 800 events, times the same as one", ratio, BOUND)


def _seconds(command: Callable[[list[Path]], list[str | Path]], scratch: Path, roots: list[Path]) -> float:
    shutil.rmtree(scratch / "site-0", ignore_errors=True)
    return measure([OURS, *command(roots)], scratch / "log", runs=1).wall


def _until_ready(scratch: Path, roots: list[Path]) -> float:
    shutil.rmtree(scratch / "served", ignore_errors=True)
    port = free_port()
    options = ["--port", port, "--store", _store(scratch), "--site", scratch / "served"]
    command = [str(word) for word in (OURS, "serve", *_named(roots), *options)]
    began = time.perf_counter()
    with running(command, port):
        return time.perf_counter() - began


def _named(roots: list[Path]) -> list[str | Path]:
    return [word for root in roots for word in ("--definitions", root)]


def _store(scratch: Path) -> str:
    return f"sqlite:///{scratch / 'store.db'}"


if __name__ == "__main__":
    for figure in roots_figures(Path(sys.argv[1]), 3):
        print(f"{figure.name}: {figure.value:.2f}")
