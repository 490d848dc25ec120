"""``make bench``: every budget of the project, measured beside its peers on the same corpus in one run.

Prints one table and writes it to ``build/bench.md``. ``--sizes 1000,5000`` and ``--runs 3`` shorten or lengthen it.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.reading.read import read_dictionary
from tests.benchmarks.authoring import authoring_figures
from tests.benchmarks.corpus import write_corpus
from tests.benchmarks.explorer import explorer_figures
from tests.benchmarks.figure import Figure
from tests.benchmarks.measurement import Measurement, folder_size, measure
from tests.benchmarks.peers import write_glean, write_plain_material
from tests.benchmarks.roots import roots_figures
from tests.benchmarks.runtime import runtime_figures

if TYPE_CHECKING:
    from collections.abc import Iterator

BIN = Path(sys.executable).parent
OURS = BIN / "metrics-dictionary"
COLUMNS = ("task", "definitions", "pages", "wall s", "CPU s", "peak MB", "output MB")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    task: str
    size: int
    result: Measurement
    pages: int | None = None
    output: float | None = None


def main() -> int:
    """Measure, print, judge; return 1 when a budget is broken."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=arguments.folder) as scratch:
        rows = [row for size in arguments.sizes for row in _rows(size, Path(scratch), arguments.runs)]
        figures = [*_figures(rows)]
        _say("an author's commands")
        figures += authoring_figures(Path(scratch) / "authoring", arguments.runs)
        _say("two definitions roots")
        figures += roots_figures(Path(scratch) / "roots", arguments.runs)
        if arguments.browser:
            _say("the explorer in a browser")
            figures += explorer_figures()
        if arguments.seconds:
            _say("the runtime")
            figures += runtime_figures(Path(scratch) / "runtime", arguments.seconds)
    report = "\n".join([_machine(arguments.runs), "", *_table(rows), "", *map(_verdict, figures)]) + "\n"
    print(report)
    output = Path("build/bench.md")
    output.parent.mkdir(exist_ok=True)
    output.write_text(report, encoding="utf-8")
    return int(not all(figure.kept for figure in figures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--sizes", type=_numbers, default=[1000, 5000, 20000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5, help="how long a load on the server lasts; 0 leaves it out")
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="leave the explorer out")
    parser.add_argument("--folder", type=Path, help="where the files go; /dev/shm keeps the disk out of the figures")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _rows(size: int, scratch: Path, runs: int) -> list[Row]:
    folder = scratch / str(size)
    root, log = folder / "definitions", folder / "log"
    _say(f"{size:,} definitions: writing the corpus")
    write_corpus(size, root)
    dictionary = read_dictionary(root).dictionary
    pages = len(dictionary.expanded) + len(dictionary.events)
    metrics = len(dictionary.expanded)

    _say("validate")
    rows = [Row("validate", size, measure([OURS, "validate", root], log, runs=runs))]
    _say("build")
    built = measure([OURS, "build", "--definitions", root, "--output", folder / "site-{run}"], log, runs=runs)
    rows.append(Row("build", size, built, pages, folder_size(folder / "site-0")))

    _say("plain Material")
    plain = folder / "plain"
    write_plain_material(dictionary, plain)
    command: list[str | Path] = [BIN / "mkdocs", "build", "--quiet", "-f", plain / "mkdocs.yml", "-d", plain / "site"]
    rows.append(Row("plain Material", size, measure(command, log, runs=1), metrics, folder_size(plain / "site")))

    _say("glinter")
    glean = sorted(write_glean(size, folder / "glean").glob("*.yaml"))
    rows.append(Row("glean_parser glinter", size, measure([BIN / "glean_parser", "glinter", *glean], log, runs=1)))

    _say("check-jsonschema")
    schema = folder / "metric.schema.json"
    measure([OURS, "schema", "metric", "--product-groups", root / "product_groups.yml"], schema, runs=1)
    files = sorted((root / "metrics").rglob("*.yml"))
    command = [BIN / "check-jsonschema", "--schemafile", schema, *files]
    rows.append(Row("check-jsonschema, metrics only", size, measure(command, log, runs=1)))
    return rows


def _machine(runs: int) -> str:
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}; "
        f"medians of {runs} cold runs, one run of each peer."
    )


def _table(rows: list[Row]) -> list[str]:
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{' --- |' * len(COLUMNS)}"]
    for row in rows:
        result = row.result
        pages = f"{row.pages:,}" if row.pages else ""
        output = f"{row.output:.1f}" if row.output else ""
        cells = (
            row.task,
            f"{row.size:,}",
            pages,
            f"{result.wall:.2f}",
            f"{result.cpu:.2f}",
            f"{result.peak:.0f}",
            output,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _figures(rows: list[Row]) -> Iterator[Figure]:
    """Hold the table against the budgets; those of sizes that were not measured are left out."""
    results = {(row.task, row.size): row.result for row in rows}
    if ("validate", 5000) in results:
        validate, build, plain = (results[task, 5000] for task in ("validate", "build", "plain Material"))
        yield Figure("validate 5,000, wall seconds", validate.wall, 1.5)
        yield Figure("validate 5,000, peak MB", validate.peak, 300)
        yield Figure("build 5,000, wall seconds", build.wall, 4)
        yield Figure("build 5,000, peak MB", build.peak, 400)
        yield Figure("plain Material's time over build's, 5,000", plain.wall / build.wall, 3, at_least=True)
        if ("build", 20000) in results:
            yield Figure("build 20,000 over build 5,000", results["build", 20000].wall / build.wall, 4.5)


def _verdict(figure: Figure) -> str:
    verdict = "kept" if figure.kept else "BROKEN"
    bound = f"{'at least' if figure.at_least else 'at most'} {figure.bound:,}"
    return f"- {verdict}: {figure.name}: {figure.value:,.2f}, {bound}"


def _say(what: str) -> None:
    print(f"  {what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
