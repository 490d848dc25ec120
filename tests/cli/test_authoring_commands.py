"""fmt, validate --fix, new, rename-group, deprecate and monitor, as a person runs them."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import yaml
from redis import Redis

from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import Changes, Recording
from tests.program import COMMAND, environment, run
from tests.small_root import EVENT, METRIC, write, write_boards

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.redis import RedisServer

COMMON = (
    *("--description", "People who opened a board: once or more.", "--milestone", "18.10"),
    *("--url", "https://example.com/changes/7"),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write_boards(tmp_path / "elsewhere" / "config")
    write(root / "product_groups.yml", "---\n# Who.\nplanning:  # ours\n  name: Planning\n  stage: plan\n")
    return root


def texts(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in root.rglob("*") if path.is_file()}


def files(root: Path) -> dict[str, bytes]:
    """Return the files of a root, those of git left out."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.yml")}


class Terminal:
    """A command on a pseudo-terminal, with somebody who reads what it says and types."""

    def __init__(self, *arguments: object) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            env={**environment(), "TERM": "xterm", "COLUMNS": "100"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""

    def read_until(self, text: str, seconds: float = 30) -> str:
        """Return what was said up to and including a text that has not been read yet."""
        until = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < until, f"{text!r} did not come in {self.seen!r}"
            if select.select([self._ours], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self._ours, 4096).decode()
                except OSError:
                    assert text in self.seen, f"{text!r} did not come in {self.seen!r}"
        said, _, self.seen = self.seen.partition(text)
        return said + text

    def answer(self, question: str, answer: str) -> str:
        said = self.read_until(question)
        os.write(self._ours, f"{answer}\n".encode())
        return said

    def hang_up(self) -> None:
        """Type Ctrl-D: there is no more input."""
        os.write(self._ours, b"\x04")

    def end(self) -> int:
        try:
            while os.read(self._ours, 4096):
                pass
        except OSError:
            pass
        os.close(self._ours)
        return self.process.wait(timeout=30)


OpenTerminal = Callable[..., Terminal]


@pytest.fixture
def open_terminal() -> Iterator[OpenTerminal]:
    """Open terminals whose commands end with the test, however that goes."""
    opened: list[Terminal] = []

    def open_one(*arguments: object) -> Terminal:
        opened.append(Terminal(*arguments))
        return opened[-1]

    yield open_one
    for terminal in opened:
        terminal.process.kill()
        terminal.process.wait(timeout=30)


def test_fmt_names_what_it_changed_and_a_check_tells_by_its_exit_status(root: Path) -> None:
    assert run("fmt", "--check", root).returncode == 1
    result = run("fmt", root)
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "Checked 2 definitions: 2 changed.")
    assert run("fmt", "--check", root).returncode == 0
    assert run("validate", root).returncode == 0


def test_fmt_names_a_file_that_it_left_alone_and_ends_with_1(root: Path) -> None:
    write(root / "events" / "broken.yml", "a: [\n")
    result = run("fmt", root)
    assert result.returncode == 1
    assert "left alone: " in result.stderr
    assert "broken.yml" in result.stderr


def test_fix_says_what_it_mended_and_the_check_that_follows_is_clean(root: Path) -> None:
    text = METRIC.replace("planning", "Planning").replace('"16.10"', "16.10").removeprefix("---\n")
    file = write(root / "metrics" / "counts_all" / "boards.yml", text)
    result = run("validate", root, "--fix")
    assert (result.returncode, result.stdout) == (0, "Checked 4 files: nothing to report.\n")
    assert "`Planning` is now `planning` (unknown-product-group)" in result.stderr
    assert file.read_text(encoding="utf-8") == METRIC
    assert run("validate", root, "--fix").stderr == ""


