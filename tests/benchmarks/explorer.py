"""The explorer in a browser: how soon it can be used, how soon a keystroke is on the screen, how much is loaded.

The figures are the browser's own timings, which the explorer leaves in its performance entries. Run it alone with
``python -m tests.benchmarks.explorer``; ``make bench`` has it among the others.
"""

from __future__ import annotations

import gzip
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.reading.read import read_dictionary
from metrics_dictionary.site.build.build import build
from metrics_dictionary.site.data.cross_references import CrossReferences
from metrics_dictionary.site.data.explorer_index import events_index, metrics_index
from tests.benchmarks.corpus import write_corpus
from tests.benchmarks.figure import Figure
from tests.browser.chromium import EXECUTABLE, MISSING, running_chromium, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

QUERIES = (
    "create_runner",
    "pipeline weeks",
    "counts.plan_board",
    "status:broken job",
    "redis_hll pakage",
    "-runner scan",
)
BETWEEN_KEYS = 90
"""Milliseconds from one key to the next: a quick typist's."""

LOADS = 5

_INTERACTIVE = "() => performance.getEntriesByName('explorer-interactive')[0]?.startTime"
_KEYSTROKES = "() => performance.getEntriesByName('explorer-keystroke').map((entry) => entry.duration)"
_SCROLL = """() => new Promise((resolve) => {
  const gaps = [];
  let last = performance.now();
  const step = (now) => {
    gaps.push(now - last);
    last = now;
    scrollBy(0, 300);
    if (gaps.length < 120) requestAnimationFrame(step);
    else resolve(gaps.slice(2));
  };
  requestAnimationFrame(step);
})"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Times in milliseconds. ``interactive`` is a median of cold loads, ``loaded`` the compressed KB until then.

    ``frame`` is the 95th percentile of the time between two frames while the list scrolls by 300 pixels a frame.
    """

    size: int
    interactive: float
    keystroke: float
    keystroke_p95: float
    frame: float
    loaded: float


BUDGETS = {
    5_000: Measured(5_000, interactive=1000, keystroke=50, keystroke_p95=100, frame=50, loaded=350),
    50_000: Measured(50_000, interactive=2500, keystroke=150, keystroke_p95=300, frame=50, loaded=float("inf")),
}


def explorer_figures() -> Iterator[Figure]:
    """Measure at both sizes. Raises RuntimeError where there is no Chromium."""
    if EXECUTABLE is None:
        raise RuntimeError(MISSING)
    for measured in measure_explorer(list(BUDGETS)):
        budget, subject = BUDGETS[measured.size], f"explorer of {measured.size:,}"
        yield Figure(f"{subject}: interactive, ms", measured.interactive, budget.interactive)
        yield Figure(f"{subject}: keystroke to painted, median ms", measured.keystroke, budget.keystroke)
        yield Figure(f"{subject}: keystroke to painted, p95 ms", measured.keystroke_p95, budget.keystroke_p95)
        yield Figure(f"{subject}: scrolling, p95 ms a frame", measured.frame, budget.frame)
        yield Figure(f"{subject}: index and scripts, KB compressed", measured.loaded, budget.loaded)


def measure_explorer(sizes: list[int]) -> list[Measured]:
    """Build a site of the smallest size; give its explorer the index of each size in turn."""
    with tempfile.TemporaryDirectory(prefix="explorer-") as name:
        folder = Path(name)
        roots = {size: folder / str(size) / "definitions" for size in sorted(sizes)}
        for size, root in roots.items():
            write_corpus(size, root)
        site = folder / "site"
        build(roots[min(sizes)], site)
        with running_chromium() as browser, served(folder) as address:
            measured = []
            for size, root in roots.items():
                _write_index(root, site)
                measured.append(_measure(browser, f"{address}/site/metrics/", size, site))
    return measured


def _write_index(root: Path, site: Path) -> None:
    references = CrossReferences(read_dictionary(root).dictionary)
    for index in (metrics_index(references), events_index(references)):
        for path, content in index.files:
            (site / path).write_bytes(content)


def _measure(browser: Browser, address: str, size: int, site: Path) -> Measured:
    interactive = []
    for _ in range(LOADS):
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.goto(address)
        interactive.append(float(page.wait_for_function(_INTERACTIVE, timeout=30_000).json_value()))
        page.context.close()
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(address)
    page.wait_for_function(_INTERACTIVE, timeout=30_000)
    keystrokes = sorted(_type(page))
    page.locator("#dx-box").fill("")
    page.wait_for_timeout(500)
    gaps = sorted(page.evaluate(_SCROLL))
    page.context.close()
    return Measured(
        size,
        interactive=statistics.median(interactive),
        keystroke=statistics.median(keystrokes),
        keystroke_p95=_p95(keystrokes),
        frame=_p95(gaps),
        loaded=_loaded(site) / 1000,
    )


def _type(page: Page) -> list[float]:
    """Type each query letter by letter and return how long each letter took to be answered on the screen."""
    # The longer texts are here by then: they make a search longer, too.
    page.wait_for_timeout(2000)
    box = page.locator("#dx-box")
    for query in QUERIES:
        box.press_sequentially(query, delay=BETWEEN_KEYS)
        page.wait_for_timeout(300)
        box.press("ControlOrMeta+a")
        box.press("Delete")
        page.wait_for_timeout(300)
    durations: list[float] = page.evaluate(_KEYSTROKES)
    return durations


def _p95(ordered: list[float]) -> float:
    return ordered[int(0.95 * (len(ordered) - 1))]


def _loaded(site: Path) -> int:
    """Return the compressed bytes of the first index and of the explorer's own scripts."""
    scripts = [file for folder in ("explorer", "shared") for file in (site / "assets" / folder).glob("*.js")]
    files = [site / "assets/explorer-metrics.json", *scripts]
    return sum(len(gzip.compress(file.read_bytes())) for file in files)


if __name__ == "__main__":
    for figure in explorer_figures():
        print("kept" if figure.kept else "BROKEN", figure)
