"""The history of one definition, as the items of a list on its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from metrics_dictionary.changes.history.change import ChangeType
from metrics_dictionary.site.parts.before_after import before_after
from metrics_dictionary.site.parts.html import fill, joined
from metrics_dictionary.site.parts.site_wording import day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.changes.history.change import Change, Commit
    from metrics_dictionary.changes.field_change import FieldChange
    from metrics_dictionary.changes.history.history import History
    from metrics_dictionary.site.parts.repository_links import RepositoryLinks

LONGEST_VALUE = 160
"""Characters of a value before and after a change."""

FIELDS = 12
"""Changed fields of one commit that are shown."""

_NOTHING = Markup("<em>nothing</em>")
_OUTCOMES = {ChangeType.ADDED: "Added", ChangeType.REMOVED: "Removed"}


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
    if not change.fields:
        return fill("<p>%s</p>", _OUTCOMES.get(change.type, "Changed"))
    shown = joined(_field(field) for field in change.fields[:FIELDS])
    more = len(change.fields) - FIELDS
    return shown + fill("<p>and %s more fields</p>", more) if more > 0 else shown


def _field(field: FieldChange) -> Markup:
    texts = before_after(field.before, field.after, LONGEST_VALUE)
    before = _NOTHING if texts.before is None else fill("<del>%s</del>", texts.before) if texts.before else Markup()
    after = _NOTHING if texts.after is None else fill("<ins>%s</ins>", texts.after) if texts.after else Markup()
    if texts.lead or texts.tail:
        return fill("<p><code>%s</code> %s %s %s %s</p>", field.field, texts.lead, before, after, texts.tail)
    return fill('<p><code>%s</code> %s <span class="dd-to">to</span> %s</p>', field.field, before, after)