def test_fix_guesses_nothing_and_the_findings_stay(root: Path) -> None:
    text = METRIC.replace("active", "inactive").replace("planning", "un_planning").replace("7d", "1d")
    text = text.replace("optional", "non_optional").replace("name: create", "name: recreate")
    file = write(root / "metrics" / "counts_all" / "boards.yml", text)
    result = run("validate", root, "--fix")
    assert (result.returncode, result.stderr) == (1, "")
    assert file.read_text(encoding="utf-8") == text
    suggested = re.findall(r"= suggestion: (.*)", result.stdout)
    assert sorted(suggested) == ["7d", "active", "create_board", "optional", "planning"]
    result = run("validate", root, "--unsafe-fixes")
    assert (result.returncode, result.stdout) == (0, "Checked 4 files: nothing to report.\n")
    assert file.read_text(encoding="utf-8") == METRIC


@pytest.mark.parametrize("options", [("--fix",), ("--unsafe-fixes",)])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_diff_writes_nothing_and_git_makes_of_it_what_the_fixes_write(
    tmp_path: Path, options: tuple[str, ...], end: str
) -> None:
    one, other = write_boards(tmp_path / "one"), write_boards(tmp_path / "other")
    text = METRIC.replace("planning", "Planning").replace("inactive", "actve").replace("16.10", "16.10  ")
    text = text.removeprefix("---\n").removesuffix("\n").replace("create_board", "creat_board").replace("\n", end)
    for root in (one, other):
        write(root / "metrics" / "counts_all" / "boards.yml", text)
        subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    before = files(one)
    command = (*COMMAND, "validate", ".", *options, "--diff")
    result = subprocess.run(command, cwd=one, env=environment(), capture_output=True, check=False)
    assert (result.returncode, files(one)) == (1, before)
    assert result.stderr.endswith(b"1 file would change.\n")
    run("validate", ".", *options, cwd=other)
    subprocess.run(["git", "apply", "-"], cwd=one, input=result.stdout, check=True)
    assert files(one) != before
    assert files(one) == files(other)


def test_a_diff_without_a_change_is_empty_and_still_fails_for_findings(root: Path) -> None:
    assert run("validate", root, "--fix", "--diff").returncode == 0
    write(root / "metrics" / "counts_all" / "boards.yml", METRIC.replace("active", "inactive"))
    result = run("validate", root, "--diff")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "Checked 4 files: 1 error. 0 files would change.\n"


def test_a_metric_from_options_is_valid_canonical_and_lies_where_its_time_frame_says(root: Path) -> None:
    arguments = ("--event", "create_board", "--count", "user.id", "--filter", "label=Über: uns", "--time-frame", "28d")
    result = run("new", "metric", "--definitions", root, *arguments, *COMMON)
    assert result.returncode == 0, result.stderr
    name = "count_distinct_user_id_from_create_board_ber_uns_monthly"
    file = root / "metrics" / "counts_28d" / f"{name}.yml"
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=http")
    data = yaml.safe_load(text)
    assert data["key_path"] == f"redis_hll_counters.{name}"
    assert (data["milestone"], data["product_group"], data["tiers"]) == ("18.10", "planning", ["free"])
    assert data["events"] == [{"name": "create_board", "filter": {"label": "Über: uns"}, "unique": "user.id"}]
    assert run("validate", file).returncode == 0
    assert run("fmt", "--check", file).returncode == 0
    for way in ("curl --request POST", "urllib.request.urlopen", "await fetch", f"monitor redis_hll_counters.{name}"):
        assert way in result.stdout


def test_the_printed_calls_hold_what_the_metric_counts(root: Path) -> None:
    arguments = ("--event", "create_board", "--filter", "label=it's")
    result = run("new", "metric", "--definitions", root, *arguments, *COMMON)
    shell = result.stdout.partition("curl\n")[2].partition("\n\n")[0]
    echoed = subprocess.run(
        ["sh", "-c", shell.strip().replace("curl ", "printf '%s\\n' ", 1)], capture_output=True, text=True, check=True
    ).stdout
    body = yaml.safe_load(next(line for line in echoed.splitlines() if line.startswith("{")))
    assert body == {"event": "create_board", "project_id": 1, "additional_properties": {"label": "it's"}}
    python = result.stdout.partition("Python\n")[2].partition("\n\n")[0]
    compile("\n".join(line[2:] for line in python.splitlines()), "snippet", "exec")


