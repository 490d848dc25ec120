"""The combined definitions as files, and the page that offers them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary import __version__
from metrics_dictionary.exports.definitions import export_events, export_metrics
from metrics_dictionary.site.parts.page import File, Page
from metrics_dictionary.site.parts.urls import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.site.data.site_data import SiteData

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


def download_pages(site: SiteData) -> Iterator[Page | File]:
    """Yield the page that offers the files, the files, and the marker that says whose site this is."""
    files = _downloads(site.dictionary)
    content = site.render("downloads.html", root="..", files=files)
    yield Page(URL, "Downloads", content, section=URL, twin=MARKER)
    for file in files:
        yield File(f"{URL}{file.name}", file.content)
    about = {
        "generator": f"metrics-dictionary {__version__}",
        "metrics": len(site.dictionary.expanded),
        "events": len(site.dictionary.events),
        "downloads": {f"{URL}{file.name}": file.sha256 for file in files},
    }
    yield File(MARKER, (json.dumps(about, indent=2) + "\n").encode())


def _downloads(dictionary: Dictionary) -> list[Download]:
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
