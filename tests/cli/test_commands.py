"""Whole commands, as a person or a CI job runs them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from tests.program import COMMAND, REPOSITORY, environment, run
from tests.small_root import EVENT, METRIC, change, write, write_boards


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_boards(tmp_path / "definitions")


def assert_one_line_of_trouble(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def test_a_clean_root_is_one_line_and_exit_status_0(root: Path) -> None:
    result = run("validate", root)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "Checked 4 files: nothing to report.\n"


def test_a_finding_is_shown_with_its_place_and_exit_status_1(root: Path) -> None:
    write(root / "metrics" / "counts_all" / "boards.yml", METRIC.replace("planning", "plannig"))
    result = run("validate", "definitions", cwd=root.parent)
    assert result.returncode == 1
    assert "definitions/metrics/counts_all/boards.yml:4:16: error[unknown-product-group]: " in result.stdout
    assert "4 | product_group: plannig\n  |                ^^^^^^^\n  = suggestion: planning\n" in result.stdout


def test_findings_as_json_carry_the_documented_keys(root: Path) -> None:
    write(root / "metrics" / "counts_all" / "boards.yml", METRIC.replace("planning", "plannig"))
    document = json.loads(run("validate", root, "--format", "json").stdout)
    finding = next(one for one in document["findings"] if one["rule"] == "unknown-product-group")
    assert (finding["line"], finding["column"], finding["path"]) == (4, 16, "$.product_group")
    assert (finding["severity"], finding["suggestion"]) == ("error", "planning")
    assert document["summary"]["errors"] == 1


def test_warnings_fail_a_check_only_when_asked_to(root: Path) -> None:
    write(root / "events" / "create_board.yml", EVENT.replace("Somebody saves a new issue board.", "TODO"))
    assert run("validate", root).returncode == 0
    assert run("validate", root, "--fail-on", "warning").returncode == 1


def test_a_single_file_is_judged_with_its_whole_root_in_sight(root: Path) -> None:
    copy = write(root / "metrics" / "counts_all" / "boards_again.yml", METRIC)
    write(root / "metrics" / "counts_all" / "bad.yml", "---\nkey_path: 1\n")
    result = run("validate", copy, "--format", "json")
    findings = json.loads(result.stdout)["findings"]
    assert {finding["rule"] for finding in findings} == {"duplicate-key-path"}
    assert {finding["file"] for finding in findings} == {str(copy)}


def test_product_groups_may_come_from_a_json_schema(root: Path, tmp_path: Path) -> None:
    (root / "product_groups.yml").unlink()
    schema = write(tmp_path / "groups.json", json.dumps({"type": "string", "enum": ["planing"]}))
    result = run("validate", root, "--product-groups", schema)
    assert result.returncode == 1
    assert "suggestion: planing" in result.stdout


def test_a_root_without_anything_to_check_references_against_says_so_in_one_info_line(root: Path) -> None:
    (root / "product_groups.yml").unlink()
    findings = json.loads(run("validate", root, "--format", "json").stdout)["findings"]
    assert [finding["severity"] for finding in findings if "product groups" in finding["message"]] == ["info"]


def test_colour_appears_on_a_terminal_and_never_with_no_color(root: Path) -> None:
    assert "\x1b[" not in run("validate", root).stdout
    assert "\x1b[" in on_a_terminal("validate", root)
    assert "\x1b[" not in on_a_terminal("validate", root, NO_COLOR="1")
    assert "\x1b[" not in on_a_terminal("validate", root, TERM="dumb")


def on_a_terminal(*arguments: object, **variables: str) -> str:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        env={**environment(), "TERM": "xterm", **variables},
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    output = b""
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # the other end of a pseudo-terminal reports its closing as an error
            break
        if not chunk:
            break
        output += chunk
    process.wait(timeout=60)
    os.close(ours)
    return output.decode()


@pytest.mark.parametrize(
    "command", [("validate",), ("export", "--definitions"), ("build", "--output", "x", "--definitions")]
)
def test_a_missing_or_empty_root_is_one_line_and_exit_status_2(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert "no such" in assert_one_line_of_trouble(run(*command, tmp_path / "nowhere", cwd=tmp_path))
    empty = tmp_path / "empty"
    (empty / "metrics").mkdir(parents=True)
    assert_one_line_of_trouble(run(*command, empty, cwd=tmp_path))
    assert not (tmp_path / "x").exists()


def test_a_folder_in_place_of_a_file_is_one_line_and_exit_status_2(root: Path) -> None:
    (root / "metrics" / "counts_all" / "folder.yml").mkdir()
    assert "folder.yml" in assert_one_line_of_trouble(run("validate", root))


def test_a_dangling_link_is_one_line_and_exit_status_2(root: Path) -> None:
    (root / "metrics" / "counts_all" / "gone.yml").symlink_to("/nowhere")
    assert "gone.yml" in assert_one_line_of_trouble(run("validate", root))


def test_a_full_disk_is_one_line_and_exit_status_2(root: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        result = subprocess.run(
            [*COMMAND, "export", "--definitions", str(root)],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "No space left on device" in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        "explain create_board --definitions definitions",
        "schema event",
        "diff definitions --definitions definitions",
        "changelog --since definitions --definitions definitions",
        "check-payload payload.json --definitions definitions --without-optional",
        "fmt definitions",
        "deprecate counts.boards --milestone 17.0 --url https://example.com/1 --definitions definitions",
        "rename-group planning boards --definitions definitions",
        "ping generate --definitions definitions",
        "database sample application.db",
        "token list",
        "flag list",
    ],
)
def test_a_command_needs_nothing_that_another_one_imports(root: Path, command: str) -> None:
    """What runs in the other tests is a copy of a process that has imported everything."""
    write(root.parent / "payload.json", "{}")
    done = subprocess.run(
        [*COMMAND, *command.split()], env=environment(), cwd=root.parent, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr


def test_wrong_usage_is_exit_status_2(root: Path) -> None:
    assert run("validate", root, "--format", "xml").returncode == 2
    assert run("nonsense").returncode == 2


def test_whoever_stops_reading_gets_no_traceback(root: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "export", "--definitions", str(root)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.wait(timeout=60)
    assert process.stderr.read() == b""
    process.stderr.close()


def test_the_export_holds_every_definition_with_its_time_frames_expanded(root: Path) -> None:
    result = run("export", "--definitions", root, "--format", "yaml", "--include-paths")
    assert result.returncode == 0
    entries = yaml.safe_load(result.stdout)
    assert [(entry["key_path"], entry["time_frame"]) for entry in entries] == [
        ("counts.boards", "all"),
        ("counts.boards_weekly", "7d"),
    ]
    assert entries[0]["file_path"] == "definitions/metrics/counts_all/boards.yml"


def test_the_same_export_comes_as_json_and_csv_and_goes_to_a_file(root: Path, tmp_path: Path) -> None:
    assert [entry["key_path"] for entry in json.loads(run("export", "--definitions", root, "--format", "json").stdout)]
    output = tmp_path / "metrics.csv"
    assert run("export", "--definitions", root, "--format", "csv", "--output", output).returncode == 0
    assert output.read_text(encoding="utf-8").startswith("key_path,")


def test_events_are_exported_on_request(root: Path) -> None:
    entries = yaml.safe_load(run("export", "--definitions", root, "--events").stdout)
    assert [entry["action"] for entry in entries] == ["create_board"]
    assert run("export", "--definitions", root, "--events", "--format", "csv").returncode == 2


def test_an_export_that_had_to_leave_a_file_out_names_it_and_ends_with_1(root: Path) -> None:
    write(root / "metrics" / "counts_all" / "broken.yml", "a: [\n")
    result = run("export", "--definitions", root)
    assert result.returncode == 1
    assert "broken.yml:" in result.stderr
    assert "counts.boards" in result.stdout


def test_a_build_without_strict_publishes_and_says_that_strict_would_not(root: Path, tmp_path: Path) -> None:
    change(root / "metrics/counts_all/boards.yml", "status: active", "status: actve")
    site = tmp_path / "site"
    refused = run("build", "--definitions", root, "--output", site, "--strict")
    assert (refused.returncode, site.exists()) == (1, False)
    assert "no site was written: fix this, or build without --strict." in refused.stderr
    built = run("build", "--definitions", root, "--output", site)
    assert built.returncode == 0
    assert "The site was published anyway; --strict would have refused." in built.stderr
    assert (site / "metrics/counts.boards/index.html").exists()


def test_an_instrumentation_that_cannot_be_said_in_words_says_why(root: Path) -> None:
    write(root / "instrumentations" / "plan.yml", "---\nCountBoards:\n  source: database\n  operation: guess\n")
    metric = METRIC.replace("data_source: internal_events", "data_source: database").split("events:")[0]
    write(root / "metrics/counts_all/boards.yml", metric + "instrumentation_class: CountBoards\n")
    done = run("explain", "counts.boards", "--definitions", root)
    assert done.returncode == 0
    assert "table in definitions/instrumentations/plan.yml is missing\n" in done.stdout


def test_a_metric_is_explained_in_words(root: Path) -> None:
    result = run("explain", "counts.boards_weekly", "--definitions", root)
    assert result.returncode == 0
    for expected in (
        "Issue boards of all projects",
        "active, introduced in 16.10",
        "Planning (planning)",
        "`create_board`",
    ):
        assert expected in result.stdout


def test_a_statement_is_shown_as_it_is(root: Path) -> None:
    entry = (
        "---\nCountBoardsMetric:\n  source: database\n  operation: count\n  table: boards\n"
        '  joins:\n  - sql: INNER JOIN  "lists" ON 1 = 1\n  conditions:\n  - name: a  b\n'
    )
    write(root / "instrumentations" / "plan.yml", entry)
    metric = METRIC.replace("data_source: internal_events", "data_source: database").split("events:")[0]
    metric += "instrumentation_class: CountBoardsMetric\n"
    write(root / "metrics" / "counts_all" / "boards.yml", metric)
    result = run("explain", "counts.boards", "--definitions", root)
    assert """ FROM "boards" INNER JOIN  "lists" ON 1 = 1 WHERE "boards"."name" = 'a  b'\n""" in result.stdout


def test_the_statement_of_a_metric_without_a_time_frame_is_shown_too(root: Path) -> None:
    entry = "---\nCountBoardsMetric:\n  source: database\n  operation: count\n  table: boards\n"
    write(root / "instrumentations" / "plan.yml", entry)
    write(
        root / "metrics" / "counts_all" / "boards.yml", "---\nkey_path: b\ninstrumentation_class: CountBoardsMetric\n"
    )
    result = run("explain", "b", "--definitions", root)
    assert (result.returncode, result.stderr) == (0, "")
    assert 'SELECT COUNT("boards"."id") FROM "boards"\n' in result.stdout


def test_a_metric_that_nothing_computes_is_said_to_be_one(root: Path) -> None:
    metric = METRIC.replace("data_source: internal_events", "data_source: database").split("events:")[0]
    write(root / "metrics" / "counts_all" / "boards.yml", metric)
    write(root / "instrumentations" / "plan.yml", "---\nCountBoardsMetric:\n  source: clock\n")
    explained = run("explain", "counts.boards", "--definitions", root).stdout
    assert "The definition names no `instrumentation_class`, so nothing says how the value is computed." in explained
    write(root / "metrics" / "counts_all" / "boards.yml", metric + "instrumentation_class: CountBordsMetric\n")
    explained = run("explain", "counts.boards", "--definitions", root).stdout
    assert "`CountBordsMetric` computes the value, but no instrumentation of that name is defined." in explained


def test_a_name_before_expansion_explains_each_of_its_time_frames(root: Path) -> None:
    write(root / "metrics" / "counts_all" / "boards.yml", METRIC.replace("[7d, all]", "[7d, 28d]"))
    result = run("explain", "counts.boards", "--definitions", root)
    assert "counts.boards_weekly" in result.stdout
    assert "counts.boards_monthly" in result.stdout


def test_an_event_is_explained_with_the_metrics_that_it_feeds(root: Path) -> None:
    result = run("explain", "create_board", "--definitions", root)
    assert "Where the board was made." in result.stdout
    assert "counts.boards_weekly" in result.stdout


def test_a_bound_of_a_milestone_and_a_removed_metric_are_told_as_what_they_are(root: Path) -> None:
    removed = METRIC.replace("status: active", "status: removed").replace('"16.10"', '"<13.9"')
    write(root / "metrics" / "counts_all" / "boards.yml", removed + 'milestone_removed: "<14.1"\n')
    explained = run("explain", "counts.boards_weekly", "--definitions", root).stdout
    assert "removed, introduced before 13.9, removed before 14.1" in explained
    event = run("explain", "create_board", "--definitions", root).stdout
    assert "counts.boards_weekly (removed)\n" in event


def test_a_typo_names_what_was_probably_meant(root: Path) -> None:
    result = run("explain", "counts.bords", "--definitions", root)
    assert result.returncode == 2
    assert "did you mean `counts.boards`" in result.stderr


@pytest.mark.parametrize("kind", ["metric", "event"])
def test_the_schema_for_editors_is_one_self_contained_document(root: Path, kind: str) -> None:
    result = run("schema", kind, "--product-groups", root / "product_groups.yml")
    schema = json.loads(result.stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert '"planning"' in result.stdout


@pytest.mark.parametrize("page", ["command-reference.md", "settings-reference.md", "api-reference.md"])
def test_a_generated_reference_is_up_to_date(page: str) -> None:
    from metrics_dictionary.cli.manual import references

    written = Path(__file__).parents[2] / "site_src" / "guides" / page
    assert written.read_text(encoding="utf-8") == references()[page], "run `make manual`"


def test_every_command_and_option_says_what_it_does_and_every_command_has_an_example() -> None:
    import click

    from metrics_dictionary.cli.main import COMMANDS, program

    context = click.Context(program)
    for name in COMMANDS:
        command = program.get_command(context, name)
        assert command is not None
        assert "Example" in (command.help or ""), name
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, f"{name} {option.name}"


@pytest.mark.parametrize("command", [(), ("store",), ("ping",), ("token",)])
def test_a_group_without_a_command_shows_its_help_once_and_no_error(command: tuple[str, ...]) -> None:
    result = run(*command)
    assert result.returncode == 2
    said = result.stdout + result.stderr
    assert said.startswith("Usage: ")
    assert (said.count("Usage:"), "Error" in said) == (1, False)


def test_only_the_first_line_of_an_example_in_the_reference_has_a_prompt() -> None:
    lines = (REPOSITORY / "site_src/guides/command-reference.md").read_text(encoding="utf-8").splitlines()
    continued = [second for first, second in pairwise(lines) if first.endswith(" \\")]
    assert len(continued) >= 5
    assert [line for line in continued if not line.startswith("    ")] == []


def test_a_list_has_commas_in_the_environment_and_a_relative_path_of_the_file_counts_from_where_the_command_runs(
    tmp_path: Path,
) -> None:
    for name in ("base", "own"):
        board = METRIC.replace("counts.boards", f"counts.{name}")
        write(tmp_path / "work" / name / "metrics" / "counts_all" / f"{name}.yml", board)
    settings = write(tmp_path / "etc" / "settings.toml", 'definitions = ["base", "own"]\n')
    work = tmp_path / "work"
    in_environment = run("export", cwd=work, METRICS_DICTIONARY_DEFINITIONS="base,own")
    in_file = run("export", cwd=work, METRICS_DICTIONARY_SETTINGS=str(settings))
    assert in_environment.stdout == in_file.stdout
    assert "key_path: counts.base\n" in in_file.stdout
    assert "key_path: counts.own\n" in in_file.stdout
    assert run("export", cwd=settings.parent, METRICS_DICTIONARY_SETTINGS=str(settings)).returncode == 2