def test_an_event_from_options_goes_into_a_root_that_has_no_definition_yet(tmp_path: Path) -> None:
    (tmp_path / "new" / "events").mkdir(parents=True)
    arguments = ("--action", "open_board", "--product-group", "planning", "--property", "label=Where: a or b.")
    result = run(
        "new", "event", "--definitions", "new", "--schemas", "https://a.example/s/", *arguments, *COMMON, cwd=tmp_path
    )
    assert result.returncode == 0, result.stderr
    text = (tmp_path / "new" / "events" / "open_board.yml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=https://a.example/s/event.json\n---\ndescription: ")
    assert yaml.safe_load(text)["additional_properties"] == {"label": {"description": "Where: a or b."}}


def test_missing_options_are_named_together_and_nothing_is_written(root: Path) -> None:
    before = texts(root)
    result = run("new", "event", "--definitions", root, "--action", "open_board")
    assert result.returncode == 2
    assert "missing: --description, --product-group, --milestone, --url" in result.stderr
    assert texts(root) == before


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--event", "create_bord"), "close: create_board"),
        (("--event", "create_board", "--filter", "lable=a"), "declares no property 'lable'"),
        (("--event", "create_board", "--count", "namespace.id"), "is not one of"),
        (("--event", "create_board", "--count", "user.id", "--time-frame", "all"), "7d and 28d only"),
        (("--event", "create_board", "--key-path", "counts.boards"), "is taken by the metric in"),
        (("--event", "create_board", "--key-path", "counts"), "is above or below"),
        (("--event", "create_board", "--key-path", "../x"), "lowercase letters"),
        (("--event", "create_board", "--product-group", "plannin"), "Close: planning"),
        (("--event", "create_board", "--milestone", "18"), "two numbers"),
    ],
)
def test_an_answer_that_would_make_a_wrong_metric_is_refused_and_nothing_is_written(
    root: Path, arguments: tuple[str, ...], reason: str
) -> None:
    before = texts(root)
    result = run("new", "metric", "--definitions", root, *COMMON, *arguments)
    assert result.returncode == 2
    assert reason in result.stderr
    assert texts(root) == before


def test_a_definition_that_would_have_errors_is_not_written(root: Path) -> None:
    before = texts(root)
    arguments = (
        "--action",
        "open_board",
        "--product-group",
        "planning",
        "--property",
        f"{'x' * 201}=Longer than the server takes.",
    )
    result = run("new", "event", "--definitions", root, *arguments, *COMMON)
    assert result.returncode == 1
    assert "Nothing was written" in result.stderr
    assert texts(root) == before


def test_a_dry_run_prints_the_file_and_writes_nothing(root: Path) -> None:
    before = texts(root)
    result = run("new", "metric", "--definitions", root, "--event", "create_board", "--dry-run", *COMMON)
    assert yaml.safe_load(result.stdout)["key_path"] == "counts.count_total_create_board"
    assert texts(root) == before


