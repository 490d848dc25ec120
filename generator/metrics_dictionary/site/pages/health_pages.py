"""The pages of a dictionary's health: an overview with a chart of the groups, and a page or more for each question."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.site.data.cross_references import NO_GROUP
from metrics_dictionary.site.data.health import health
from metrics_dictionary.site.parts.page import File, Page, list_pages
from metrics_dictionary.site.parts.urls import group_url, list_page_url, segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from metrics_dictionary.site.data.cross_references import CrossReferences
    from metrics_dictionary.site.data.health import Health, HealthCheck, HealthFinding
    from metrics_dictionary.site.data.site_data import SiteData

URL = "health/"
JSON = "health.json"

PAGE_SIZE = 500
"""Definitions on one page of a question."""

STYLES = ("overview.css",)

COLORS = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.INFO: "idle"}
"""The end of the style sheet's class for each severity."""


class Cell(NamedTuple):
    """How many definitions of a group a question concerns, and where they are listed; None where there are none."""

    number: int
    url: str | None


class Bar(NamedTuple):
    """A part of a group's bar in the chart, which is 100 units wide."""

    color: str
    start: str
    width: str


class GroupLine(NamedTuple):
    """A product group in the chart and in the table."""

    name: str
    url: str
    counted: int
    bars: list[Bar]
    total: int
    cells: list[Cell]


class GroupSection(NamedTuple):
    """The findings of one product group on a page of a question."""

    anchor: str
    name: str
    findings: list[HealthFinding]


def health_pages(site: SiteData) -> Iterator[Page | File]:
    """Yield every page, and the same for programs."""
    found = health(site.validation, site.history)
    findings = {check.id: _by_group(check.findings) for check in found.checks}
    content = site.render(
        "health.html",
        root="..",
        checks=[(check, f"{check.id}/", _filter("..", check)) for check in found.checks],
        colors=COLORS,
        groups=_group_lines(found, findings, site.references),
        counted=sum(found.counted.values()),
        json=JSON,
    )
    yield Page(URL, "Health", content, section=URL, twin=JSON, styles=STYLES)
    for check in found.checks:
        yield from _check_pages(check, findings[check.id], site)
    yield File(JSON, _json(found))


def _group_lines(
    found: Health, findings: dict[str, list[HealthFinding]], references: CrossReferences
) -> list[GroupLine]:
    largest = max(found.groups.values(), default=1)
    return [
        GroupLine(
            name=references.group(group).name,
            url=f"../{group_url(group)}",
            counted=found.counted.get(group, 0),
            bars=list(_bars(found, group, largest)),
            total=total,
            cells=[_cell(check, group, findings[check.id]) for check in found.checks],
        )
        for group, total in found.groups.items()
    ]


def _bars(found: Health, group: str, largest: int) -> Iterator[Bar]:
    """Draw how many definitions of a group have which kind of problem; the longest bar is that of the first group."""
    start = 0.0
    for severity in (Severity.ERROR, Severity.WARNING):
        count = sum(check.by_group.get(group, 0) for check in found.checks if check.severity is severity)
        width = 100 * count / largest
        if count:
            yield Bar(COLORS[severity], f"{start:.2f}", f"{max(width - 0.4, 0.4):.2f}")
        start += width


def _cell(check: HealthCheck, group: str, findings: Sequence[HealthFinding]) -> Cell:
    count = check.by_group.get(group, 0)
    if not count:
        return Cell(0, None)
    first = next(position for position, finding in enumerate(findings) if finding.group == group)
    page = list_page_url(f"{URL}{check.id}/", first // PAGE_SIZE + 1)
    return Cell(count, _filter("..", check, group) or f"../{page}#{_anchor(group)}")


def _check_pages(check: HealthCheck, findings: Sequence[HealthFinding], site: SiteData) -> Iterator[Page]:
    for page in list_pages(f"{URL}{check.id}/", findings, PAGE_SIZE):
        content = site.render(
            "health_check.html",
            root=page.root,
            check=check,
            page=page,
            sections=[
                GroupSection(_anchor(group), site.references.group(group).name, list(members))
                for group, members in groupby(page.items, key=lambda finding: finding.group)
            ],
            filter=_filter(page.root, check),
        )
        yield Page(page.url, page.title(check.title), content, section=URL, twin=JSON, styles=STYLES)


def _by_group(findings: Sequence[HealthFinding]) -> list[HealthFinding]:
    """Sort them by group, in each those that have lasted longest first."""
    return sorted(
        findings,
        key=lambda one: (one.group == NO_GROUP, one.group, f"{one.since:%Y-%m-%d}" if one.since else "z", one.name),
    )


def _anchor(group: str) -> str:
    return f"group-{segment(group)}"


def _filter(root: str, check: HealthCheck, group: str | None = None) -> str | None:
    """Return where the list of metrics shows what a check found, if it can show exactly that."""
    query = check.filter(group)
    return f"{root}/metrics/?{query}" if query else None


def _json(found: Health) -> bytes:
    document = {
        "as_of": f"{found.as_of:%Y-%m-%dT%H:%M:%SZ}" if found.as_of else None,
        "definitions": sum(found.counted.values()),
        "checks": {check.id: _check_json(check) for check in found.checks},
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def _check_json(check: HealthCheck) -> dict[str, object]:
    query = check.filter()
    return {
        "title": check.title,
        "about": check.about,
        "unknown": check.unknown or None,
        "count": None if check.unknown else len(check.findings),
        "filter": f"metrics/?{query}" if query else None,
        "groups": dict(sorted(check.by_group.items())),
        "definitions": [
            {
                "kind": finding.kind,
                "name": finding.name,
                "url": finding.url,
                "product_group": None if finding.group == NO_GROUP else finding.group,
                "note": finding.note or None,
                "since": f"{finding.since:%Y-%m-%d}" if finding.since else None,
                "since_at_least": finding.at_least,
            }
            for finding in check.findings
        ],
    }
