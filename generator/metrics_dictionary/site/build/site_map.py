"""``sitemap.xml``, for search engines.

A site map may hold whole addresses only, and a site that works under any address knows none: it is written when the
build was told where the site is going to be.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from metrics_dictionary.tools.addresses import page_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

NAME = "sitemap.xml"

MAX_ADDRESSES = 50_000
"""As many as one site map may hold; more go into several, and ``sitemap.xml`` lists these."""

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def site_address(text: str) -> str:
    """Return the address of a site, with a slash at its end. Raises OperationalError for what is not one."""
    page_address(text, "https://example.com/metrics/", "the address of --site-url")
    return text.rstrip("/") + "/"


def write_site_map(folder: Path, site_url: str, max_addresses: int = MAX_ADDRESSES) -> None:
    """Write the map of every page of a finished site. Raises OSError."""
    addresses = sorted(_pages(os.fspath(folder), ""))
    parts = [addresses[start : start + max_addresses] for start in range(0, len(addresses), max_addresses)]
    if len(parts) == 1:
        (folder / NAME).write_text(_document("urlset", "url", site_url, parts[0]), encoding="utf-8")
        return
    names = [f"sitemap-{number}.xml" for number in range(1, len(parts) + 1)]
    for name, part in zip(names, parts, strict=True):
        (folder / name).write_text(_document("urlset", "url", site_url, part), encoding="utf-8")
    (folder / NAME).write_text(_document("sitemapindex", "sitemap", site_url, names), encoding="utf-8")


def _pages(folder: str, url: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _pages(entry.path, f"{url}{entry.name}/")
            elif entry.name == "index.html":
                yield url


def _document(root: str, item: str, site_url: str, addresses: Iterable[str]) -> str:
    items = "".join(f"<{item}><loc>{escape(site_url + address)}</loc></{item}>\n" for address in addresses)
    return f'{_HEAD}<{root} xmlns="{_NAMESPACE}">\n{items}</{root}>\n'
