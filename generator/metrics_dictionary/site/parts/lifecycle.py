"""The stations of a definition's life: introduced, broken, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import text
from metrics_dictionary.site.parts.fragments import web_link
from metrics_dictionary.site.parts.html import fill, joined
from metrics_dictionary.site.parts.site_wording import milestone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markupsafe import Markup

    from metrics_dictionary.dictionary.definition import Fields


def lifecycle(fields: Fields, alive: str) -> Markup:
    """Return the stations as the items of a list, ``alive`` as the last one of an active definition."""
    return joined(_stations(fields, alive))


def _stations(fields: Fields, alive: str) -> Iterator[Markup]:
    status = fields.get("status", "active")
    yield _station("introduced", "Introduced", fields.get("milestone"), fields.get("introduced_by_url"))
    if status == "broken":
        yield _station("broken", "Broken", None, fields.get("repair_issue_url"))
    elif status == "removed":
        yield _station("removed", "Removed", fields.get("milestone_removed"), fields.get("removed_by_url"))
    else:
        yield _station("today", alive, None, None)


def _station(kind: str, label: str, version: object, address: object) -> Markup:
    shown = milestone(text(version) or "")
    link = web_link(text(address) or "")
    return fill('<li class="dd-life--%s"><strong>%s</strong> %s %s</li>\n', kind, label, shown, link)
