"""The pages of what changed: an overview, one or more for each month, and for each milestone."""

from __future__ import annotations

from itertools import groupby
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from metrics_dictionary.changes.history.change import Change, ChangeType
from metrics_dictionary.site.parts.change_chart import columns
from metrics_dictionary.site.parts.definition_history import what_changed
from metrics_dictionary.site.parts.fragments import breakable, group_link
from metrics_dictionary.site.parts.html import fill, joined
from metrics_dictionary.site.build.shell import Page
from metrics_dictionary.site.parts.urls import listing_page, segment
from metrics_dictionary.site.parts.site_wording import day, milestone, month

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jinja2 import Environment

    from metrics_dictionary.site.data.changes import ChangeLog, Definition, Milestone, Month, Tally
    from metrics_dictionary.site.data.cross_references import CrossReferences
    from metrics_dictionary.site.parts.definition_history import HistoryItems
    from metrics_dictionary.site.pages.listings import Rows

URL = "changes/"
TWIN = f"{URL}feed.json"

NEWEST = 30
"""Changes that the overview tells."""

ROWS = 250
"""Changes on one page; a page of them weighs about 100 KB."""

STYLES = ("definition.css", "overview.css")

LABELS = {ChangeType.ADDED: "Added", ChangeType.CHANGED: "Changed", ChangeType.REMOVED: "Removed"}


class Entry(NamedTuple):
    """A line of a page, and the heading that it belongs to; the heading is written once for all lines that share it."""

    key: str
    heading: Markup
    subject: Change | Definition


class Sheet(NamedTuple):
    """Which page of several it is; ``numbers`` pair each page's number with its address."""

    number: int
    numbers: list[tuple[int, str]]


class Section(NamedTuple):
    """A heading and the items of its list. ``css_class`` is that of the list."""

    heading: Markup
    lines: Markup
    css_class: str


def month_url(key: str) -> str:
    """Return the address of a month's first page, relative to the site's root; ``key`` is written ``2025-03``."""
    return f"{URL}{key}/"


def milestone_url(name: str) -> str:
    """Return the address of a milestone's first page, relative to the site's root."""
    return f"{URL}milestones/{segment(name)}/"


class ChangePages:
    """Makes the pages."""

    def __init__(
        self, templates: Environment, references: CrossReferences, log: ChangeLog, items: HistoryItems, rows: Rows
    ) -> None:
        self._template = templates.get_template("changes.html")
        self._references = references
        self._log = log
        self._items = items
        self._rows = rows

    def by_month(self) -> Iterator[Page]:
        """Yield the overview and the pages of each month."""
        yield self._overview()
        for one in self._log.months:
            yield from self._sheets(month_url(one.key), f"Changes in {month(one.key)}", one.tally, self._of_month(one))

    def by_milestone(self) -> Iterator[Page]:
        """Yield the pages of each milestone."""
        for other in self._log.milestones:
            title = f"Changes in {milestone(other.name)}"
            yield from self._sheets(milestone_url(other.name), title, other.tally, self._of_milestone(other))

    def newest(self, root: str, at_most: int) -> Markup:
        """Return the newest changes as the items of a list, for a page from which ``root`` leads to the site's root."""
        return joined(self._line(change, root, dated=True) for change in self._log.changes[:at_most])

    def _overview(self) -> Page:
        history = self._log.history
        newest = [self._by_commit(change) for change in self._log.changes[:NEWEST]]
        months = [(month(one.key), f"../{month_url(one.key)}", one.tally) for one in self._log.months]
        milestones = [(milestone(one.name), f"../{milestone_url(one.name)}", one.tally) for one in self._log.milestones]
        content = self._template.render(
            root="..",
            title="What changed",
            known=history is not None,
            complete=history is None or history.complete,
            chart=columns(self._log.months),
            sections=self._sections(newest, ".."),
            tables=[("months", "By month", months), ("milestones", "By milestone", milestones)],
        )
        return Page(URL, "What changed", content, section=URL, twin=TWIN, styles=STYLES)

    def _of_month(self, one: Month) -> list[Entry]:
        return [self._by_commit(change) for change in one.changes]

    def _by_commit(self, change: Change) -> Entry:
        return Entry(change.commit.id, self._items.commit(change.commit), change)

    def _of_milestone(self, one: Milestone) -> list[Entry]:
        subjects: dict[ChangeType, Sequence[Change | Definition]] = {
            ChangeType.ADDED: one.added,
            ChangeType.REMOVED: one.removed,
            ChangeType.CHANGED: one.changed,
        }
        return [
            Entry(what, fill('<h2 id="%s">%s</h2>', what.value, LABELS[what]), subject)
            for what, members in subjects.items()
            for subject in members
        ]

    def _sheets(self, url: str, title: str, tally: Tally, entries: Sequence[Entry]) -> Iterator[Page]:
        count = max(1, ceil(len(entries) / ROWS))
        for number in range(1, count + 1):
            own = listing_page(url, number)
            root = "/".join([".."] * own.count("/"))
            content = self._template.render(
                root=root,
                title=title,
                tally_of=tally,
                sections=self._sections(entries[(number - 1) * ROWS : number * ROWS], root),
                sheet=Sheet(number, [(other, f"{root}/{listing_page(url, other)}") for other in range(1, count + 1)]),
                tables=(),
            )
            shown = title if number == 1 else f"{title}, page {number}"
            yield Page(own, shown, content, section=URL, twin=TWIN, styles=STYLES)

    def _sections(self, entries: Iterable[Entry], root: str) -> list[Section]:
        sections: list[Section] = []
        for _, group in groupby(entries, key=lambda entry: entry.key):
            members = list(group)
            changes = [entry.subject for entry in members if isinstance(entry.subject, Change)]
            definitions = [entry.subject for entry in members if not isinstance(entry.subject, Change)]
            by_commit = members[0].key not in LABELS
            lines = joined(self._line(change, root, dated=not by_commit) for change in changes)
            lines += joined(self._rows.row(definition, root) for definition in definitions)
            sections.append(Section(members[0].heading, lines, "dd-changed" if changes else "dd-list"))
        return sections

    def _line(self, change: Change, root: str, *, dated: bool) -> Markup:
        name = fill("<code>%s</code>", breakable(change.name))
        if url := self._log.urls.get(change.file_path):
            name = fill('<a href="%s/%s">%s</a>', root, url, name)
        when = fill(' <time datetime="%s">%s</time>', f"{change.commit.when:%Y-%m-%d}", day(change.commit.when))
        return fill(
            '<li><p class="dd-line"><span class="dd-what dd-what--%s">%s</span> %s%s%s</p>%s</li>\n',
            change.type.value,
            LABELS[change.type],
            name,
            self._group(change, root),
            when if dated else "",
            what_changed(change) if change.fields else "",
        )

    def _group(self, change: Change, root: str) -> Markup:
        group = change.product_group
        if not group or group not in self._references.groups_with_pages:
            return Markup()
        return fill(" <span>%s</span>", group_link(root, group, self._references.group(group).name))
