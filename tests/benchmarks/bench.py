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

from generator.reading.read import read_dictionary
from tests.benchmarks.corpus import write_corpus
from tests.benchmarks.measurement import Measurement, folder_size, measure
from tests.benchmarks.peers import write_glean, write_plain_material

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
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        rows = [row for size in arguments.sizes for row in _rows(size, Path(scratch), arguments.runs)]
    report = "\n".join([_machine(arguments.runs), "", *_table(rows), "", *_verdicts(rows)]) + "\n"
    print(report)
    output = Path("build/bench.md")
    output.parent.mkdir(exist_ok=True)
    output.write_text(report, encoding="utf-8")
    return int("BROKEN" in report)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[1000, 5000, 20000]
    )
    parser.add_argument("--runs", type=int, default=3)
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _rows(size: int, scratch: Path, runs: int) -> list[Row]:
    folder = scratch / str(size)
    root, site, log = folder / "definitions", folder / "site", folder / "log"
    _say(f"{size:,} definitions: writing the corpus")
    write_corpus(size, root)
    dictionary = read_dictionary(root).dictionary
    pages = len(dictionary.expanded) + len(dictionary.events)
    metrics = len(dictionary.expanded)

    _say("validate")
    rows = [Row("validate", size, measure([OURS, "validate", root], log, runs=runs))]
    _say("build")
    built = measure([OURS, "build", "--definitions", root, "--output", site], log, runs=runs)
    rows.append(Row("build", size, built, pages, folder_size(site)))

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


def _verdicts(rows: list[Row]) -> list[str]:
    """Hold the figures against the budgets; those of sizes that were not measured are left out."""
    wall = {(row.task, row.size): row.result.wall for row in rows}
    peak = {(row.task, row.size): row.result.peak for row in rows}
    budgets: list[tuple[str, float, float]] = []
    if ("validate", 5000) in wall:
        ratio = wall["plain Material", 5000] / wall["build", 5000]
        budgets += [
            ("validate 5,000: wall seconds, at most", wall["validate", 5000], 1.5),
            ("validate 5,000: peak MB, at most", peak["validate", 5000], 300),
            ("build 5,000: wall seconds, at most", wall["build", 5000], 4.0),
            ("build 5,000: peak MB, at most", peak["build", 5000], 400),
            ("build 5,000: share of plain Material's time, at most", 1 / ratio, 1 / 3),
        ]
    if ("build", 5000) in wall and ("build", 20000) in wall:
        growth = wall["build", 20000] / wall["build", 5000]
        budgets.append(("build 20,000 over build 5,000, at most", growth, 4.5))
    return [
        f"- {'kept' if value <= limit else 'BROKEN'}: {name} {limit:.2f}: {value:.2f}" for name, value, limit in budgets
    ]


def _say(what: str) -> None:
    print(f"  {what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
