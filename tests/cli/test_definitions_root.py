"""The definitions root: from the command line, the environment, the settings file or the default, in every command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from metrics_dictionary.cli.main import program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

METRIC = """---
key_path: {key_path}
"""

COMMANDS = (
    ("validate",),
    ("watch",),
    ("export",),
    ("build",),
    ("serve", "--port", "0", "--store", "sqlite:///store.db"),
    ("explain", "counts.boards"),
    ("new", "metric"),
    ("new", "event"),
    ("diff", "HEAD"),
    ("changelog", "--since", "HEAD"),
    ("check-payload", "payload.json"),
    ("fmt",),
    ("deprecate", "counts.boards", "--milestone", "18.7", "--url", "https://example.com/1"),
    ("rename-group", "ovens", "stoves"),
    ("monitor", "counts.boards"),
    ("ping", "generate"),
    ("ping", "queries"),
    ("ping", "non-sql"),
    ("database", "sample", "application.db"),
    ("store", "info", "--store", "redis://127.0.0.1:1/0"),
    ("store", "backup", "copy.jsonl", "--store", "redis://127.0.0.1:1/0"),
    ("store", "restore", "copy.jsonl", "--store", "redis://127.0.0.1:1/0"),
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with four roots, each with a metric that is called like it, and a settings file."""
    monkeypatch.chdir(tmp_path)
    for root in ("definitions", "of_the_file", "of_the_environment", "of_the_command_line"):
        metrics = tmp_path / root / "metrics"
        metrics.mkdir(parents=True)
        (metrics / "one.yml").write_text(METRIC.format(key_path=root), encoding="utf-8")
    (tmp_path / "payload.json").write_text("{}")
    (tmp_path / "settings.toml").write_text('definitions = "of_the_file"\n', encoding="utf-8")
    return tmp_path


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(program, arguments, env=environment)


def said(result: Result) -> str:
    """Return all that a command said, its error included."""
    return f"{result.output}{result.exception or ''}"


def test_the_command_line_wins_over_the_environment_that_over_the_file_and_that_over_the_default() -> None:
    given = ("--settings", "settings.toml")
    environment = {"METRICS_DICTIONARY_DEFINITIONS": "of_the_environment"}
    assert "key_path: definitions\n" in run("export").stdout
    assert "key_path: of_the_file\n" in run("export", *given).stdout
    assert "key_path: of_the_environment\n" in run("export", *given, **environment).stdout
    last = run("export", *given, "--definitions", "of_the_command_line", **environment)
    assert "key_path: of_the_command_line\n" in last.stdout


def test_an_argument_wins_over_the_environment_that_over_the_file_and_that_over_the_default() -> None:
    given = ("--settings", "settings.toml", "--format", "json")
    environment = {"METRICS_DICTIONARY_DEFINITIONS": "of_the_environment"}
    assert "definitions/metrics/one.yml" in run("validate").stdout
    assert "of_the_file/metrics/one.yml" in run("validate", *given).stdout
    assert "of_the_environment/metrics/one.yml" in run("validate", *given, **environment).stdout
    assert "of_the_command_line/metrics" in run("validate", *given, "of_the_command_line", **environment).stdout


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_command_takes_the_root_from_the_settings_file(folder: Path, arguments: tuple[str, ...]) -> None:
    (folder / "settings.toml").write_text('definitions = "nowhere"\n', encoding="utf-8")
    result = run(*arguments, "--settings", "settings.toml")
    assert result.exit_code != 0
    assert "nowhere" in said(result)


def names(group: click.Group, *above: str) -> Iterator[tuple[str, ...]]:
    """Return the names of the commands that are told a root or files of one."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from names(command, *above, name)
        elif command is not None and {"root", "paths"} & {parameter.name for parameter in command.params}:
            yield (*above, name)


def test_no_command_with_a_root_was_forgotten() -> None:
    tested = {arguments[: len(name)] for arguments in COMMANDS for name in names(program)} | {("schema",)}
    assert set(names(program)) <= tested


def test_the_schema_has_the_product_groups_of_the_root_that_the_settings_file_names(folder: Path) -> None:
    (folder / "of_the_file" / "product_groups.yml").write_text("---\novens:\n  name: Ovens\n", encoding="utf-8")
    assert "ovens" not in run("schema", "metric").stdout
    assert "ovens" in run("schema", "metric", "--settings", "settings.toml").stdout


def test_a_settings_file_that_is_wrong_is_told_of_only_when_it_is_needed(folder: Path) -> None:
    (folder / "settings.toml").write_text("prot = 1\n", encoding="utf-8")
    assert "prot is not a setting" in said(run("export", "--settings", "settings.toml"))
    assert run("export", "--settings", "settings.toml", "--definitions", "definitions").exit_code == 0


def test_a_build_links_to_the_repository_that_the_settings_file_names(folder: Path) -> None:
    (folder / "settings.toml").write_text('repository_url = "https://git.example/one/two"\n', encoding="utf-8")
    assert run("build", "--settings", "settings.toml").exit_code == 0
    assert any(
        "https://git.example/one/two" in page.read_text(encoding="utf-8") for page in (folder / "site").rglob("*.html")
    )
