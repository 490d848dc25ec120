"""The combined definitions as files, and the page that offers them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.exports.definitions import export_events, export_metrics
from metrics_dictionary.site.build.publishing import MARKER
from metrics_dictionary.site.build.shell import Page

if TYPE_CHECKING:
    from jinja2 import Environment

    from metrics_dictionary.dictionary.dictionary import Dictionary

URL = "downloads/"


class Download(NamedTuple):
    """A file on offer. ``name`` is below ``downloads/``."""

    name: str
    about: str
    content: bytes

    @property
    def size(self) -> str:
        """The file's size for people."""
        if len(self.content) < 10_000:
            return f"{len(self.content):,} bytes"
        return f"{len(self.content) / 1000:,.0f} KB"

    @property
    def sha256(self) -> str:
        """The digest of its bytes, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def downloads(dictionary: Dictionary) -> list[Download]:
    """Return every file on offer, rendered."""
    made = [
        ("metric_definitions.yml", "All metrics, one entry for each time frame.", export_metrics(dictionary, "yaml")),
        ("metric_definitions.json", "The same as JSON.", export_metrics(dictionary, "json")),
        ("metric_definitions.csv", "The same as a table for spreadsheets.", export_metrics(dictionary, "csv")),
    ]
    if dictionary.events:
        made += [
            ("event_definitions.yml", "All events.", export_events(dictionary, "yaml")),
            ("event_definitions.json", "The same as JSON.", export_events(dictionary, "json")),
        ]
    return [Download(name, about, text.encode()) for name, about, text in made]


def downloads_page(templates: Environment, files: list[Download]) -> Page:
    """Return the page that offers the files."""
    content = templates.get_template("downloads.html").render(root="..", files=files)
    return Page(url=URL, title="Downloads", content=content, section=URL, twin=MARKER)
