"""Our YAML against the original: Ruby's own ``to_yaml``, asked in one process for all cases."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics_dictionary.exports import psych

ToYaml = Callable[[object], str | None]

SERVER = """
require "json"
require "yaml"
STDOUT.sync = true
STDIN.each_line do |line|
  value = JSON.parse(line, max_nesting: false)
  begin
    text = value.to_yaml
    again = YAML.safe_load(text).to_yaml
  rescue Psych::DisallowedClass
    again = text
  rescue NoMethodError, ArgumentError
    text = again = nil
  end
  puts JSON.generate([text, again])
end
"""
"""One JSON value a line in; out come its YAML, and the same read and written again.

Psych breaks on a few strings, such as ``0b_``: null. It cannot safely read back what it wrote for some others, days
that do not exist.
"""


@pytest.fixture(scope="module")
def to_yaml() -> Iterator[ToYaml]:
    _require_ruby()
    with subprocess.Popen(
        ["ruby", "-e", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        requests, answers = process.stdin, process.stdout

        def ask(value: object) -> str | None:
            requests.write(json.dumps(value) + "\n")
            requests.flush()
            text, again = json.loads(answers.readline())
            assert again == text
            return cast("str | None", text)

        yield ask


def _require_ruby() -> None:
    """Skip, or fail where CI=true, unless this is the Ruby whose Psych the export follows."""
    found = "none"
    if shutil.which("ruby"):
        script = "print RUBY_VERSION, ' ', Encoding.default_external"
        found = subprocess.run(["ruby", "-e", script], capture_output=True, text=True, check=True).stdout
    if found.startswith("3.1."):
        return
    message = f"the round trip needs ruby 3.1 (found: {found}); on Debian 12: apt-get install ruby"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


WORDS = """
    y Y n N yes Yes YES no No NO on On ON off OFF true True TRUE false FALSE null Null NULL nil none ~ ~x yess not one
    = == << <<x < > | - -- --- ... -x ? ?x : :: :sym :sym: :"sym" a:b a: !x !!str &x *x %x @x `x , , [ ] { } [] {} [x]
    # #x a#b ' " '' "" "x "x" 'x' x' x" \\ \\n $x ^x (x) ;x /x x/ x, x] x} x: _ __ _1 <13.9 >1 >=1
    0 00 07 08 09 0778 0789x 1 -1 +1 12 012 0o7 0O7 0x1f 0X1F 0xg 0b1 0b2 0B1 1_000 1_ _1 1__0 1,000 1, 1,,0 0_7 0,7
    0. .0 .5 -.5 +.5 1. 1.0 1.5 1.2.3 1.2. 1_0.5 1,0.5 . .. ._ 1e3 1E3 12e03 1e+3 1.e3 1.e+3 1.5e3 1.5e+3 1.5E-3 1.5e
    .inf .Inf .INF -.inf +.inf .nan .NaN .NAN inf nan Infinity NaN 16.10 13.9.0 1:30 1:60 01:30 1:2:3 1:2:3:4 1:30.5
    -1:30 1_0:30 190:20:30 2024-01-01 2024-1-1 2024-13-01 2024-00-01 2024-02-29 2023-02-29 2023-02-30 24-01-01
    1582-10-04 1582-10-10 1582-10-15 1500-02-29 1900-02-29 2000-02-29 0000-02-29 -2024-01-01 2024-01-01T10:00:00Z
    2024-01-01t1:00:00 2024-01-01T10:00:00.5 2024-01-01T10:00:00. 2024-02-31T10:00:00Z 2024-02-32T10:00:00Z
    2024-01-01T24:00:00Z 2024-01-01T24:00:01Z 2024-01-01T10:60:00Z 2024-01-01T10:00:60Z 2024-01-01T10:00:61Z
    2024-01-01T10:00:00+01:00 2024-01-01T10:00:00-0030 2024-01-01T10:00:00+24:00 2024-01-01T10:00:00+923
    2024-01-01T10:00:00+9 2024-01-01T10:00:00+12: 7d 28d all counts.boards https://example.com/a?b=c#d
    é É ß ² ½ ⅷ ① Ⓐ ٣ ‿x ´x ü: “x” 漢字 😀 x😀 \u0301 \ufeff x\ufeff \ufffe \x7f
    ye\u017f o\ufb00
"""

PHRASES = r"""
| |  |\t|\n|\n\n|\n\n\n|\r|\r\n|\0|\a|\x1b|\x85|\xa0|\u2028| x|x |\tx|x\t|a\tb|x\u2028y|x\n\u2028y|
x\n|x\n\n|x\n\n\n|\nx|\n\nx|x\ny|x\ny\n|x\ny\n\n| x\ny|  x\n y|\n x|x\n y|x \ny|x\n\ny|x\r\ny|x\ty\nz|\tx\ny|
- x\n- y|a: b\nc: d|# x\ny|x\n# y|---\nx|x\n...\n|x\n---|\x20\n \n \n|
on\n|NO\n|null\n|true\n|false\n|y\n|12\n|08\n|2024-01-01\n|"x\n|:"a"\n|
- x|? x|: x|x: y|x :y|x #y|x# y|! x|& x|* x|% x|@ x|` x|x, y|{x: y}|[x, y]|a\\b|C:\\temp: x|
'quoted' start|"quoted" start|it's|say "no"|it's "both"|1 000|1_000 items|0789 items|
2024-01-01 10:00:00|2024-01-01 10:00:00 Z|2024-01-01  10:00:00 +01:00|2024-01-01 10:00:00.123 -5|
2024-01-01 10:00:00 +99|2024-01-01 25:00:00|2024-01-01 10:00
"""

LONG = [
    *(
        unit * 30
        for unit in ("word ", "word  ", "word: ", "it's ", "tab\there ", "emoji 😀 ", "漢字 ", "x\u2028", "a\n", "- ")
    ),
    *(unit * 60 for unit in (" ", "\\ ", '" ', "Counts 'n' things: 5% of # all; ", "a long line " * 9 + "\n")),
    *("w" * length + rest for length in (78, 79, 80, 81, 127, 128, 129, 200) for rest in ("", " x", "\n")),
    *("é" * length for length in (63, 64, 65)),
]


def _phrases() -> list[str]:
    return [phrase.encode().decode("unicode_escape") for phrase in PHRASES.replace("|\n", "|").strip("\n").split("|")]


@pytest.mark.parametrize("text", [*dict.fromkeys(WORDS.split()), *_phrases(), *LONG], ids=lambda text: ascii(text[:30]))
def test_a_nasty_string_is_written_as_ruby_writes_it(text: str, to_yaml: ToYaml) -> None:
    for value in (text, [text], {text: text}, {"key": text}, [[{"key": [text, {text: None}]}]]):
        assert psych.dump(value) == to_yaml(value)


characters = st.one_of(
    st.sampled_from("ab yn01279 \n\t-:#'\"\\.,_+~<>=|%@`!&*?{}[]eExXTZ"),
    st.sampled_from("é漢😀\u2028\x85\ufeff\0\a\r\xa0\x7f\ufffe\ud7ff\ue000²ⅷ①٣̀‿ſ½"),
    # Beyond these, letters newer than Ruby's Unicode could turn up.
    st.characters(max_codepoint=0x2FF),
)
fragments = st.sampled_from(
    ["word ", "w" * 40, ": ", " #", " - ", "\n", "null", "yes", "2024-01-01", "10:00:00", ".5", "0x", "1_000", "+01:00"]
)
digits = st.text("0123456789-:. +,_TZe", max_size=24)
texts = st.one_of(
    st.text(characters, max_size=12),
    st.text(characters, max_size=200),
    st.lists(fragments | characters, max_size=20).map("".join),
    digits,
)
scalars = st.one_of(texts, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False))
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


@settings(max_examples=500, deadline=None)
@given(value=values)
def test_any_json_value_is_written_as_ruby_writes_it(value: object, to_yaml: ToYaml) -> None:
    expected = to_yaml(value)
    ours = psych.dump(value)
    assert expected is None or ours == expected