def test_the_dialogue_for_a_metric_searches_the_event_shows_the_file_and_saves(
    root: Path, open_terminal: OpenTerminal
) -> None:
    terminal = open_terminal("new", "metric", "--definitions", root)
    terminal.answer("Which event?", "pancake")
    assert "No event matches; `metrics-dictionary new event` defines one." in terminal.answer(
        "Which event?", "creat_bord"
    )
    assert "No event matches. Close: create_board." in terminal.answer("Which event?", "issue board")
    assert "create_board" in terminal.answer("Number of the event", "1")
    assert "how many different people" in terminal.answer("What is counted", "nonsense")
    terminal.answer("What is counted", "user.id")
    terminal.answer("Count only occurrences", "label")
    terminal.answer("Value of label", "sidebar")
    assert "all" not in terminal.answer("Time frames [", "none").partition("Value of label")[2]
    assert "An answer is needed." in terminal.answer("Time frames [", "")
    terminal.answer("Key path", "counts.boards")
    terminal.answer("Key path", "")
    terminal.answer("Description", "People who saved a board from the sidebar.")
    terminal.answer("Product group", "")
    terminal.answer("Data category", "")
    terminal.answer("Tiers", "none")
    assert "An answer is needed." in terminal.answer("Tiers", "1, 9")
    assert "1, 9 is not one of these" in terminal.answer("Tiers", "1, 2")
    terminal.answer("Milestone", "18")
    terminal.answer("Milestone", "18.7")
    terminal.answer("Merge request", "https://example.com/7")
    preview = terminal.answer("Write this file?", "y")
    assert "unique: user.id" in preview
    assert "create_board_sidebar_weekly, redis_hll_counters.count_distinct_user_id" in preview
    terminal.read_until("Wrote ")
    assert terminal.end() == 0
    file = root / "metrics" / "counts_all" / "count_distinct_user_id_from_create_board_sidebar.yml"
    assert yaml.safe_load(file.read_text(encoding="utf-8"))["tiers"] == ["free", "premium"]
    assert run("validate", root).returncode == 0


def test_the_dialogue_for_an_event_shows_similar_ones_and_a_no_writes_nothing(
    root: Path, open_terminal: OpenTerminal
) -> None:
    before = texts(root)
    terminal = open_terminal("new", "event", "--definitions", root, *COMMON)
    terminal.answer("Name of the event", "Open a board")
    form = "An action has lowercase letters, digits and _ only."
    assert form in terminal.answer("Name of the event", "create_board")
    assert "is already an event" in terminal.answer("Name of the event", "open_board")
    assert "create_board" in terminal.answer("Is yours a different event?", "y")
    terminal.answer("Identifiers", "none")
    terminal.answer("Property to record", "The label")
    assert form in terminal.answer("Property to record", "label")
    terminal.answer("What label means", "Where: list or menu.")
    terminal.answer("Property to record", "")
    terminal.answer("Product group", "planning")
    terminal.answer("Tiers", "")
    assert "additional_properties:" in terminal.answer("Write this file?", "n")
    terminal.read_until("Nothing was written.")
    assert terminal.end() == 0
    assert texts(root) == before


def test_who_finds_that_the_event_is_there_already_leaves_and_nothing_is_written(
    root: Path, open_terminal: OpenTerminal
) -> None:
    for number in range(12):
        write(root / "events" / f"board_{number}.yml", EVENT.replace("create_board", f"share_board_{number}"))
    before = texts(root)
    terminal = open_terminal("new", "event", "--definitions", root, *COMMON)
    terminal.answer("Name of the event", "open_board")
    assert "more; add words to narrow the search" in terminal.answer("Is yours a different event?", "n")
    assert terminal.end() == 130
    assert texts(root) == before


def test_leaving_the_dialogue_writes_nothing(root: Path, open_terminal: OpenTerminal) -> None:
    before = texts(root)
    terminal = open_terminal("new", "metric", "--definitions", root)
    terminal.read_until("Which event?")
    terminal.hang_up()
    assert terminal.end() == 130
    assert texts(root) == before


def test_a_group_gets_its_new_name_in_every_file_and_nothing_else_changes(root: Path) -> None:
    before = texts(root)
    result = run("rename-group", "planning", "project_planning", "--definitions", root)
    assert (result.returncode, result.stdout) == (
        0,
        "planning is now project_planning in 2 definitions and in product_groups.yml.\n",
    )
    changed = {"product_groups.yml", "events/create_board.yml", "metrics/counts_all/boards.yml"}
    expected = {
        name: re.sub(r"(?m)^(product_group: )?planning\b", r"\1project_planning", text) if name in changed else text
        for name, text in before.items()
    }
    assert texts(root) == expected
    assert run("validate", root).returncode == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("plannin", "x"),
        ("planning", "planning"),
        ("planning", "taken"),
        # What `validate` would refuse afterwards.
        *(("planning", name) for name in ("", " ", "Bad Name", "a: b", "-x", "planung\n", "größe")),
    ],
)
def test_a_renaming_that_cannot_be_done_changes_nothing(root: Path, old: str, new: str) -> None:
    write(root / "product_groups.yml", "planning: {}\ntaken: {}\n")
    before = texts(root)
    assert run("rename-group", old, new, "--definitions", root).returncode == 2
    assert texts(root) == before


