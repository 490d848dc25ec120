"""The explorer as the tests use it: by what a person sees of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

_AT_REST = """() => new Promise((resolve) => {
  let last = 0;
  let same = 0;
  const look = () => {
    same = scrollY > 0 && scrollY === last ? same + 1 : 0;
    last = scrollY;
    if (same < 5) requestAnimationFrame(look);
    else resolve();
  };
  look();
})"""


class ExplorerPage:
    """An opened explorer."""

    def __init__(self, page: Page, address: str) -> None:
        """Open it, and wait until it can be used and its longer texts are there."""
        self.page = page
        page.goto(address)
        self.ready()

    def ready(self) -> None:
        """Wait until it can be used."""
        self.page.locator("#explorer:not([hidden])").wait_for()

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("searchbox")

    @property
    def count(self) -> Locator:
        return self.page.get_by_role("status")

    @property
    def rows(self) -> Locator:
        return self.page.locator(".dx-row")

    def names(self, at_most: int = 10) -> list[str]:
        """The names of the first rows."""
        return self.page.locator(".dx-cell--name a").all_inner_texts()[:at_most]

    def marks(self) -> set[str]:
        """The different texts that are marked."""
        return set(self.page.locator(".dx-rows mark").all_inner_texts())

    def search(self, text: str) -> None:
        """Type a query and wait for its answer."""
        self.box.fill(text)
        self.settle()

    def settle(self) -> None:
        """Wait until everything that was asked is answered and drawn."""
        self.page.wait_for_function(
            "() => document.getElementById('explorer').getAttribute('aria-busy') === 'false'",
        )

    def scrolled(self) -> None:
        """Wait until the page has been scrolled, has come to rest, and has its rows."""
        self.page.evaluate(_AT_REST)
        self.page.locator(".dx-cell--waiting").first.wait_for(state="detached")

    def found(self) -> int:
        """How many rows there are, as the page says it."""
        return int(self.count.inner_text().split()[0].replace(",", ""))

    def facet(self, title: str, value: str) -> Locator:
        """The choice of a value in a facet, by the words that are shown; a closed facet is opened."""
        box = self.page.locator(f'details.dx-facet:has(> [aria-label="{title}"])')
        if box.get_attribute("open") is None:
            box.locator("summary").click()
        return box.get_by_text(value, exact=True).locator("xpath=ancestor::label")

    def facet_count(self, title: str, value: str) -> int:
        """How many rows a facet says have the value."""
        return int(self.facet(title, value).locator(".dd-count").inner_text().replace(",", ""))

    def open_facets(self) -> None:
        """Open every facet."""
        self.page.evaluate("document.querySelectorAll('details.dx-facet').forEach((facet) => { facet.open = true })")

    @property
    def query(self) -> str:
        """The part of the address behind its question mark."""
        return self.page.url.partition("?")[2]
