from __future__ import annotations

import datetime
import json
import math

from metrics_dictionary.tools.json_values import compact_json, json_text


def _refuse(constant: str) -> object:
    raise AssertionError(f"{constant} is no JSON")


def test_a_line_a_field_text_unescaped_and_a_final_line_break() -> None:
    assert json_text({"a": ["Größe 🚀", {}], "b": {"c": 1}}) == '{\n  "a": ["Größe 🚀", {}],\n  "b": {"c": 1}\n}\n'


def test_a_list_of_objects_has_a_line_a_field_too() -> None:
    text = '{\n  "events": [\n    {\n      "name": "x"\n    },\n    {}\n  ]\n}\n'
    assert json_text({"events": [{"name": "x"}, {}]}) == text


def test_numbers_that_json_does_not_have_become_text() -> None:
    text = json_text([math.nan, math.inf, -math.inf, 1.5])
    assert json.loads(text, parse_constant=_refuse) == ["NaN", "Infinity", "-Infinity", 1.5]


def test_dates_and_keys_that_are_no_strings_become_text() -> None:
    value = {1: None, False: 2, None: 3, (1, 2): datetime.date(2024, 2, 29), datetime.date(2024, 2, 29): {4}}
    assert json.loads(json_text(value)) == {
        "1": None,
        "false": 2,
        "null": 3,
        "[1,2]": "2024-02-29",
        "2024-02-29": "{4}",
    }


def test_half_a_surrogate_pair_can_still_be_written_as_utf_8() -> None:
    assert json_text("a\ud83d").encode() == '"a\ufffd"\n'.encode()
    assert compact_json(["\ud83d"]) == '["\ufffd"]'
