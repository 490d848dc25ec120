"""Stamping every page of a dictionary into a folder."""

from __future__ import annotations

import json
from functools import cached_property, partial
from itertools import groupby
from typing import TYPE_CHECKING

import metrics_dictionary
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.exports.definitions import event_json, metric_json
from metrics_dictionary.site.pages.change_pages import ChangePages
from metrics_dictionary.site.data.changes import ChangeLog
from metrics_dictionary.tools.garbage import without_garbage_collection
from metrics_dictionary.site.data.cross_references import CrossReferences
from metrics_dictionary.site.pages.downloads import URL as DOWNLOADS
from metrics_dictionary.site.pages.downloads import downloads, downloads_page
from metrics_dictionary.site.pages.event_pages import EventPages
from metrics_dictionary.site.data.explorer_index import events_index, metrics_index
from metrics_dictionary.site.pages.feeds import feeds
from metrics_dictionary.site.data.health import health
from metrics_dictionary.site.pages.health_pages import JSON as HEALTH
from metrics_dictionary.site.pages.health_pages import HealthPages
from metrics_dictionary.site.pages.home import home_page
from metrics_dictionary.site.pages.listings import Listings, Rows
from metrics_dictionary.site.pages.metric_pages import LARGEST, MetricPages
from metrics_dictionary.site.data.origins import Origins
from metrics_dictionary.site.pages.payload_reader import DEFINITIONS, payload_definitions, payload_reader_page
from metrics_dictionary.site.pages.program_files import program_files, programs_page
from metrics_dictionary.site.build.publishing import MARKER
from metrics_dictionary.site.pages.reference import meanings, reference_pages
from metrics_dictionary.site.data.schemas import schema_files
from metrics_dictionary.site.build.site_folder import SiteFolder
from metrics_dictionary.site.build.templates import environment
from metrics_dictionary.tools.in_parts import in_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.site.parts.definition_history import HistoryItems
    from metrics_dictionary.site.build.shell import Page, Shell
    from metrics_dictionary.validation.validate import Validation

    Definition = MetricDefinition | EventDefinition
    Job = Callable[[], int]


def stamp_everything(
    validation: Validation,
    shell: Shell,
    folder: Path,
    progress: Callable[[int, int], None] | None,
    history: HistoryItems,
) -> int:
    """Write every page and file that comes from definitions, on all processors; return how many pages there are.

    Raises OSError, and OperationalError when the machine ends one of the processes.
    """
    stamping = Stamping(validation, SiteFolder(folder, shell), history, LARGEST - shell.size)
    definitions: list[Definition] = [*validation.dictionary.expanded.values(), *validation.dictionary.events.values()]
    # The definitions of one file go to one process, so that the file is read and coloured once.
    files = (tuple(members) for _, members in groupby(definitions, key=lambda definition: definition.file_path))
    # Dealt out in turn: this order gives two processes about as much to do.
    jobs: list[Job] = [stamping.downloads, stamping.explorer, stamping.changes_by_milestone, stamping.overview]
    jobs += [stamping.changes_by_month, partial(stamping.program_files, shell.site_url)]
    jobs += [stamping.health, stamping.payload_reader, partial(stamping.feeds, shell.site_url)]
    jobs += [partial(stamping.definitions, members) for members in files]
    with without_garbage_collection(keep=True):
        return sum(in_parts(_do, jobs, progress))


def _do(jobs: Iterable[Job]) -> list[int]:
    return [job() for job in jobs]


