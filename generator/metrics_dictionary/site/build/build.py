"""``build``: from a definitions root to a published site.

How a definition becomes a page, one step after the other:

1. ``build`` validates the root and gathers in ``data.site_data`` what pages are made from;
2. ``build.stamping`` hands the definitions of each file to a process, which has ``pages.metric_pages`` (or
   ``event_pages``) make their pages;
3. there the look-ups of ``data`` and the pieces of HTML of ``parts`` fill ``templates/site/metric.html``;
4. ``build.shell`` puts the filled template into the theme's page, and ``stamping`` writes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.changes.history.history import HistoryReading
from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.site.build.publishing import publish, staging
from metrics_dictionary.site.build.shell import ShellBuild
from metrics_dictionary.site.build.site_map import write_site_map
from metrics_dictionary.site.build.stamping import stamp_everything
from metrics_dictionary.site.data.site_data import SiteData
from metrics_dictionary.site.parts.history_items import HistoryItems
from metrics_dictionary.site.parts.repository_links import repository_links
from metrics_dictionary.tools.clock import build_time
from metrics_dictionary.tools.garbage import without_garbage_collection
from metrics_dictionary.tools.security_headers import FILE, headers_text, security_headers
from metrics_dictionary.validation.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.reading.root import Roots
    from metrics_dictionary.validation.validate import Validation


@dataclass(frozen=True)
class BuildOptions:
    """How to build: ``strict`` leaves the old site as it is where definitions have errors or history is missing.

    ``product_groups`` is a file that takes the place of the roots' own. ``site_url`` is where the site is going to be,
    with a slash at its end: only then it has a site map. ``repository_url`` is where definitions are edited, see
    ``repository_links``.
    """

    strict: bool = False
    product_groups: Path | None = None
    site_url: str | None = None
    repository_url: str | None = None


@dataclass(frozen=True)
class BuildReport:
    """What became of a build. ``pages`` counts the pages made from definitions; 0 when nothing was published.

    ``loss`` says in one line what of the history could not be read, empty for nothing.
    """

    dictionary: Dictionary
    diagnostics: Sequence[Diagnostic]
    published: bool
    pages: int
    loss: str = ""

    @property
    def metrics(self) -> int:
        """How many metrics there are, one for each time frame."""
        return len(self.dictionary.expanded)

    @property
    def events(self) -> int:
        """How many events there are."""
        return len(self.dictionary.events)


def build(
    roots: Roots,
    output: Path,
    options: BuildOptions = BuildOptions(),
    progress: Callable[[int, int], None] | None = None,
    checked: Callable[[Validation], None] | None = None,
) -> BuildReport:
    """Validate the definitions of ``roots`` and put their site at ``output``.

    Definitions with errors are published with a notice. ``progress`` is told how many of how many pages are made,
    ``checked`` is told what the definitions are, before pages are made; what it raises ends the build.
    Raises OperationalError when a root cannot be read or the output not written; then, too, the old site stays.
    """
    links = repository_links(options.repository_url)
    with (
        without_garbage_collection(keep=True),
        staging(output) as folder,
        ShellBuild(folder) as shell_build,
        HistoryReading(roots) as reading,
    ):
        validation = validate(roots, product_groups=options.product_groups)
        if options.strict and any(diagnostic.severity is Severity.ERROR for diagnostic in validation.diagnostics):
            return BuildReport(validation.dictionary, validation.diagnostics, published=False, pages=0)
        if checked is not None:
            checked(validation)
        history, head, loss = reading.finish()
        if options.strict and loss:
            return BuildReport(validation.dictionary, validation.diagnostics, published=False, pages=0, loss=loss)
        shell = shell_build.finish(options.site_url)
        items = HistoryItems(history, links.below(history.prefix if history else ""))
        site = SiteData(validation, items, options.site_url, shell.size, head or build_time())
        pages = stamp_everything(site, shell, folder, progress)
        (folder / FILE).write_text(headers_text(security_headers(shell.scripts)), encoding="utf-8")
        if options.site_url:
            write_site_map(folder, options.site_url)
        publish(folder, output)
    return BuildReport(validation.dictionary, validation.diagnostics, published=True, pages=pages, loss=loss)