def test_a_file_that_cannot_be_written_keeps_the_whole_renaming_from_happening(root: Path) -> None:
    file = root / "events" / "create_board.yml"
    text = file.read_text(encoding="utf-8")
    write(root / "events" / "broken.yml", text.replace("create_board", "broken") + "tiers: [free]\n")
    before = texts(root)
    result = run("rename-group", "planning", "other", "--definitions", root)
    assert result.returncode == 2
    assert "no file was changed" in result.stderr
    assert texts(root) == before


def test_a_deprecated_metric_says_since_when_and_by_what_in_the_canonical_order(root: Path) -> None:
    file = root / "metrics" / "counts_all" / "boards.yml"
    url = "https://example.com/8"
    result = run("deprecate", "counts.boards_weekly", "--milestone", "18.7", "--url", url, "--definitions", root)
    assert result.returncode == 0, result.stderr
    assert file.read_text(encoding="utf-8") == METRIC.replace("status: active", "status: removed").replace(
        "/merge_requests/1\n", f'/merge_requests/1\nmilestone_removed: "18.7"\nremoved_by_url: {url}\n'
    )
    assert "no longer in the payload: counts.boards_weekly" in result.stdout
    again = run("deprecate", "counts.boards", "--milestone", "18.8", "--url", url, "--definitions", root)
    assert again.returncode == 2
    assert "already marked as removed in 18.7" in again.stderr


def test_a_broken_metric_that_goes_needs_no_repair_any_more(root: Path) -> None:
    broken = METRIC.replace("status: active", "status: broken").replace(
        "time_frame", "repair_issue_url: https://example.com/9\ntime_frame"
    )
    file = write(root / "metrics" / "counts_all" / "boards.yml", broken)
    run("deprecate", "counts.boards", "--milestone", "18.7", "--url", "https://example.com/8", "--definitions", root)
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert "repair_issue_url" not in data
    assert list(data)[4:10] == [
        *("status", "milestone", "introduced_by_url", "milestone_removed", "removed_by_url", "time_frame"),
    ]


def test_a_deprecated_event_gets_a_status_and_who_still_counts_it_is_named(root: Path) -> None:
    url = "https://example.com/8"
    result = run("deprecate", "create_board", "--milestone", "18.7", "--url", url, "--definitions", root)
    assert result.returncode == 0, result.stderr
    assert "still counts the event: counts.boards" in result.stderr
    text = (root / "events" / "create_board.yml").read_text(encoding="utf-8")
    assert f'status: removed\nmilestone_removed: "18.7"\nremoved_by_url: {url}\ntiers' in text


@pytest.mark.parametrize("wrong", [("--milestone", "18"), ("--milestone", "1.0"), ("--url", "nowhere")])
def test_a_removal_that_would_be_wrong_is_not_written(root: Path, wrong: tuple[str, str]) -> None:
    before = texts(root)
    arguments = {"--milestone": "18.7", "--url": "https://example.com/8", wrong[0]: wrong[1]}
    options = [part for pair in arguments.items() for part in pair]
    result = run("deprecate", "counts.boards", *options, "--definitions", root)
    assert result.returncode == 2
    assert "nothing was written" in result.stderr
    assert texts(root) == before


def count_board(url: str) -> None:
    store = open_store(url)
    store.commit([Recording(Changes({"{event_counters}_create_board": 1}))])
    store.close()


