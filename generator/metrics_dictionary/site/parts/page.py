"""What a site consists of: pages and other files; and long lists, which are shared out over several pages."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from metrics_dictionary.site.parts.urls import list_page_url, root_from

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page:
    """A page to put into the shell.

    ``url`` is relative to the site's root and ends in a slash; empty for the home page. ``section`` is the ``url`` of
    the tab to mark as current. ``description`` and ``twin`` (the address of the page's JSON form) are for programs.
    The addresses in ``content`` are relative to the page. ``styles`` and ``scripts`` (modules) are paths below
    ``assets/`` that this page needs besides what every page has. An ``offline`` page tells the browser itself to let it
    open no connection at all, not even to its own server.
    """

    url: str
    title: str
    content: str
    section: str = ""
    description: str = ""
    twin: str | None = None
    styles: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    offline: bool = False


class File(NamedTuple):
    """Any other file. ``path`` is relative to the site's root."""

    path: str
    content: bytes


class ListPage(NamedTuple, Generic[Item]):
    """One page of a long list. ``root`` leads from it to the site's root.

    ``numbers`` pair the number of each page of the list with its address as seen from this one.
    """

    url: str
    root: str
    number: int
    items: Sequence[Item]
    numbers: list[tuple[int, str]]

    def title(self, title: str) -> str:
        """Return the title of the list as that of this page."""
        return title if self.number == 1 else f"{title}, page {self.number}"


def list_pages(url: str, items: Sequence[Item], size: int) -> Iterator[ListPage[Item]]:
    """Yield the pages of a list, ``size`` items on each; an empty list has one page. ``url`` is that of the first."""
    numbers = range(1, max(1, ceil(len(items) / size)) + 1)
    for number in numbers:
        own = list_page_url(url, number)
        root = root_from(own)
        addresses = [(other, f"{root}/{list_page_url(url, other)}") for other in numbers]
        yield ListPage(own, root, number, items[(number - 1) * size : number * size], addresses)
