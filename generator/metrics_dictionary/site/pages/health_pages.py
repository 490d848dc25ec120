"""The pages of a dictionary's health: an overview with a chart of the groups, and a page for each question."""

from __future__ import annotations

import json
from itertools import groupby
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.site.data.cross_references import NO_GROUP
from metrics_dictionary.site.parts.fragments import breakable
from metrics_dictionary.site.data.health import BAD, IDLE, WARN
from metrics_dictionary.site.parts.html import fill, joined
from metrics_dictionary.site.build.shell import Page
from metrics_dictionary.site.parts.urls import listing_page, segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jinja2 import Environment
    from markupsafe import Markup

    from metrics_dictionary.site.data.cross_references import CrossReferences
    from metrics_dictionary.site.data.health import Ailment, Check, Health

URL = "health/"
JSON = "health.json"

ROWS = 500
"""Definitions on one page of a question."""

STYLES = ("overview.css",)


class Cell(NamedTuple):
    """How many definitions of a group a question concerns, and where they are listed; None where there are none."""

    ailing: int
    url: str | None


class GroupLine(NamedTuple):
    """A product group in the chart and in the table."""

    name: str
    url: str
    counted: int
    bar: Markup
    total: int
    cells: list[Cell]


class Sheet(NamedTuple):
    """One page of a question; ``sections`` pair a group's anchor and name with the items of its list."""

    number: int
    numbers: list[tuple[int, str]]
    sections: list[tuple[str, str, Markup]]


class HealthPages:
    """Makes the pages."""

    def __init__(self, templates: Environment, references: CrossReferences, health: Health) -> None:
        self._templates = templates
        self._references = references
        self._health = health
        self._ordered = {check.id: _by_group(check.ailments) for check in health.checks}

    def pages(self) -> Iterator[Page]:
        """Yield every page."""
        yield self._overview()
        for check in self._health.checks:
            yield from self._check(check)

    def json(self) -> bytes:
        """Return the same for programs."""
        as_of = self._health.as_of
        told = {
            "as_of": f"{as_of:%Y-%m-%dT%H:%M:%SZ}" if as_of else None,
            "definitions": sum(self._health.counted.values()),
            "checks": {check.id: _told(check) for check in self._health.checks},
        }
        return (json.dumps(told, indent=1) + "\n").encode()

    def _overview(self) -> Page:
        checks = self._health.checks
        content = self._templates.get_template("health.html").render(
            root="..",
            checks=[(check, check_url(check), _filter(check.filter())) for check in checks],
            groups=self._groups(),
            counted=sum(self._health.counted.values()),
            json=JSON,
        )
        return Page(URL, "Health", content, section=URL, twin=JSON, styles=STYLES)

    def _groups(self) -> list[GroupLine]:
        serious = [check for check in self._health.checks if check.weight != IDLE]
        totals = {group: sum(check.by_group.get(group, 0) for check in serious) for group in self._health.groups}
        largest = max(totals.values(), default=1)
        return [
            GroupLine(
                name=self._references.group(group).name,
                url=f"../groups/{segment(group)}/",
                counted=self._health.counted.get(group, 0),
                bar=_bar(serious, group, largest),
                total=total,
                cells=[self._cell(check, group) for check in self._health.checks],
            )
            for group, total in totals.items()
        ]

    def _cell(self, check: Check, group: str) -> Cell:
        count = check.by_group.get(group, 0)
        if not count:
            return Cell(0, None)
        filtered = _filter(check.filter(group))
        first = next(position for position, one in enumerate(self._ordered[check.id]) if one.group == group)
        page = listing_page(f"{URL}{check.id}/", first // ROWS + 1)
        return Cell(count, filtered or f"../{page}#{_anchor(group)}")

    def _check(self, check: Check) -> Iterator[Page]:
        ailments = self._ordered[check.id]
        count = max(1, ceil(len(ailments) / ROWS))
        for number in range(1, count + 1):
            own = listing_page(f"{URL}{check.id}/", number)
            root = "/".join([".."] * own.count("/"))
            numbers = [(other, f"{root}/{listing_page(f'{URL}{check.id}/', other)}") for other in range(1, count + 1)]
            sections = list(self._sections(ailments[(number - 1) * ROWS : number * ROWS], root))
            query = check.filter()
            content = self._templates.get_template("health_check.html").render(
                root=root,
                check=check,
                sheet=Sheet(number, numbers, sections),
                filter=f"{root}/metrics/?{query}" if query else None,
            )
            title = check.title if number == 1 else f"{check.title}, page {number}"
            yield Page(own, title, content, section=URL, twin=JSON, styles=STYLES)

    def _sections(self, ailments: Sequence[Ailment], root: str) -> Iterator[tuple[str, str, Markup]]:
        for group, members in groupby(ailments, key=lambda ailment: ailment.group):
            lines = joined(_line(ailment, root) for ailment in members)
            yield _anchor(group), self._references.group(group).name, lines


def check_url(check: Check) -> str:
    """Return the address of a question's first page, relative to the overview."""
    return f"{check.id}/"


def _by_group(ailments: Sequence[Ailment]) -> list[Ailment]:
    """Sort them by group, in each those that have lasted longest first."""
    return sorted(
        ailments,
        key=lambda one: (one.group == NO_GROUP, one.group, f"{one.since:%Y-%m-%d}" if one.since else "z", one.name),
    )


def _line(ailment: Ailment, root: str) -> Markup:
    return fill(
        '<li><a href="%s/%s"><code>%s</code></a> <span class="dd-gist">%s</span></li>\n',
        root,
        ailment.url,
        breakable(ailment.name),
        ailment.note,
    )


def _bar(checks: Sequence[Check], group: str, largest: int) -> Markup:
    """Draw how many definitions of a group have which kind of problem; the longest bar is that of the first group."""
    x, pieces = 0.0, []
    for weight in (BAD, WARN):
        count = sum(check.by_group.get(group, 0) for check in checks if check.weight == weight)
        width = 100 * count / largest
        if count:
            rectangle = '<rect class="dd-fill--%s" x="%s" width="%s" height="8"/>'
            pieces.append(fill(rectangle, weight, f"{x:.2f}", f"{max(width - 0.4, 0.4):.2f}"))
        x += width
    return fill(
        '<svg class="dd-bar-chart" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">%s</svg>',
        joined(pieces),
    )


def _anchor(group: str) -> str:
    return f"group-{segment(group)}"


def _filter(query: str | None) -> str | None:
    return f"../metrics/?{query}" if query else None


def _told(check: Check) -> dict[str, object]:
    query = check.filter()
    return {
        "title": check.title,
        "about": check.about,
        "unknown": check.unknown or None,
        "count": None if check.unknown else len(check.ailments),
        "filter": f"metrics/?{query}" if query else None,
        "groups": dict(sorted(check.by_group.items())),
        "definitions": [
            {
                "kind": ailment.kind,
                "name": ailment.name,
                "url": ailment.url,
                "product_group": None if ailment.group == NO_GROUP else ailment.group,
                "note": ailment.note or None,
                "since": f"{ailment.since:%Y-%m-%d}" if ailment.since else None,
            }
            for ailment in check.ailments
        ],
    }