def test_monitor_shows_each_metric_of_an_event_once(root: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    count_board(url)
    result = run("monitor", "--event", "create_board", "--once", "--store", url, "--definitions", root)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].split() == [
        "key",
        "path",
        "time",
        "frame",
        "in",
        "the",
        "payload",
        "with",
        "this",
        "week",
        "change",
    ]
    assert lines[1].split() == ["counts.boards", "all", "1", "1"]
    assert lines[2].split() == ["counts.boards_weekly", "7d", "0", "0"]


BY_LABEL = """---
key_path: counts.boards_by_label
value_type: object
status: active
time_frame: all
data_source: internal_events
events:
- {name: create_board, unique: label, operator: total}
"""


def test_monitor_shows_an_object_with_a_line_for_each_value(root: Path, tmp_path: Path) -> None:
    write(root / "metrics/counts_all/boards_by_label.yml", BY_LABEL)
    url = f"sqlite:///{tmp_path}/store.db"
    arguments = ("monitor", "counts.boards_by_label", "--once", "--store", url, "--definitions", root)
    (row,) = run(*arguments).stdout.splitlines()[1:]
    assert row.split() == ["counts.boards_by_label", "all", "0", "0"]
    with closing(open_store(url)) as store:
        totals = {"{hll_counters}_create_board-operator:total-label": {"list\x1b[2J": 1_200, "menu": 3}}
        store.commit([Recording(Changes(by_value=totals))])
    assert [row.split() for row in run(*arguments).stdout.splitlines()[1:]] == [
        ["counts.boards_by_label", "label=list\\x1b[2J", "all", "1,200", "1,200"],
        ["counts.boards_by_label", "label=menu", "all", "3", "3"],
    ]


def test_monitor_tells_a_change_in_a_line_when_it_is_piped(root: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    process = subprocess.Popen(
        [
            *(*COMMAND, "monitor", "counts.boards", "--interval", "0.1"),
            *("--store", url, "--definitions", str(root)),
        ],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    deadline = threading.Timer(30, process.kill)
    deadline.start()
    lines = [process.stdout.readline().split()[1:] for _ in range(2)]
    assert lines == [["counts.boards_weekly", "0", "0"], ["counts.boards", "0", "0"]]
    count_board(url)
    assert process.stdout.readline().split()[1:] == ["counts.boards", "1", "1"]
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    deadline.cancel()
    assert (process.returncode, "interrupted" in errors) == (0, False)


def test_monitor_refreshes_a_table_on_a_terminal(root: Path, tmp_path: Path, open_terminal: OpenTerminal) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    terminal = open_terminal("monitor", "counts.boards", "--interval", "0.1", "--store", url, "--definitions", root)
    terminal.read_until("Ctrl-C to stop")
    count_board(url)
    assert "\x1b[H" in terminal.read_until("+1")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 0


def test_monitor_shows_the_other_counters_beside_one_that_cannot_be_read(root: Path, redis_server: RedisServer) -> None:
    with closing(Redis.from_url(redis_server.url)) as client:
        client.flushall()
        store = ("--store", redis_server.url, "--definitions", root)
        count_board(redis_server.url)
        client.delete("{event_counters}_create_board")
        client.lpush("{event_counters}_create_board", "x")
        result = run("monitor", "counts.boards", "--once", *store)
        client.flushall()
    assert result.returncode == 2
    assert "counts.boards_weekly  7d " in result.stdout
    assert result.stdout.count("unreadable") == 2
    assert "{event_counters}_create_board" in result.stderr


def test_monitor_says_what_a_name_may_have_meant_and_what_is_no_counter(root: Path, tmp_path: Path) -> None:
    store = ("--once", "--store", f"sqlite:///{tmp_path}/store.db", "--definitions", root)
    assert "did you mean `counts.boards`" in run("monitor", "counts.board", *store).stderr
    assert "did you mean `create_board`" in run("monitor", "--event", "create_bord", *store).stderr
    database = METRIC.replace("internal_events", "database").replace("counts.boards", "counts.rows")
    write(root / "metrics" / "counts_all" / "rows.yml", database)
    assert "not from counters" in run("monitor", "counts.rows", *store).stderr
    assert run("monitor", *store).returncode == 2
