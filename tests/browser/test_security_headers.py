"""The site under the Content-Security-Policy that `serve` sends: nothing on it is refused, and everything else is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.explorer_page import ExplorerPage
from tests.server.running_server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

REPORT = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`refused by ${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`));"""


@pytest.fixture(scope="module")
def addresses(sites: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses of servers, by the sites that they serve."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("shipped", "hostile")}
    for name, folder in folders.items():
        (folder / "site").symlink_to(sites / name)
    with running(folders["shipped"]) as shipped, running(folders["hostile"]) as hostile:
        yield {"shipped": shipped.server.url, "hostile": hostile.server.url}


@contextmanager
def opened(browser: Browser, scheme: str = "light") -> Iterator[tuple[Page, list[str]]]:
    """Give a page, and what is said on its console, or on that of a worker."""
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light", accept_downloads=True)
    context.set_default_timeout(10_000)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_init_script(REPORT)
    page, said = context.new_page(), list[str]()
    page.on("console", lambda message: said.append(f"{page.url}: {message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    yield page, said
    context.close()


def one_of_each_kind(site: Path) -> list[str]:
    """Return a page of each folder and depth, and all guides: whatever kinds of pages there are."""
    kinds: dict[tuple[str, ...], str] = {}
    for path in sorted(site.rglob("*.html")):
        parts = path.relative_to(site).parent.parts
        named = len(parts) if parts[:1] == ("guides",) else 2 if parts[:1] == ("changes",) else 1
        kind = (*parts[:named], str(len(parts)))
        kinds.setdefault(kind, "/".join((*parts, "")) if parts else "")
    return list(kinds.values())


@pytest.mark.parametrize(("site", "scheme"), [("shipped", "light"), ("shipped", "dark"), ("hostile", "light")])
def test_no_page_is_refused_anything(
    browser: Browser, sites: Path, addresses: dict[str, str], site: str, scheme: str
) -> None:
    pages = one_of_each_kind(sites / site)
    assert {"", "metrics/", "payload/", "guides/run-it/"} <= set(pages)
    with opened(browser, scheme) as (page, said):
        for path in pages:
            page.goto(addresses[site] + path.replace("~", "%7E"), wait_until="load")
            expect(page.get_by_role("heading", level=1).first).to_be_attached()
    assert said == []


def test_what_scripts_of_the_site_do_is_not_refused(browser: Browser, addresses: dict[str, str]) -> None:
    with opened(browser) as (page, said):
        explorer = ExplorerPage(page, addresses["shipped"] + "metrics/")
        explorer.search("runner")
        assert explorer.found() > 1
        explorer.open_facets()
        explorer.facet("Data source", "Database").click()
        explorer.settle()
        page.get_by_role("button", name="Export", exact=True).click()
        with page.expect_download():
            page.get_by_role("button", name="CSV").or_(page.get_by_role("link", name="CSV")).first.click()
        page.keyboard.press("Escape")
        explorer.rows.first.get_by_role("link").click()
        page.locator(".dd-copy").first.click()
        expect(page.get_by_role("status")).to_have_text("Copied")
        page.goto(addresses["shipped"] + "guides/run-it/")
        page.locator(".md-code__button, .md-clipboard").first.click()
        page.goto(addresses["shipped"])
        page.get_by_role("searchbox").first.fill("runner")
        page.keyboard.press("Enter")
        page.wait_for_url("**/metrics/?q=runner")
        page.locator("label[title='Light colours'], label[for='__palette_1']").first.click()
        page.reload()
        expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "default")
        page.goto(addresses["shipped"] + "payload/")
        page.set_input_files(
            "#payload-file", {"name": "a.json", "mimeType": "application/json", "buffer": b'{"counts": {"a": 1}}'}
        )
        expect(page.locator("#payload-intake")).to_be_hidden()
        page.fill("#payload-search", "counts")
    assert said == []


def test_icons_of_the_theme_are_there(browser: Browser, addresses: dict[str, str]) -> None:
    with opened(browser) as (page, said):
        with page.expect_response("**/assets/stylesheets/icons/*.svg") as icon:
            page.goto(addresses["shipped"] + "guides/run-it/")
            page.locator("pre").first.hover()
        assert (icon.value.status, icon.value.headers["content-type"]) == (200, "image/svg+xml")
    assert said == []


ATTEMPTS = """async () => {
  const refused = new Set();
  addEventListener("securitypolicyviolation", (event) => refused.add(event.effectiveDirective));
  const add = (tag, set) => document.body.appendChild(Object.assign(document.createElement(tag), set));
  window.ran = false;
  add("script", { textContent: "window.ran = true" });
  add("script", { src: "https://example.com/x.js" });
  add("style", { textContent: "body { color: red }" });
  add("img", { src: "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=" });
  add("iframe", { src: "about:blank#x", srcdoc: "" });
  add("object", { data: "/index.json" });
  add("base", { href: "https://example.com/" });
  add("div", { innerHTML: "<p onclick='window.ran = true'>x</p>" }).firstChild.click();
  // Later: the browser's debugger, which runs this, may do everything meanwhile.
  setTimeout(() => { try { (0, eval)("window.ran = true"); } catch { refused.add("eval"); } });
  await fetch("https://example.com/").catch(() => 0);
  try { new Worker("data:text/javascript,1"); } catch { refused.add("worker"); }
  await new Promise((done) => setTimeout(done, 300));
  return [window.ran, [...refused].sort()];
}"""


def test_what_a_definition_could_smuggle_in_is_refused(browser: Browser, addresses: dict[str, str]) -> None:
    with opened(browser) as (page, said):
        page.goto(addresses["hostile"])
        ran, refused = page.evaluate(ATTEMPTS)
        assert not ran
        assert {"script-src-elem", "style-src-elem", "img-src", "connect-src", "object-src", "base-uri"} <= set(refused)
        assert {"script-src-attr", "worker-src"} <= set(refused)
        assert "eval" in refused
        assert said


def test_no_other_site_can_show_a_page_in_a_frame(browser: Browser, addresses: dict[str, str], address: str) -> None:
    with opened(browser) as (page, said):
        page.goto(f"{address}/shipped/robots.txt")
        page.evaluate(
            f"() => document.body.append(Object.assign(document.createElement('iframe'), "
            f"{{src: '{addresses['shipped']}'}}))"
        )
        page.wait_for_timeout(500)
        assert any("frame-ancestors" in line or "refused to" in line.lower() for line in said)


def test_the_page_for_an_unknown_address_looks_as_it_should(browser: Browser, addresses: dict[str, str]) -> None:
    with opened(browser) as (page, said):
        page.goto(addresses["shipped"] + "nowhere/")
        expect(page.get_by_role("heading", name="Page not found")).to_have_css("margin-top", "0px")
    assert [line for line in said if "404" not in line] == []
