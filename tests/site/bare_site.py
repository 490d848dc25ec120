"""A site of definitions that stand in no file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.site.data.site_data import SiteData
from metrics_dictionary.site.parts.history_items import HistoryItems
from metrics_dictionary.site.parts.repository_links import RepositoryLinks
from metrics_dictionary.validation.validate import Validation

if TYPE_CHECKING:
    from metrics_dictionary.changes.history.history import History
    from metrics_dictionary.dictionary.dictionary import Dictionary


def bare_site(dictionary: Dictionary, history: History | None = None, site_url: str | None = None) -> SiteData:
    """Return what pages are made from, without documents and findings."""
    validation = Validation(diagnostics=(), files_checked=0, unread=(), dictionary=dictionary, documents=())
    return SiteData(validation, HistoryItems(history, RepositoryLinks()), site_url)
