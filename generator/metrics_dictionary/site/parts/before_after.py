"""Two values of a field, short enough to be read side by side: what long texts have in common is left out."""

from __future__ import annotations

import json
import re
from itertools import takewhile
from typing import NamedTuple

CONTEXT = 3
"""Words that are kept on either side of a difference."""

SHORT = 40
"""Characters of a text that is shown whole."""

_LONGEST_READ = 20_000
_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


class BeforeAfter(NamedTuple):
    """``before`` and ``after`` are None where the field was or is absent.

    ``lead`` and ``tail`` are the words that both have around the difference; empty where both are shown whole.
    """

    before: str | None
    after: str | None
    lead: str = ""
    tail: str = ""


def before_after(before: object, after: object, longest: int) -> BeforeAfter:
    """Return both values as texts of at most about ``longest`` characters."""
    old, new = value_text(before), value_text(after)
    if old is None or new is None or max(len(old), len(new)) <= SHORT:
        return BeforeAfter(shortened(old, longest), shortened(new, longest))
    return _differing(old[:_LONGEST_READ].split(" "), new[:_LONGEST_READ].split(" "), longest)


def value_text(value: object) -> str | None:
    """Return any value of a definition on one line: a text as it is, others as JSON; None for nothing."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _UNSEEN.sub(" ", text).strip()


def shortened(text: str | None, longest: int) -> str | None:
    """Return a text's first ``longest`` characters; one that is hardly longer stays whole."""
    if text is None or len(text) <= longest + 20:
        return text
    return f"{text[:longest]}…"


def _differing(old: list[str], new: list[str], longest: int) -> BeforeAfter:
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    first, last = max(start - CONTEXT, 0), max(end - CONTEXT, 0)
    lead = " ".join([*(["…"] if first else []), *old[first:start]])
    tail = " ".join([*old[len(old) - end : len(old) - last], *(["…"] if last else [])])
    before, after = " ".join(old[start : len(old) - end]), " ".join(new[start : len(new) - end])
    return BeforeAfter(shortened(before, longest), shortened(after, longest), lead, tail)


def _common(one: list[str], other: list[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
