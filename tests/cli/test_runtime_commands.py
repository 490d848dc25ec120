"""The commands around the runtime: tokens, flags, payloads, databases."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import tomllib
import uuid
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests import program
from tests.program import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runtime")
    assert run(folder, "database", "sample", "application.db").returncode == 0
    assert run(folder, "ping", "generate").returncode == 0
    return folder


def run(folder: Path, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    ours = {
        "METRICS_DICTIONARY_DEFINITIONS": str(REPOSITORY / "definitions"),
        "METRICS_DICTIONARY_STORE": "sqlite:///store.db",
        "METRICS_DICTIONARY_DATABASE": "sqlite:///application.db",
    }
    return program.run(*arguments, cwd=folder, **{**ours, **variables})


def test_a_token_is_shown_once_listed_without_its_secret_and_revoked(tmp_path: Path) -> None:
    created = run(tmp_path, "token", "create", "--user", 7, "--scopes", "api,read_service_ping", "--admin")
    assert created.returncode == 0
    assert created.stdout.startswith("glpat-")
    listed = run(tmp_path, "token", "list").stdout
    assert created.stdout.strip() not in listed
    assert created.stdout.strip().encode() not in (tmp_path / "store.db").read_bytes()
    identifier, user, scopes, admin, _, expires = listed.splitlines()[1].split()
    assert (user, scopes, admin, expires) == ("7", "api,read_service_ping", "yes", "never")
    assert run(tmp_path, "token", "revoke", identifier).returncode == 0
    assert len(run(tmp_path, "token", "list").stdout.splitlines()) == 1
    assert run(tmp_path, "token", "revoke", identifier).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--scopes", "apii"), "there is no scope 'apii'"),
        (("--scopes", ","), "at least one is needed"),
        (("--scopes", "api", "--expires", "2020-01-01"), "2020-01-01 is not in the future"),
    ],
)
def test_a_token_that_makes_no_sense_is_wrong_usage(tmp_path: Path, arguments: tuple[str, ...], problem: str) -> None:
    result = run(tmp_path, "token", "create", "--user", 1, *arguments)
    assert result.returncode == 2
    assert problem in result.stderr


def test_a_flag_is_off_until_enabled_and_the_settings_can_force_it(tmp_path: Path) -> None:
    name = "usage_data_queries_api"
    assert f"{name}      off    default" in run(tmp_path, "flag", "list").stdout
    assert run(tmp_path, "flag", "enable", name).stdout == f"{name} is on.\n"
    assert "on     flag command" in run(tmp_path, "flag", "list").stdout
    forced = {"METRICS_DICTIONARY_FLAGS_USAGE_DATA_QUERIES_API": "false"}
    assert "off    settings" in run(tmp_path, "flag", "list", **forced).stdout
    said = run(tmp_path, "flag", "enable", name, **forced).stdout
    assert said == f"{name} is off: the settings force it. It is on without them.\n"
    assert "off    settings" in run(tmp_path, "flag", "list", **forced).stdout
    assert run(tmp_path, "flag", "enable", "nonsense").returncode == 2


def test_a_payload_is_computed_from_the_database_and_kept(folder: Path) -> None:
    payload = json.loads(run(folder, "ping", "show").stdout)
    assert payload["counts"]["ci_builds"] == 463
    assert payload["counts"]["ci_triggers"] == 0
    assert "recorded_at" in payload


def test_a_uuid_that_nobody_set_is_made_once_and_is_in_every_backup(tmp_path: Path) -> None:
    def of_the_payload(store: str) -> object:
        ours = {"METRICS_DICTIONARY_STORE": f"sqlite:///{store}", "METRICS_DICTIONARY_DATABASE": ""}
        assert run(tmp_path, "ping", "generate", **ours).returncode == 0
        return json.loads(run(tmp_path, "ping", "show", **ours).stdout)["uuid"]

    assert json.loads(run(tmp_path, "ping", "queries").stdout)["uuid"] is None
    made = of_the_payload("store.db")
    assert uuid.UUID(str(made)).version == 4
    assert of_the_payload("store.db") == made
    assert json.loads(run(tmp_path, "ping", "queries").stdout)["uuid"] == made
    with (
        closing(sqlite3.connect(tmp_path / "store.db")) as store,
        closing(sqlite3.connect(tmp_path / "b.db")) as backup,
    ):
        store.backup(backup)
    assert of_the_payload("b.db") == made
    assert of_the_payload("another.db") not in (None, made)
    (tmp_path / "settings.toml").write_text('[instance]\nuuid = "c0ffee00-0000-4000-8000-000000000001"\n')
    named = run(tmp_path, "ping", "queries", "--settings", "settings.toml").stdout
    assert json.loads(named)["uuid"] == "c0ffee00-0000-4000-8000-000000000001"


def test_failures_are_listed_with_their_reasons(folder: Path) -> None:
    failures = run(folder, "ping", "show", "--failures").stdout
    assert "no Prometheus server is configured" in failures


def test_the_listings_hold_sql_and_values_by_key_path(folder: Path) -> None:
    queries = json.loads(run(folder, "ping", "queries").stdout)
    expected = """SELECT COUNT("ci_builds"."id") FROM "ci_builds" WHERE "ci_builds"."type" = 'Ci::Build'"""
    assert queries["counts"]["ci_builds"] == expected
    assert json.loads(run(folder, "ping", "non-sql").stdout)["counts"]["ci_builds"] == -3


def test_without_a_payload_there_is_nothing_to_show_or_submit(tmp_path: Path) -> None:
    for arguments in (("show",), ("submit", "http://127.0.0.1:1/")):
        result = run(tmp_path, "ping", *arguments)
        assert result.returncode == 2
        assert "no payload in sqlite:///store.db yet; `ping generate` collects one" in result.stderr


def test_a_database_that_is_away_gives_fallbacks_and_reasons(tmp_path: Path) -> None:
    result = run(tmp_path, "ping", "generate", METRICS_DICTIONARY_DATABASE="sqlite:///nowhere.db")
    assert result.returncode == 0
    assert json.loads(run(tmp_path, "ping", "show").stdout)["counts"]["ci_builds"] == -1
    assert "counts.ci_builds" in run(tmp_path, "ping", "show", "--failures").stdout


def test_a_database_that_goes_away_leaves_the_good_payload_for_a_day_and_exits_with_2(tmp_path: Path) -> None:
    assert run(tmp_path, "database", "sample", "application.db").returncode == 0
    assert run(tmp_path, "ping", "generate").returncode == 0
    good = run(tmp_path, "ping", "show").stdout
    (tmp_path / "application.db").rename(tmp_path / "elsewhere.db")
    held = run(tmp_path, "ping", "generate")
    assert (held.returncode, held.stdout, held.stderr.count("\n")) == (2, "", 1)
    assert "the database is away" in held.stderr
    assert f"the payload of {json.loads(good)['recorded_at']} stays" in held.stderr
    assert run(tmp_path, "ping", "show").stdout == good
    emptied = run(tmp_path, "ping", "generate", METRICS_DICTIONARY_PING_HOLD_HOURS="0")
    assert emptied.returncode == 0
    assert "without the database (2 attempts since" in emptied.stdout
    assert json.loads(run(tmp_path, "ping", "show").stdout)["counts"]["ci_builds"] == -1
    failures = run(tmp_path, "ping", "show", "--failures").stdout
    assert failures.startswith("Outage: this payload was collected without the database (2 attempts since")
    assert "No such file or directory" in failures.splitlines()[0]


@pytest.mark.parametrize("setting", ["HOLD_HOURS", "TIME_LIMIT"])
def test_a_limit_out_of_its_range_is_one_line(tmp_path: Path, setting: str) -> None:
    wrong = run(tmp_path, "ping", "generate", **{f"METRICS_DICTIONARY_PING_{setting}": "-1"})
    assert (wrong.returncode, wrong.stderr.count("\n"), list(tmp_path.iterdir())) == (2, 1, [])
    assert f"ping.{setting.lower()} must be a number" in wrong.stderr


def test_the_structure_of_a_database_is_written_as_json(folder: Path) -> None:
    structure = json.loads(run(folder, "database", "snapshot").stdout)
    assert "ci_builds" in structure["tables"]
    assert run(folder, "database", "snapshot", METRICS_DICTIONARY_DATABASE="").returncode == 2


def test_the_setting_of_the_statement_timeout_is_that_of_a_snapshot_too(folder: Path) -> None:
    ended = run(folder, "database", "snapshot", METRICS_DICTIONARY_PING_STATEMENT_TIMEOUT="0")
    assert ended.returncode == 2
    assert "the statement timeout of the database is 0 s" in ended.stderr


def test_the_default_stores_folder_is_made_by_whichever_command_comes_first(tmp_path: Path) -> None:
    assert run(tmp_path, "flag", "enable", "usage_data_queries_api", METRICS_DICTIONARY_STORE="").returncode == 0
    assert (tmp_path / "var" / "store.db").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("flag", "list"),
        ("token", "list"),
        ("token", "revoke", "1f2e3d4c"),
        ("ping", "show"),
        ("ping", "submit", "http://127.0.0.1:1/"),
        ("ping", "queries"),
        ("ping", "non-sql"),
        ("store", "info"),
        ("monitor", "--event", "mr_name_changed", "--once"),
    ],
)
@pytest.mark.parametrize("url", ["", "sqlite:///store.db"])
def test_a_command_that_only_reads_makes_no_store_and_says_that_there_is_none(
    tmp_path: Path, url: str, arguments: tuple[str, ...]
) -> None:
    result = run(tmp_path, *arguments, METRICS_DICTIONARY_STORE=url, METRICS_DICTIONARY_DATABASE="")
    assert list(tmp_path.iterdir()) == []
    assert "there is no store" in result.stderr + result.stdout
    assert "Traceback" not in result.stderr


def test_a_store_that_makes_no_sense_is_one_line(tmp_path: Path) -> None:
    result = run(tmp_path, "token", "list", METRICS_DICTIONARY_STORE="mysql://x")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)


def test_a_database_that_is_away_ends_a_snapshot_with_one_line(tmp_path: Path) -> None:
    ended = run(tmp_path, "database", "snapshot", "--database", "sqlite:///nowhere.db")
    assert ended.returncode == 2
    assert ended.stderr == f"error: {tmp_path}/nowhere.db: cannot read the database: No such file or directory\n"


def demo(folder: Path, *arguments: str, **variables: str) -> str:
    """Return what `serve --demo` says, which ends because there is no such port if nothing ends it before."""
    done = run(folder, "serve", "--demo", "demo", "--port", "99999", *arguments, **variables)
    assert done.returncode == 2
    return done.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "nobody-knows.invalid"])
def test_a_demo_for_other_machines_needs_a_yes_and_before_that_nothing_is_made(tmp_path: Path, host: str) -> None:
    (tmp_path / "settings.toml").write_text(f'host = "{host}"\n', encoding="utf-8")
    for said in (
        demo(tmp_path, "--host", host),
        demo(tmp_path, METRICS_DICTIONARY_HOST=host),
        demo(tmp_path, "--settings", "settings.toml"),
    ):
        assert f"listen on {host}, where other machines can reach" in said
        assert "listen on 127.0.0.1, or add --yes" in said
    assert [path.name for path in tmp_path.iterdir()] == ["settings.toml"]


@pytest.mark.parametrize(
    "arguments", [("--host", "0.0.0.0", "--yes"), ("--host", "localhost"), ("--host", "127.0.0.2"), ()]
)
def test_a_demo_with_a_yes_or_for_this_machine_alone_goes_on(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    said = demo(tmp_path, *arguments)
    assert "--yes" not in said
    assert "cannot listen on" in said


def test_the_settings_that_a_demo_made_are_asked_too(tmp_path: Path) -> None:
    demo(tmp_path)
    file = tmp_path / "demo/settings.toml"
    file.write_text('host = "0.0.0.0"\n' + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert "add --yes" in demo(tmp_path)


def test_a_command_that_makes_a_store_says_where_and_once(tmp_path: Path) -> None:
    arguments = ("token", "create", "--user", 7, "--scopes", "api")
    first = run(tmp_path, *arguments, METRICS_DICTIONARY_STORE="")
    assert (tmp_path / "var" / "store.db").exists()
    assert f"note: {tmp_path}/var/store.db: a new store was made" in first.stderr
    assert len(first.stdout.splitlines()) == 1
    assert "a new store" not in run(tmp_path, *arguments, METRICS_DICTIONARY_STORE="").stderr


def test_an_existing_file_is_not_called_a_sample_database(tmp_path: Path) -> None:
    (tmp_path / "mine.db").write_text("mine")
    result = run(tmp_path, "database", "sample", "mine.db")
    assert (result.returncode, (tmp_path / "mine.db").read_text()) == (0, "mine")
    assert "mine.db exists and is left as it is" in result.stdout
    assert "--database" not in result.stdout


def test_the_usage_of_a_flag_breaks_no_word(tmp_path: Path) -> None:
    assert run(tmp_path, "flag", "enable", "--help").stdout.splitlines()[0].endswith("flag enable [OPTIONS] FLAG")


def serve(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a server that does not start, in a process of its own, as it starts one itself."""
    return subprocess.run(
        [*program.COMMAND, "serve", "--definitions", str(REPOSITORY / "definitions"), "--port", "0", *arguments],
        cwd=folder,
        env={**program.environment(), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("package", "extra", "variables"),
    [
        ("redis", "redis", {"METRICS_DICTIONARY_STORE": "redis://127.0.0.1:1/0"}),
        ("psycopg", "postgres", {"METRICS_DICTIONARY_DATABASE": "postgresql://nobody@127.0.0.1:1/x"}),
        ("snowplow_tracker", "snowplow", {"METRICS_DICTIONARY_COLLECTOR": "http://127.0.0.1:1"}),
    ],
)
def test_a_missing_package_is_named_as_the_project_needs_it_and_not_by_the_projects_name(
    tmp_path: Path, package: str, extra: str, variables: dict[str, str]
) -> None:
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "sitecustomize.py").write_text(f"import sys\nsys.modules[{package!r}] = None\n")
    source = str(REPOSITORY / "generator")
    result = serve(tmp_path, PYTHONPATH=f"{tmp_path / 'packages'}:{source}", **variables)
    extras = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert result.returncode == 2, result.stderr
    assert f"pip install '{extras[extra][0]}'" in result.stderr
    assert "install metrics-dictionary" not in result.stderr


def test_a_site_that_may_not_be_replaced_is_told_without_an_option_that_serve_does_not_have(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "mine.txt").write_text("mine")
    result = serve(tmp_path, "--site", "site")
    assert result.returncode == 2
    assert "name another folder" in result.stderr
    assert "--output" not in result.stderr


def test_doctor_finds_the_files_that_a_demo_makes_well(tmp_path: Path) -> None:
    demo(tmp_path)
    store = tmp_path / "demo" / "store.db"
    found = run(tmp_path, "doctor", "--settings", "demo/settings.toml", METRICS_DICTIONARY_STORE=f"sqlite:///{store}")
    assert "ok       files: " in found.stdout, found.stdout
