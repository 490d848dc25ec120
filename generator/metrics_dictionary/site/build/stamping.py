"""Stamping: every page and file that comes from definitions, made on all processors and written into a folder."""

from __future__ import annotations

import os
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.site.data.explorer_index import explorer_files
from metrics_dictionary.site.data.schemas import schema_files
from metrics_dictionary.site.pages.change_pages import changes_by_milestone, changes_by_month
from metrics_dictionary.site.pages.downloads import download_pages
from metrics_dictionary.site.pages.event_pages import EventPages
from metrics_dictionary.site.pages.feeds import feeds
from metrics_dictionary.site.pages.health_pages import health_pages
from metrics_dictionary.site.pages.home import home_page
from metrics_dictionary.site.pages.listings import listing_pages
from metrics_dictionary.site.pages.metric_pages import MetricPages
from metrics_dictionary.site.pages.payload_reader import payload_reader_page
from metrics_dictionary.site.pages.program_files import program_files
from metrics_dictionary.site.pages.reference import reference_pages
from metrics_dictionary.site.parts.page import File, Page
from metrics_dictionary.tools.garbage import without_garbage_collection
from metrics_dictionary.tools.in_parts import in_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.site.build.shell import Shell
    from metrics_dictionary.site.data.site_data import SiteData

    AnyDefinition = MetricDefinition | EventDefinition
    Kind = Callable[[SiteData], Iterable[Page | File]]
    Job = Callable[[], Iterable[Page | File]]

# Dealt out in turn: this order gives two processes about as much to do.
KINDS: tuple[Kind, ...] = (
    download_pages,
    explorer_files,
    changes_by_milestone,
    home_page,
    changes_by_month,
    listing_pages,
    health_pages,
    program_files,
    feeds,
    payload_reader_page,
    schema_files,
    reference_pages,
)
"""What there is besides the pages of definitions. A new kind of page is a function in ``pages/`` and a row here."""


def stamp_everything(site: SiteData, shell: Shell, folder: Path, progress: Callable[[int, int], None] | None) -> int:
    """Write every page and file that comes from definitions, on all processors; return how many pages there are.

    Raises OSError, and OperationalError when the machine ends one of the processes.
    """
    stamp = Stamp(folder, shell)
    metric_pages, event_pages = MetricPages(site), EventPages(site)

    def of_definitions(definitions: Iterable[AnyDefinition]) -> Iterator[Page | File]:
        for definition in definitions:
            if isinstance(definition, MetricDefinition):
                yield from metric_pages.page(definition)
            else:
                yield from event_pages.pages(definition)

    # The definitions of one file go to one process, so that the file is read and colored once.
    definitions: list[AnyDefinition] = [*site.dictionary.expanded.values(), *site.dictionary.events]
    files = (tuple(members) for _, members in groupby(definitions, key=lambda definition: definition.file_path))
    jobs: list[Job] = [*(partial(kind, site) for kind in KINDS), *(partial(of_definitions, one) for one in files)]

    def write(share: Iterable[Job]) -> list[int]:
        return [stamp.write(job()) for job in share]

    with without_garbage_collection(keep=True):
        return sum(in_parts(write, jobs, progress))


class Stamp:
    """Writes into a folder, with few system calls a file."""

    def __init__(self, folder: Path, shell: Shell) -> None:
        self._folder = str(folder)
        self._shell = shell

    def write(self, made: Iterable[Page | File]) -> int:
        """Write pages and files; return how many of them are pages. Raises OSError."""
        pages = 0
        for one in made:
            if isinstance(one, Page):
                pages += 1
                self._page(one)
            else:
                self._file(one.path, one.content)
        return pages

    def _page(self, page: Page) -> None:
        """Write a page as the ``index.html`` of its address."""
        self._make(page.url)
        # Half of a surrogate pair, which a definition can hold as an escape, has no UTF-8 form.
        self._write(f"{page.url}index.html", self._shell.render(page).encode("utf-8", "replace"))

    def _file(self, path: str, content: bytes) -> None:
        """Write another file; its folder is made where no page made it."""
        try:
            self._write(path, content)
        except FileNotFoundError:
            self._make(path.rpartition("/")[0])
            self._write(path, content)

    def _make(self, url: str) -> None:
        path = f"{self._folder}/{url}"
        try:
            os.mkdir(path)  # noqa: PTH102 - this and the calls below run for each of thousands of pages
        except FileExistsError:
            return
        except FileNotFoundError:
            os.makedirs(path, exist_ok=True)  # noqa: PTH103

    def _write(self, path: str, content: bytes) -> None:
        file = os.open(f"{self._folder}/{path}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            while content:
                content = content[os.write(file, content) :]
        finally:
            os.close(file)
