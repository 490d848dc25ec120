"""A SQLite database of any size, the same every time, and the definitions of metrics on it.

The tables are those of a DevOps product, with the indexes that one has: on ids of other tables and on times, not on
every column that a metric asks for. Try it: ``python -m tests.benchmarks.database 2000000 1000 /tmp/application``.
"""

from __future__ import annotations

import random
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARES = {
    "builds": 300,
    "events": 200,
    "notes": 120,
    "issues": 90,
    "pipelines": 80,
    "merges": 60,
    "members": 50,
    "artifacts": 40,
    "projects": 25,
    "users": 20,
    "packages": 10,
    "runners": 5,
}
"""Table -> its part of a thousand rows."""

KINDS = ("push", "merge_request", "schedule", "api", "web", "trigger", "parent", "chat")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
DAYS = 400

CREATE = """
CREATE TABLE "{table}" (
  id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, project_id INTEGER, kind TEXT NOT NULL, status INTEGER NOT NULL,
  active BOOLEAN NOT NULL, size INTEGER, title TEXT, created_at TIMESTAMP NOT NULL
)
"""


def write_database(path: Path, rows: int, now: datetime, seed: int = 1) -> None:
    """Write a database with ``rows`` rows to a path that must not exist; the newest row is from ``now``."""
    chance = random.Random(seed)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    for table, share in SHARES.items():
        connection.execute(CREATE.format(table=table))
        connection.executemany(
            f'INSERT INTO "{table}" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)', _rows(rows * share // 1000, now, chance)
        )
        for column in ("user_id", "project_id", "created_at"):
            connection.execute(f'CREATE INDEX "{table}_by_{column}" ON "{table}" ({column})')
    connection.commit()
    connection.close()


def _rows(number: int, now: datetime, chance: random.Random) -> Iterator[tuple[object, ...]]:
    first = now.astimezone(UTC) - timedelta(days=DAYS)
    seconds = DAYS * 86_400
    for row in range(1, number + 1):
        created = first + timedelta(seconds=seconds * row // number)
        yield (
            row,
            int(chance.random() ** 2 * 40_000) + 1,
            int(chance.random() ** 2 * 15_000) + 1 if row % 9 else None,
            KINDS[int(chance.random() * len(KINDS))],
            int(chance.random() * 6),
            row % 4 > 0,
            int(chance.random() * 100_000) if row % 3 else None,
            f"{KINDS[row % len(KINDS)]} number {row} of the table",
            created.strftime("%Y-%m-%d %H:%M:%S.%f"),
        )


def write_definitions(root: Path, metrics: int) -> None:
    """Write ``metrics`` metrics on the database, and what they refer to, under ``root``, which must not exist."""
    for folder in ("counts_all", "counts_28d"):
        (root / "metrics" / folder).mkdir(parents=True)
    (root / "instrumentations").mkdir()
    (root / "product_groups.yml").write_text("---\ncore:\n  name: Core\n  stage: plan\n", encoding="utf-8")
    entries = []
    for number in range(metrics):
        name = f"Count{_letters(number)}Metric"
        entries.append(f"{name}:\n{_entry(number)}")
        time_frame = "28d" if number % 4 == 3 else "all"
        file = root / "metrics" / f"counts_{time_frame}" / f"application_{number:05}.yml"
        file.write_text(_metric(number, name, time_frame), encoding="utf-8")
    (root / "instrumentations" / "all.yml").write_text("---\n" + "".join(entries), encoding="utf-8")


def _entry(number: int) -> str:
    """Of ten metrics six count rows, one counts users, one projects, one adds up sizes, one averages or estimates."""
    table = list(SHARES)[number // 10 % len(SHARES)]
    operation, column = (
        *(("count", "id"),) * 6,
        ("distinct_count", "user_id"),
        ("distinct_count", "project_id"),
        ("sum", "size"),
        (("average", "size"), ("estimate_batch_distinct_count", "user_id"))[number // 10 % 2],
    )[number % 10]
    conditions = (
        f"    - kind: {KINDS[number % 7]}\n",
        f"    - status: [{number % 5}, {number % 6}]\n    - active: true\n",
        "",
        "    - {column: project_id, operator: IS NOT, value: null}\n",
        f"    - not: {{kind: {KINDS[number % 5]}}}\n",
    )[number // 2 % 5]
    joins = ""
    if number % 10 == 5:
        joins = f"  joins:\n    - table: runners\n      on: {{id: {table}.project_id}}\n" if table != "runners" else ""
    return f"  source: database\n  operation: {operation}\n  table: {table}\n  column: {column}\n{joins}" + (
        f"  conditions:\n{conditions}" if conditions else ""
    )


def _metric(number: int, instrumentation: str, time_frame: str) -> str:
    return (
        f"---\nkey_path: counts.application_{number:05}\ndescription: Rows of the application, case {number}.\n"
        "product_group: core\nperformance_indicator_type: []\nvalue_type: number\nstatus: active\n"
        f'milestone: "17.0"\nintroduced_by_url: https://code.example.com/product/-/merge_requests/{number + 1}\n'
        f"time_frame: {time_frame}\ndata_source: database\ninstrumentation_class: {instrumentation}\n"
        "data_category: optional\ntiers:\n- free\n- premium\n- ultimate\n"
    )


def _letters(number: int) -> str:
    """Spell a number in letters: class names have no digits."""
    return "".join(LETTERS[int(digit)] for digit in f"{number:05}").capitalize()


if __name__ == "__main__":
    folder = Path(sys.argv[3])
    folder.mkdir(parents=True)
    write_database(folder / "application.db", int(sys.argv[1]), datetime.now(UTC))
    write_definitions(folder / "definitions", int(sys.argv[2]))
