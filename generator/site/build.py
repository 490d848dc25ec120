"""``build``: from a definitions root to a published site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.dictionary.diagnostic import Severity
from generator.site.publishing import publish, staging
from generator.site.shell import ShellBuild
from generator.site.stamping import stamp_everything
from generator.validation.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from generator.dictionary.diagnostic import Diagnostic
    from generator.dictionary.dictionary import Dictionary


@dataclass(frozen=True)
class BuildReport:
    """What became of a build. ``pages`` counts the pages made from definitions; 0 when nothing was published."""

    dictionary: Dictionary
    diagnostics: Sequence[Diagnostic]
    published: bool
    pages: int

    @property
    def metrics(self) -> int:
        """How many metrics there are, one for each time frame."""
        return len(self.dictionary.expanded)

    @property
    def events(self) -> int:
        """How many events there are."""
        return len(self.dictionary.events)


def build(
    root: Path,
    output: Path,
    *,
    strict: bool = False,
    product_groups: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> BuildReport:
    """Validate the definitions of ``root`` and put their site at ``output``.

    Definitions with errors are published with a notice; with ``strict`` they leave the old site as it is.
    ``product_groups`` is a file that takes the place of the root's own. ``progress`` is told how many of how many
    pages are made. Raises OperationalError when the root cannot be read or the output not written; then, too, the old
    site stays.
    """
    with staging(output) as folder, ShellBuild(folder) as shell_build:
        validation = validate(root, product_groups=product_groups)
        if strict and any(diagnostic.severity is Severity.ERROR for diagnostic in validation.diagnostics):
            return BuildReport(validation.dictionary, validation.diagnostics, published=False, pages=0)
        shell = shell_build.finish()
        pages = stamp_everything(validation, shell, folder, progress)
        publish(folder, output)
    return BuildReport(validation.dictionary, validation.diagnostics, published=True, pages=pages)
