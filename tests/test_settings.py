from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.settings import SETTINGS, load_settings
from metrics_dictionary.tools.errors import OperationalError

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