class Stamping:
    """The work, in pieces that can run in any order and in any process. Each returns how many pages it made."""

    def __init__(self, validation: Validation, site: SiteFolder, history: HistoryItems, room: int) -> None:
        """``room`` is how many bytes of content a metric's page may have."""
        self._validation = validation
        self._dictionary = validation.dictionary
        self._origins = Origins(validation.documents, validation.diagnostics)
        self._site = site
        self._references = CrossReferences(validation.dictionary)
        self._templates = environment(self._references)
        self._history = history
        self._room = room
        self._log = ChangeLog(validation.dictionary, history.history)

    def definitions(self, definitions: Iterable[Definition]) -> int:
        """Write the page and the JSON twin of each definition."""
        pages = 0
        for definition in definitions:
            if isinstance(definition, MetricDefinition):
                self._with_twin(self._metric_pages.page(definition), metric_json(definition))
            else:
                self._with_twin(self._event_pages.page(definition), event_json(definition, self._dictionary))
            pages += 1
        return pages

    def overview(self) -> int:
        """Write the home page, the listings and the references."""
        rows = Rows()
        listings = Listings(self._templates, self._references, rows)
        pages = [
            home_page(self._templates, self._references, listings, rows, self._change_pages(rows)),
            *listings.pages(),
            *reference_pages(self._templates),
        ]
        for page in pages:
            self._site.page(page)
        return len(pages)

    def explorer(self) -> int:
        """Write what the explorer searches; no page of its own."""
        for index in (metrics_index(self._references), events_index(self._references)):
            for path, content in index.files:
                self._site.file(path, content)
        return 0

    def program_files(self, site_url: str | None) -> int:
        """Write what programs read besides the twins of definitions, and the page that lists it."""
        self._site.page(programs_page(self._templates))
        for path, content in program_files(self._references, site_url):
            self._site.file(path, content)
        return 1

    def payload_reader(self) -> int:
        """Write the page that explains payloads, and the definitions that its script reads."""
        self._site.page(payload_reader_page(self._templates))
        self._site.file(DEFINITIONS, payload_definitions(self._references).encode())
        return 1

    def health(self) -> int:
        """Write what is wrong with the dictionary, for people and for programs."""
        pages = HealthPages(self._templates, self._references, health(self._validation, self._history.history))
        self._site.file(HEALTH, pages.json())
        return self._all(pages.pages())

    def changes_by_month(self) -> int:
        """Write what changed: the overview and the pages of the months."""
        return self._all(self._change_pages(Rows()).by_month())

    def changes_by_milestone(self) -> int:
        """Write what changed: the pages of the milestones."""
        return self._all(self._change_pages(Rows()).by_milestone())

    def feeds(self, site_url: str | None) -> int:
        """Write the feeds of what changed."""
        for path, content in feeds(self._log, self._references, site_url):
            self._site.file(path, content)
        return 0

    def downloads(self) -> int:
        """Write the combined files, their page, the editors' schemas and the marker that says whose site this is."""
        files = downloads(self._dictionary)
        self._site.page(downloads_page(self._templates, files))
        for file in files:
            self._site.file(f"{DOWNLOADS}{file.name}", file.content)
        for path, content in schema_files(self._dictionary):
            self._site.file(path, content)
        about = {
            "generator": f"metrics-dictionary {metrics_dictionary.__version__}",
            "metrics": len(self._dictionary.expanded),
            "events": len(self._dictionary.events),
            "downloads": {f"{DOWNLOADS}{file.name}": file.sha256 for file in files},
        }
        self._site.file(MARKER, (json.dumps(about, indent=2) + "\n").encode())
        return 1

    def _all(self, pages: Iterable[Page]) -> int:
        made = 0
        for page in pages:
            self._site.page(page)
            made += 1
        return made

    def _change_pages(self, rows: Rows) -> ChangePages:
        return ChangePages(self._templates, self._references, self._log, self._history, rows)

    def _with_twin(self, page: Page, json_text: str) -> None:
        self._site.page(page)
        self._site.file(page.twin or "", json_text.encode())

    @cached_property
    def _metric_pages(self) -> MetricPages:
        return MetricPages(
            self._templates, self._references, self._origins, meanings("metric"), self._history, self._room
        )

    @cached_property
    def _event_pages(self) -> EventPages:
        return EventPages(self._templates, self._references, self._origins, meanings("event"), self._history)
