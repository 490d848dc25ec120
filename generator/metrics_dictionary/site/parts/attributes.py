"""The rows of a definition's attributes: each field with its value and what the field means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import escape

from metrics_dictionary.dictionary.milestones import milestone
from metrics_dictionary.site.parts.html import (
    fill,
    group_link,
    joined,
    plain_value,
    prose,
    source_link,
    status_pill,
    web_link,
)
from metrics_dictionary.site.parts.site_wording import TIME_FRAMES
from metrics_dictionary.validation.schemas.field_reference import field_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from markupsafe import Markup

    from metrics_dictionary.dictionary.definition import Fields
    from metrics_dictionary.site.data.cross_references import CrossReferences

ROOT = "../.."
"""From a definition page back to the site's root."""


class Attributes:
    """Makes the rows; one value of one field is rendered once, however many definitions have it."""

    def __init__(self, references: CrossReferences, kind: str, shown_elsewhere: Collection[str]) -> None:
        """``kind`` is ``metric`` or ``event``; ``shown_elsewhere`` names fields to leave out."""
        self._references = references
        self._meanings = {field.name: prose(field.description) for field in field_reference(kind)}
        self._shown_elsewhere = shown_elsewhere
        self._rendered: dict[tuple[str, object], Markup] = {}

    def of(self, fields: Fields) -> Markup:
        """Return a row for each field, in the author's order."""
        return joined(self._row(*field) for field in fields.items() if field[0] not in self._shown_elsewhere)

    def _row(self, name: str, value: object) -> Markup:
        if isinstance(value, str):
            key: tuple[str, object] = (name, value)
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            key = (name, tuple(value))
        else:
            return self._render(name, value)
        row = self._rendered.get(key)
        if row is None:
            row = self._rendered[key] = self._render(name, value)
        return row

    def _render(self, name: str, value: object) -> Markup:
        shown = self._text(name, value) if isinstance(value, str) and value else plain_value(value)
        meaning = fill(" <p>%s</p>", self._meanings[name]) if name in self._meanings else ""
        return fill("<div><dt>%s</dt> <dd>%s%s</dd></div>\n", name, shown, meaning)

    def _text(self, name: str, value: str) -> Markup:
        if name == "product_group":
            return group_link(ROOT, value, self._references.group(value).name)
        if name == "data_source" and value in self._references.metrics_by_source:
            return source_link(ROOT, value)
        show = _TEXTS.get(name)
        return show(value) if show else plain_value(value)


def _time_frame(value: str) -> Markup:
    return fill("<code>%s</code> %s", value, TIME_FRAMES.get(value, ""))


def _milestone(value: str) -> Markup:
    return escape(milestone(value))


_TEXTS: dict[str, Callable[[str], Markup]] = {
    "introduced_by_url": web_link,
    "milestone": _milestone,
    "milestone_removed": _milestone,
    "removed_by_url": web_link,
    "repair_issue_url": web_link,
    "status": status_pill,
    "time_frame": _time_frame,
}
