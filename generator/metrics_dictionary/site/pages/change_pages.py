"""The pages of what changed: an overview, one or more for each month, and for each milestone."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from metrics_dictionary.changes.history.change import Change, ChangeType
from metrics_dictionary.dictionary.milestones import in_milestone, milestone
from metrics_dictionary.site.parts.change_chart import change_chart
from metrics_dictionary.site.parts.history_items import LABELS, what_changed
from metrics_dictionary.site.parts.page import Page, list_pages
from metrics_dictionary.site.parts.site_wording import month
from metrics_dictionary.site.parts.urls import segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from metrics_dictionary.changes.history.change import Commit
    from metrics_dictionary.site.data.changes import AnyDefinition, Milestone, Month, Tally
    from metrics_dictionary.site.data.site_data import SiteData

URL = "changes/"
TWIN = f"{URL}feed.json"

MAX_NEWEST = 30
"""Changes that the overview tells."""

PAGE_SIZE = 250
"""Changes on one page; a page of them weighs about 100 KB."""

STYLES = ("definition.css", "overview.css")


class Entry(NamedTuple):
    """A line of a page, under the heading of what became of the definition or, without ``outcome``, of its commit."""

    subject: Change | AnyDefinition
    outcome: ChangeType | None = None


class ChangeLine(NamedTuple):
    """A change on a page. ``url`` and ``group`` are None where there is no page any more. ``fields`` are paragraphs."""

    change: Change
    label: str
    url: str | None
    group: str | None
    fields: Markup


class Section(NamedTuple):
    """The changes of a commit, or what has the same ``outcome``: changes, or the rows of definitions."""

    outcome: ChangeType | None
    label: str
    commit: Markup | None
    changes: list[ChangeLine]
    rows: list[Markup]


def changes_by_month(site: SiteData) -> Iterator[Page]:
    """Yield the overview and the pages of each month."""
    log = site.changes
    months = [(month(one.key), f"../{_month_url(one)}", one.tally) for one in log.months]
    milestones = [(milestone(one.name), f"../{_milestone_url(one)}", one.tally) for one in log.milestones]
    content = site.render(
        "changes.html",
        root="..",
        title="What changed",
        tally_of=None,
        known=log.history is not None,
        complete=log.history is None or log.history.complete,
        chart=change_chart(log.months),
        sections=_sections(site, map(Entry, log.changes[:MAX_NEWEST]), ".."),
        tables=[("months", "By month", months), ("milestones", "By milestone", milestones)],
    )
    yield Page(URL, "What changed", content, section=URL, twin=TWIN, styles=STYLES)
    for one in log.months:
        title = f"Changes in {month(one.key)}"
        yield from _pages(site, _month_url(one), title, one.tally, list(map(Entry, one.changes)))


def changes_by_milestone(site: SiteData) -> Iterator[Page]:
    """Yield the pages of each milestone."""
    for one in site.changes.milestones:
        entries = [
            *(Entry(definition, ChangeType.ADDED) for definition in one.added),
            *(Entry(definition, ChangeType.REMOVED) for definition in one.removed),
            *(Entry(change, ChangeType.CHANGED) for change in one.changed),
        ]
        yield from _pages(site, _milestone_url(one), f"Changes {in_milestone(one.name)}", one.tally, entries)


def change_lines(site: SiteData, changes: Iterable[Change]) -> list[ChangeLine]:
    """Return changes as the macro ``change`` of the templates takes them."""
    return [
        ChangeLine(
            change,
            LABELS[change.type],
            site.changes.urls.get(change.file_path),
            change.product_group if change.product_group in site.references.groups_with_pages else None,
            what_changed(change) if change.fields else Markup(),
        )
        for change in changes
    ]


def _month_url(one: Month) -> str:
    return f"{URL}{one.key}/"


def _milestone_url(one: Milestone) -> str:
    return f"{URL}milestones/{segment(one.name)}/"


def _pages(site: SiteData, url: str, title: str, tally: Tally, entries: Sequence[Entry]) -> Iterator[Page]:
    for page in list_pages(url, entries, PAGE_SIZE):
        sections = _sections(site, page.items, page.root)
        content = site.render(
            "changes.html", root=page.root, title=title, tally_of=tally, page=page, sections=sections, tables=()
        )
        yield Page(page.url, page.title(title), content, section=URL, twin=TWIN, styles=STYLES)


def _sections(site: SiteData, entries: Iterable[Entry], root: str) -> list[Section]:
    sections = []
    for (outcome, commit), members in groupby(entries, key=_heading):
        subjects = [entry.subject for entry in members]
        changes = [subject for subject in subjects if isinstance(subject, Change)]
        rows = [site.rows.row(subject, root) for subject in subjects if not isinstance(subject, Change)]
        heading = site.history_items.commit(commit) if commit else None
        sections.append(
            Section(outcome, LABELS[outcome] if outcome else "", heading, change_lines(site, changes), rows)
        )
    return sections


def _heading(entry: Entry) -> tuple[ChangeType | None, Commit | None]:
    commit = entry.subject.commit if entry.outcome is None and isinstance(entry.subject, Change) else None
    return entry.outcome, commit
