from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.settings import SETTINGS, load_settings, unknown_variables
from metrics_dictionary.tools.errors import OperationalError
from tests.program import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path


def toml(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = toml(tmp_path, 'store = "sqlite:///file.db"\nport = 1\nhost = "file"\n')
    environment = {"METRICS_DICTIONARY_STORE": "sqlite:///env.db", "METRICS_DICTIONARY_PORT": "2"}
    settings = load_settings(file, {"store": "sqlite:///given.db", "host": None}, environment)
    assert settings.string("store") == "sqlite:///given.db"
    assert settings.number("port") == 2
    assert settings.string("host") == "file"


def test_tables_of_settings_and_tables_of_facts_stand_in_one_file(tmp_path: Path) -> None:
    settings = load_settings(
        toml(tmp_path, '[events]\nunknown = "ignore"\n[instance]\nhostname = "example"\n[license]\nplan = "premium"\n'),
        environment={},
    )
    assert settings.string("events.unknown") == "ignore"
    assert settings.facts == {"instance": {"hostname": "example"}, "license": {"plan": "premium"}}


def test_the_address_of_the_store_may_stand_in_its_table(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[store]\nurl = "redis://localhost/1"\nidempotency_limit = 9\n')
    settings = load_settings(file, environment={})
    assert (settings.string("store"), settings.number("store.idempotency_limit")) == ("redis://localhost/1", 9)


def test_a_data_category_can_be_switched_off() -> None:
    settings = load_settings(None, environment={"METRICS_DICTIONARY_PING_OPTIONAL": "false"})
    assert settings.data_categories == {"operational", "standard", "subscription"}


def test_a_flag_is_forced_only_when_something_says_so() -> None:
    assert load_settings(None, environment={}).forced_flags == {}
    settings = load_settings(None, environment={"METRICS_DICTIONARY_FLAGS_USAGE_DATA_QUERIES_API": "1"})
    assert settings.forced_flags == {"usage_data_queries_api": True}


def test_a_list_in_the_environment_is_separated_by_commas() -> None:
    settings = load_settings(None, environment={"METRICS_DICTIONARY_SERVER_TRUSTED_NETWORKS": "10.0.0.0/8, ::1/128"})
    assert settings.strings("server.trusted_networks") == ("10.0.0.0/8", "::1/128")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("port = \n", "not a TOML file"),
        ("prot = 1\n", "prot is not a setting"),
        ("[events]\nunkown = 'ignore'\n", "events.unkown is not a setting"),
        ("port = 'x'\n", "port must be a whole number, not 'x'"),
        ("port = true\n", "port must be a whole number, not True"),
        ("[events]\nunknown = 'maybe'\n", "events.unknown must be one of reject, ignore, not 'maybe'"),
        ("[server]\ntrusted_networks = [1]\n", "server.trusted_networks must be a list of strings"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_file_and_setting(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(OperationalError) as caught:
        load_settings(toml(tmp_path, text), environment={})
    assert problem in str(caught.value)
    assert "settings.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_value_in_the_environment_names_its_variable() -> None:
    with pytest.raises(OperationalError, match="METRICS_DICTIONARY_PORT: port must be a whole number"):
        load_settings(None, environment={"METRICS_DICTIONARY_PORT": "eighty"})


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OperationalError, match="cannot read the settings"):
        load_settings(tmp_path / "nowhere.toml", environment={})


def test_every_setting_says_what_it_means() -> None:
    for setting in SETTINGS:
        assert len(setting.help.split()) >= 3, setting.name
        assert setting.help.endswith("."), setting.name


SECRET = ("store", "database", "collector", "prometheus")


def test_every_setting_that_takes_an_address_with_a_password_can_be_given_in_a_file(tmp_path: Path) -> None:
    assert {setting.name for setting in SETTINGS if setting.secret} == set(SECRET)
    file = tmp_path / "secret"
    for name in SECRET:
        file.write_text("scheme://alice:s3cr3t@host/0\n", encoding="utf-8")
        settings = load_settings(None, environment={f"METRICS_DICTIONARY_{name.upper()}_FILE": str(file)})
        assert settings.string(name) == "scheme://alice:s3cr3t@host/0"


@pytest.mark.parametrize(("text", "value"), [("a b ", "a b "), ("a\n", "a"), ("a\r\n", "a"), ("\u00e4", "\u00e4")])
def test_of_a_secret_file_only_the_end_of_its_line_is_left_out(tmp_path: Path, text: str, value: str) -> None:
    (tmp_path / "secret").write_bytes(text.encode())
    variable = "METRICS_DICTIONARY_STORE_FILE"
    assert load_settings(None, environment={variable: str(tmp_path / "secret")}).string("store") == value


@pytest.mark.parametrize("content", [b"", b"\n", b"s3cr3t\nmore\n", b"s3cr3t\xff", b"s3cr3t" * 20_000, None])
def test_a_secret_file_that_holds_no_value_is_named_and_not_shown(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(OperationalError) as caught:
        load_settings(None, environment={"METRICS_DICTIONARY_COLLECTOR_FILE": str(file)})
    assert str(caught.value).startswith(f"METRICS_DICTIONARY_COLLECTOR_FILE: {file}: ")
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_value_and_a_file_with_a_value_contradict_each_other(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("redis://h/0", encoding="utf-8")
    environment = {
        "METRICS_DICTIONARY_STORE": "redis://:s3cr3t@h/0",
        "METRICS_DICTIONARY_STORE_FILE": f"{tmp_path}/secret",
    }
    with pytest.raises(OperationalError, match=r"^METRICS_DICTIONARY_STORE and \w+STORE_FILE are both set: unset one"):
        load_settings(None, environment=environment)


def test_a_secret_file_loses_against_the_command_line_and_wins_over_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("sqlite:///secret.db", encoding="utf-8")
    environment = {"METRICS_DICTIONARY_STORE_FILE": f"{tmp_path}/secret"}
    file = toml(tmp_path, 'store = "sqlite:///file.db"\n')
    assert load_settings(file, {}, environment).string("store") == "sqlite:///secret.db"
    assert load_settings(file, {"store": "sqlite:///given.db"}, environment).string("store") == "sqlite:///given.db"


def test_a_wrong_value_of_what_may_hold_a_password_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(OperationalError, match="store must be a string, not a list of strings"):
        load_settings(toml(tmp_path, 'store = ["alice:s3cr3t@h"]\n'), environment={})


def test_the_key_of_pseudonyms_comes_from_a_file_as_well_and_is_no_fact(tmp_path: Path) -> None:
    file = toml(tmp_path, '[instance]\nuser_key = "of the file"\nhostname = "h"\n')
    (tmp_path / "secret").write_text("of a secret\n", encoding="utf-8")
    environment = {"METRICS_DICTIONARY_INSTANCE_USER_KEY_FILE": f"{tmp_path}/secret"}
    for settings, key in (
        (load_settings(file, environment={}), "of the file"),
        (load_settings(file, environment=environment), "of a secret"),
        (load_settings(None, environment={"METRICS_DICTIONARY_INSTANCE_USER_KEY": "given"}), "given"),
    ):
        assert settings.user_key == key
        assert "user_key" not in str(settings.facts)


@pytest.mark.parametrize("table", ["[store]", "[ store ]", "store."])
def test_a_store_named_beside_its_table_is_told_where_the_address_goes(tmp_path: Path, table: str) -> None:
    rest = "store.idempotency_limit = 5" if table == "store." else f"{table}\nidempotency_limit = 5"
    file = toml(tmp_path, f'store = "sqlite:///store.db"\n{rest}\n')
    with pytest.raises(OperationalError, match="write its address there, as `url`"):
        load_settings(file, environment={})


def test_every_variable_that_a_reference_names_is_known() -> None:
    guides = (REPOSITORY / "site_src" / "guides").glob("*.md")
    named = {name for guide in guides for name in re.findall(r"METRICS_DICTIONARY_[A-Z_]*[A-Z]", guide.read_text())}
    assert {"METRICS_DICTIONARY_TOKEN", "METRICS_DICTIONARY_STORE_FILE"} <= named
    assert unknown_variables(dict.fromkeys(named, "x")) == []


def test_all_wrong_settings_of_the_file_and_the_environment_are_named(tmp_path: Path) -> None:
    environment = {"METRICS_DICTIONARY_PING_ENABLED": "perhaps", "METRICS_DICTIONARY_SERVER_THREADS": "many"}
    with pytest.raises(OperationalError) as caught:
        load_settings(toml(tmp_path, 'port = "no"\nnonsense = 1\n'), environment=environment)
    assert all(name in str(caught.value) for name in ("port", "nonsense", "ping.enabled", "server.threads"))
