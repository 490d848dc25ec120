"""Patterns mean what they mean in a browser: node's own regular expressions are the oracle."""

from __future__ import annotations

import json
import shutil
import subprocess
import time

import pytest

from metrics_dictionary.tools.patterns import PatternError, matches
from tests.conftest import skip_or_fail

PATTERNS = [
    *(
        r"^\d+$",
        r"^\w+$",
        r"^\s$",
        r"^\S$",
        r"^[\s]$",
        r"^[^\s]$",
        r"^[\S]$",
        r"^.$",
        r"^[^]$",
        r"[]",
        r"\bx\b",
        r"^[\b]$",
    ),
    *(
        r"^\u0041\x42$",
        r"^\u{1F600}$",
        r"^\ud83d\ude00$",
        r"^[\u0430-\u044f]+$",
        r"^\cJ$",
        r"^\0$",
        r"^\p{L}+$",
        r"^\/$",
    ),
    *(
        r"^(?<year>[0-9]{4})-(?:[0-9]{2})$",
        r"^a{2,3}$",
        r"^a*?b$",
        r"^[{}()\[\]?|]+$",
        r"^[[]$",
        r"^(a|b)+$",
        r"^$",
        "",
    ),
    *(r"^[\w-]+$", r"^[^a]$", r"\D", r"\W", r"^\.\*$", "^é$", r"^[\d.,]+$", r"a\Bb", r"^[(?<x>)]+$"),
]

REFUSED = [
    r"^(?=a)",
    r"(?!a)",
    r"(?<=a)b",
    r"(a)\1",
    r"(?i)a",
    r"(?P<n>a)",
    r"\A",
    r"\z",
    r"\ud83e",
    r"a{",
    r"a}",
    "a]",
    "(",
    "[a",
    r"\-",
]
"""What browsers refuse, or RE2 cannot do."""

TEXTS = [
    *(
        "12",
        "12\n",
        "\u0661\u0662",
        "a",
        "ab",
        "aa",
        "aab",
        "x",
        "xy x",
        "",
        "\n",
        "\r",
        "\u2028",
        "AB",
        "\U0001f600",
        "é",
    ),
    *(
        "\u0434\u0430",
        "\x00",
        "\x08",
        "/",
        "2024-01",
        "({[]})",
        "[",
        "1.5,2",
        ".*",
        "b",
        "a-b",
        "(?<x>)",
        "\u017f",
        "K",
    ),
    *(chr(point) for point in range(1, 0x10000, 7) if not 0xD800 <= point <= 0xDFFF),
    *("\t\v\f \xa0\u1680\u2000\u200a\u200b\u2029\u202f\u205f\u3000\ufeff\u180e"),
]

NODE = """
const {patterns, texts} = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(patterns.map((pattern) => texts.map((text) => new RegExp(pattern, "u").test(text)))));
"""


def test_a_pattern_means_what_it_means_in_a_browser() -> None:
    node = shutil.which("node")
    if node is None:
        skip_or_fail("no node here to ask what a pattern means in a browser; please install nodejs")
        return
    given = json.dumps({"patterns": PATTERNS, "texts": TEXTS})
    done = subprocess.run([node, "-e", NODE], input=given, capture_output=True, text=True, check=True)
    for pattern, expected in zip(PATTERNS, json.loads(done.stdout), strict=True):
        differing = [text for text, found in zip(TEXTS, expected, strict=True) if matches(pattern, text) is not found]
        assert differing == [], pattern


def test_digits_are_neither_arabic_nor_followed_by_a_line_break() -> None:
    assert matches(r"^\d+$", "12")
    assert not matches(r"^\d+$", "\u0661\u0662")
    assert not matches(r"^\d+$", "12\n")


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_cannot_mean_the_same_everywhere_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="cannot be used"):
        matches(pattern, "a")


def test_no_pattern_takes_more_than_linear_time() -> None:
    start = time.perf_counter()
    assert not matches("^(a+)+$", "a" * 50_000 + "b")
    assert time.perf_counter() - start < 1
