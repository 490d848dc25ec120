"""Changes of a definition as HTML: the items of its history, and two values of a field to be read side by side."""

from __future__ import annotations

import json
import re
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from metrics_dictionary.changes.history.change import ChangeType
from metrics_dictionary.site.parts.html import fill, joined
from metrics_dictionary.site.parts.site_wording import day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.changes.field_change import FieldChange
    from metrics_dictionary.changes.history.change import Change, Commit
    from metrics_dictionary.changes.history.history import History
    from metrics_dictionary.site.parts.repository_links import RepositoryLinks

CONTEXT_WORDS = 3
"""Words that are kept on either side of a difference."""

MAX_WHOLE = 40
"""Characters of a text that is shown whole."""

_MAX_COMPARED = 20_000
_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")

MAX_VALUE_LENGTH = 160
"""Characters of a value before and after a change."""

MAX_FIELDS = 12
"""Changed fields of one commit that are shown."""

LABELS = {
    ChangeType.ADDED: "Added",
    ChangeType.CHANGED: "Changed",
    ChangeType.REMOVED: "Removed",
    ChangeType.DELETED: "Deleted",
}

_AT_HORIZON = Markup("<p>Added to the repository by its first commit; it may be older.</p>")

_NOTHING = Markup("<em>nothing</em>")


class BeforeAfter(NamedTuple):
    """``before`` and ``after`` are None where the field was or is absent.

    ``lead`` and ``tail`` are the words that both have around the difference; empty where both are shown whole.
    """

    before: str | None
    after: str | None
    lead: str = ""
    tail: str = ""


class HistoryItems:
    """Makes the items; what a commit is called is made once for all definitions that it touched.

    ``history`` is None where git tells nothing.
    """

    def __init__(self, history: History | None, links: RepositoryLinks) -> None:
        self.history = history
        self.links = links
        self._commits: dict[str, Markup] = {}
        self._last: tuple[str, list[Markup]] = ("", [])

    def of(self, file_path: str) -> list[Markup]:
        """Return an item for each change of a definition, the newest first; none where git tells nothing.

        The time frames of a file come one after the other: the items are made for the first of them.
        """
        if self._last[0] != file_path:
            changes = self.history.by_file.get(file_path, ()) if self.history else ()
            made = [fill("<li>%s%s</li>\n", self.commit(change.commit), what_changed(change)) for change in changes]
            self._last = file_path, made
        return self._last[1]

    def commit(self, commit: Commit) -> Markup:
        """Say which commit it was: when, in which milestone, and its message's first line."""
        made = self._commits.get(commit.id)
        if made is None:
            made = self._commits[commit.id] = joined(self._pieces(commit))
        return made

    def _pieces(self, commit: Commit) -> Iterator[Markup]:
        yield fill('<p class="dd-when"><time datetime="%s">%s</time>', f"{commit.when:%Y-%m-%d}", day(commit.when))
        if commit.milestone:
            yield fill(" <span>%s</span>", commit.milestone)
        if address := self.links.commit(commit.id):
            yield fill(' <a href="%s" rel="nofollow noopener">%s</a></p>', address, commit.subject or commit.id[:8])
        else:
            yield fill(" <span>%s</span></p>", commit.subject or commit.id[:8])


def what_changed(change: Change) -> Markup:
    """Say what a change did, field by field, as paragraphs."""
    if change.type is ChangeType.ADDED and change.commit.horizon:
        return _AT_HORIZON
    if not change.fields:
        return fill("<p>%s</p>", LABELS[change.type])
    shown = joined(_field(field) for field in change.fields[:MAX_FIELDS])
    more = len(change.fields) - MAX_FIELDS
    return shown + fill("<p>and %s more fields</p>", more) if more > 0 else shown


def before_after(before: object, after: object, max_length: int) -> BeforeAfter:
    """Return both values as texts of at most about ``max_length`` characters."""
    old, new = value_text(before), value_text(after)
    if old is None or new is None or max(len(old), len(new)) <= MAX_WHOLE:
        return BeforeAfter(abridged(old, max_length), abridged(new, max_length))
    return _differing(old[:_MAX_COMPARED].split(" "), new[:_MAX_COMPARED].split(" "), max_length)


def value_text(value: object) -> str | None:
    """Return any value of a definition on one line: a text as it is, others as JSON; None for nothing."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _UNSEEN.sub(" ", text).strip()


def abridged(text: str | None, max_length: int) -> str | None:
    """Return a text's first ``max_length`` characters; one that is hardly longer stays whole."""
    if text is None or len(text) <= max_length + 20:
        return text
    return f"{text[:max_length]}…"


def _field(field: FieldChange) -> Markup:
    texts = before_after(field.before, field.after, MAX_VALUE_LENGTH)
    before = _NOTHING if texts.before is None else fill("<del>%s</del>", texts.before) if texts.before else Markup()
    after = _NOTHING if texts.after is None else fill("<ins>%s</ins>", texts.after) if texts.after else Markup()
    if texts.lead or texts.tail:
        return fill("<p><code>%s</code> %s %s %s %s</p>", field.field, texts.lead, before, after, texts.tail)
    return fill('<p><code>%s</code> %s <span class="dd-to">to</span> %s</p>', field.field, before, after)


def _differing(old: list[str], new: list[str], max_length: int) -> BeforeAfter:
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    first, last = max(start - CONTEXT_WORDS, 0), max(end - CONTEXT_WORDS, 0)
    lead = " ".join([*(["…"] if first else []), *old[first:start]])
    tail = " ".join([*old[len(old) - end : len(old) - last], *(["…"] if last else [])])
    before, after = " ".join(old[start : len(old) - end]), " ".join(new[start : len(new) - end])
    return BeforeAfter(abridged(before, max_length), abridged(after, max_length), lead, tail)


def _common(one: list[str], other: list[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
