"""Definitions as people write them: in any order and style, with comments anywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

FIELDS = ("key_path", "description", "product_group", "status", "milestone", "time_frame", "events", "tiers", "odd_one")

WORDS = st.lists(
    st.sampled_from(["people", "who", "merge", "a:b", "it's", '"so"', "`code`", "yes", "16.10", "#1", "-", "—", "ß"]),
    min_size=1,
    max_size=40,
).map(" ".join)

COMMENTS = st.sampled_from(["# why", "#tight", "# metrics-dictionary: ignore file-location -- old", "#"])


def text_of(draw: DrawFn, value: str, indent: str) -> str:
    """Write a text in one of YAML's styles."""
    words = value.split(" ")
    style = draw(st.sampled_from(["double", "single", "plain", "folded", "literal", "multi"]))
    if style == "single":
        return "'" + value.replace("'", "''") + "'"
    if style == "folded" or style == "literal":
        mark = ">-" if style == "folded" else draw(st.sampled_from(["|", "|-"]))
        half = len(words) // 2
        lines = [" ".join(words[:half]), " ".join(words[half:])]
        return mark + "".join(f"\n{indent}  {line}" for line in lines if line)
    if style == "plain" and value.isalpha():
        return value
    if style == "multi" and all(word.isalpha() for word in words) and len(words) > 2:
        return f"{words[0]}\n{indent}  {' '.join(words[1:])}"
    return json.dumps(value, ensure_ascii=False)


@st.composite
def definitions(draw: DrawFn) -> str:
    """Return the text of something like a metric; it need not be valid, but it can be read."""
    lines = draw(st.lists(COMMENTS, max_size=2))
    if draw(st.booleans()):
        lines.append("---")
    for field in draw(st.permutations(FIELDS))[: draw(st.integers(1, len(FIELDS)))]:
        lines += draw(st.lists(COMMENTS, max_size=1))
        beside = draw(st.sampled_from(["", "  # beside", "   "]))
        lines += _field(draw, field, beside)
        if draw(st.integers(0, 5)) == 0:
            lines.append("")
    lines += draw(st.lists(COMMENTS, max_size=1))
    return "\n".join(lines) + draw(st.sampled_from(["\n", "", "\n\n"]))


def _field(draw: DrawFn, field: str, beside: str) -> list[str]:
    if field == "milestone":
        version = draw(st.sampled_from(["16.10", "'16.10'", '"16.10"', '"<13.9"']))
        return [f"milestone: {version}{beside}"]
    if field in ("time_frame", "tiers"):
        items = draw(st.lists(st.sampled_from(["7d", "28d", "all", "free"]), max_size=3))
        if draw(st.booleans()) or not items:
            return [f"{field}: [{', '.join(items)}]{beside}"]
        indent = draw(st.sampled_from(["", "  "]))
        return [f"{field}:{beside}", *(f"{indent}- {item}" for item in items)]
    if field == "events":
        comment = draw(st.sampled_from([[], ["  # unique: user.id"], ["# left"]]))
        rule = draw(st.sampled_from(["{name: a, filter: {label: push}}", "name: a\n  filter: {label: b}", "name: c"]))
        return [f"events:{beside}", f"- {rule}", *comment]
    if field == "odd_one":
        value = draw(st.sampled_from(["true", "7", "~", "", "{}", "!!str 5", "!!str >-\n  a b"]))
        return [f"odd_one: {value}{beside}".rstrip(" ")]
    written = text_of(draw, draw(WORDS), "")
    first, *rest = written.split("\n")
    beside = beside if not rest or first in (">-", "|", "|-") else ""
    return [f"{field}: {first}{beside}", *rest]
