"""What pages are made from: a validated dictionary, its history, and every look-up that pages need, made once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from markupsafe import Markup

from metrics_dictionary.site.data.changes import ChangeLog
from metrics_dictionary.site.data.cross_references import CrossReferences
from metrics_dictionary.site.data.origins import Origins
from metrics_dictionary.site.parts.listing_rows import ListingRows
from metrics_dictionary.site.parts.templates import environment
from metrics_dictionary.tools.clock import build_time

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Environment

    from metrics_dictionary.changes.history.history import History
    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.site.parts.history_items import HistoryItems
    from metrics_dictionary.validation.validate import Validation


@dataclass(frozen=True)
class SiteData:
    """``site_url`` is where the site is going to be, with a slash at its end; None when nobody said.

    ``shell_size`` is how many bytes the shell adds to the content of a page. ``as_of`` is the site's date: that of the
    last commit or, where git does not tell it, of the build.
    """

    validation: Validation
    history_items: HistoryItems
    site_url: str | None = None
    shell_size: int = 0
    as_of: datetime = field(default_factory=build_time)

    @property
    def dictionary(self) -> Dictionary:
        """Every definition."""
        return self.validation.dictionary

    @property
    def history(self) -> History | None:
        """What git knows of the definitions, if it knows anything."""
        return self.history_items.history

    @cached_property
    def references(self) -> CrossReferences:
        """What relates definitions to one another."""
        return CrossReferences(self.dictionary)

    @cached_property
    def origins(self) -> Origins:
        """The files of definitions, and the errors in them."""
        return Origins(self.validation.documents, self.validation.diagnostics)

    @cached_property
    def changes(self) -> ChangeLog:
        """What changed, by month and by milestone."""
        return ChangeLog(self.dictionary, self.history)

    @cached_property
    def rows(self) -> ListingRows:
        """The lines of definitions in listings."""
        return ListingRows()

    @cached_property
    def templates(self) -> Environment:
        """The templates in ``templates/site``."""
        return environment(self.references)

    def render(self, template: str, **context: object) -> Markup:
        """Return a template filled with what it asks for."""
        return Markup(self.templates.get_template(template).render(context))  # noqa: S704 - templates escape
