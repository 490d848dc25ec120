"""Reading a built site the way a browser does."""

from __future__ import annotations

import posixpath
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADDRESSES = {"a": "href", "link": "href", "script": "src", "img": "src", "form": "action"}


class BuiltPage(HTMLParser):
    """A page's elements with their attributes, its addresses and its visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.ids: set[str] = set()
        self.scripts: list[str] = []
        self._text: list[str] = []
        self._inside: str | None = None
        self.feed(html)
        self.text = "".join(self._text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if "id" in attributes:
            assert attributes["id"] not in self.ids, f"two elements with the id {attributes['id']!r}"
            self.ids.add(attributes["id"])
        self._inside = tag if tag in ("script", "style") else None

    def handle_endtag(self, _tag: str) -> None:
        self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside is None:
            self._text.append(data)

    @property
    def addresses(self) -> Iterator[tuple[str, str]]:
        """Each element that has an address, with it."""
        for tag, attributes in self.elements:
            if ADDRESSES.get(tag, "") in attributes:
                yield tag, attributes[ADDRESSES[tag]]

    @property
    def links(self) -> list[str]:
        """The addresses that a reader can follow."""
        return [address for tag, address in self.addresses if tag == "a"]


@cache
def page(path: Path) -> BuiltPage:
    return BuiltPage(path.read_text(encoding="utf-8"))


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def target(site: Path, source: Path, address: str) -> Path:
    """The file that an address of a page leads to, whether there is one or not."""
    path = unquote(urlsplit(address).path)
    folder = source.relative_to(site).parent.as_posix()
    joined = posixpath.normpath(posixpath.join(folder, path)) if path else source.relative_to(site).as_posix()
    assert not joined.startswith(".."), f"{address} leads out of the site"
    found = site / joined
    return found / "index.html" if path.endswith(("/", ".")) or found.is_dir() else found
