"""Built sites below a base path, a browser, and a page that tolerates no error and no foreign request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from metrics_dictionary.site.build.build import build
from tests.benchmarks.corpus import write_corpus
from tests.browser.accessibility import AXE_MISSING
from tests.browser.chromium import MISSING, require_chromium, running_chromium, served
from tests.site.conftest import shipped, write_small_root
from tests.small_root import metric, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

    from tests.made_once import MadeOnce

BASE = "some/base/path"
LARGE = 5_000
"""Generated definitions of the large site."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the last lines what was not looked at."""
    skipped = {str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])}
    for missing in (MISSING, AXE_MISSING):
        if any(missing in reason for reason in skipped):
            terminalreporter.write_line(f"WARNING: {missing}", red=True, bold=True)


@pytest.fixture(scope="session")
def sites(made_once: MadeOnce) -> Path:
    """The folder of ``shipped``, ``large`` and ``hostile``."""
    require_chromium()
    shipped_site = shipped(made_once)

    def make(folder: Path) -> None:
        definitions = folder / "definitions"
        write_corpus(LARGE, definitions / "large")
        write_small_root(definitions / "hostile")
        long_winded = metric(key_path="counts.long_winded", description=f"Endless{' words' * 2000} needle.")
        write(definitions / "hostile/metrics/counts_all/long_winded.yml", long_winded)
        in_code = metric(key_path="counts.in_code", description="Kneaded by `a_baker` or `<b>dough</b>`; a lone `.")
        write(definitions / "hostile/metrics/counts_all/in_code.yml", in_code)
        for root in definitions.iterdir():
            build(root, folder / BASE / root.name)
        (folder / BASE / "shipped").symlink_to(shipped_site)

    return made_once.made("sites", make) / BASE


@pytest.fixture(scope="session")
def address(sites: Path) -> Iterator[str]:
    """The address below which the three sites are."""
    with served(sites.parents[2]) as root:
        yield f"{root}/{BASE}"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    require_chromium()
    with running_chromium() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def visitor(browser: Browser) -> BrowserContext:
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    made.set_default_timeout(10_000)
    made.grant_permissions(["clipboard-read", "clipboard-write"])
    return made


@pytest.fixture
def context(visitor: BrowserContext) -> Iterator[BrowserContext]:
    """Where pages are opened; each test finds it without pages and without anything stored.

    A tab of one person takes half of the time that a person of its own takes: files that were seen need no new look.
    """
    yield visitor
    for page in visitor.pages:
        session = visitor.new_cdp_session(page)
        origin = page.evaluate("origin")
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        page.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Iterator[Page]:
    """A page; the test fails when anything was wrong in its console, or was asked of another origin."""
    wrong: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            wrong.append(f"{message.type}: {message.text}")

    def on_request(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"blob", "data", "file"} and parts.netloc != urlsplit(address).netloc:
            wrong.append(f"asked for {request.url}")

    made = context.new_page()
    made.on("console", on_console)
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("request", on_request)
    yield made
    assert not wrong
