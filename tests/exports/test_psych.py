"""What the combined YAML looks like; ``test_psych_round_trip`` asks Ruby itself."""

from __future__ import annotations

import datetime
import math

import pytest
import yaml

from metrics_dictionary.exports import psych


def test_a_definition_is_laid_out_as_ruby_does() -> None:
    definition: dict[str, object] = {
        "key_path": "counts.boards",
        "description": "How many issue boards exist on the instance, whether or not anybody has opened them this year",
        "value_json_schema": None,
        "milestone": "16.10",
        "options": {},
        "tiers": ["free", "premium"],
        "events": [{"name": "board_opened", "unique": "user.id"}],
        "performance_indicator_type": [],
    }
    assert psych.dump([definition]) == (
        "---\n"
        "- key_path: counts.boards\n"
        "  description: How many issue boards exist on the instance, whether or not anybody\n"
        "    has opened them this year\n"
        "  value_json_schema:\n"
        "  milestone: '16.10'\n"
        "  options: {}\n"
        "  tiers:\n"
        "  - free\n"
        "  - premium\n"
        "  events:\n"
        "  - name: board_opened\n"
        "    unique: user.id\n"
        "  performance_indicator_type: []\n"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain words", "plain words"),
        ("", "''"),
        ("y", '"y"'),
        ("no", "'no'"),
        ("Null", "'Null'"),
        ("yesterday", "yesterday"),
        ("~", '"~"'),
        ("=", '"="'),
        ("<<", "!!str '<<'"),
        ("<13.9", '"<13.9"'),
        (":symbol", '":symbol"'),
        ("1_000", "'1_000'"),
        ("0o7", "0o7"),
        ("08", "'08'"),
        ("1e3", "1e3"),
        ("1.0e+3", "'1.0e+3'"),
        ("1:30", "'1:30'"),
        ("1.2.3", "1.2.3"),
        ("2024-02-29", "'2024-02-29'"),
        ("2023-02-29", "2023-02-29"),
        ("1582-10-10", "1582-10-10"),
        ("2024-02-29 10:00:00 Z", "'2024-02-29 10:00:00 Z'"),
        ("2024-02-29 25:00:00 Z", "2024-02-29 25:00:00 Z"),
        ("key: value", "'key: value'"),
        ("red # not a comment", "'red # not a comment'"),
        (" leading", '" leading"'),
        ("trailing ", "'trailing '"),
        ("Größe", "Größe"),
        ("bell\a", '"bell\\a"'),
        ("rocket 🚀", '"rocket \\U0001F680"'),
        ("two\nlines", "|-\n  two\n  lines"),
        ("two\nlines\n", "|\n  two\n  lines"),
        ("  two\nlines", "|2-\n    two\n  lines"),
        (None, ""),
        (True, "true"),
        (10**30, "1000000000000000000000000000000"),
        (1.0, "1.0"),
        (1e14, "100000000000000.0"),
        (1e15, "1.0e+15"),
        (1234567890123456.5, "1234567890123456.5"),
        (1e20, "1.0e+20"),
        (1.5e-7, "1.5e-07"),
        (math.inf, ".inf"),
        (-math.inf, "-.inf"),
        (math.nan, ".nan"),
    ],
)
def test_a_value_is_spelled_and_quoted_as_ruby_does(value: object, text: str) -> None:
    assert psych.dump({"key": value}) == (f"---\nkey: {text}\n" if text else "---\nkey:\n")


def test_null_in_a_list_is_a_bare_dash() -> None:
    assert psych.dump([None]) == "---\n-\n"


def test_a_key_longer_than_128_characters_takes_the_explicit_form() -> None:
    key = "k" * 129
    assert psych.dump({key: 1}) == f"---\n? {key}\n: 1\n"


def test_keys_of_other_types_stay_what_they_are() -> None:
    assert psych.dump({True: 1, 2: None, ("a", "b"): 3}) == "---\ntrue: 1\n2:\n? - a\n  - b\n: 3\n"


def test_a_date_becomes_quoted_text_that_a_safe_reader_accepts() -> None:
    assert psych.dump({"milestone": datetime.date(2024, 2, 29)}) == "---\nmilestone: '2024-02-29'\n"


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    assert psych.dump("a\ud83d") == "--- a\ufffd\n"


def test_a_value_used_twice_is_written_twice() -> None:
    shared = ["free"]
    assert psych.dump([shared, shared]) == "---\n- - free\n- - free\n"


def test_without_libyaml_the_text_still_means_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    value = [{"description": "word " * 40, "milestone": "16.10", "rocket": "🚀", "<<": None, "options": {"n": "y"}}]
    monkeypatch.setattr(psych, "_Dumper", yaml.SafeDumper)
    assert yaml.safe_load(psych.dump(value)) == value
