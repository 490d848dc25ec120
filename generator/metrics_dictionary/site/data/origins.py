"""Where definitions come from: the text of their files, and what validation found in them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.site.parts import highlighting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from markupsafe import Markup

    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.reading.document import Document


class Filed(Protocol):
    """A metric or an event."""

    @property
    def file_path(self) -> str:
        """The file, relative to the folder that holds the definitions root."""


class Origin(NamedTuple):
    """``yaml`` is the file's text, marked up; ``errors`` are the findings that make the definition invalid."""

    yaml: Markup
    errors: Sequence[Diagnostic]


class Origins:
    """Finds the origin of a definition; a file that several time frames share is read once."""

    def __init__(self, documents: Sequence[Document], diagnostics: Iterable[Diagnostic]) -> None:
        self._documents = {document.file_path: document for document in documents}
        self._errors: defaultdict[str, list[Diagnostic]] = defaultdict(list)
        above = _folder_above_root(documents)
        for diagnostic in diagnostics:
            if diagnostic.severity is Severity.ERROR:
                # Where the root lies on this machine is nothing that a published page should tell.
                message = diagnostic.message.replace(above, "") if above else diagnostic.message
                self._errors[diagnostic.file].append(replace(diagnostic, message=message))
        self._last: tuple[str, Origin] | None = None

    def of(self, definition: Filed) -> Origin:
        """Return a definition's origin. Raises OSError when its file is gone since it was read."""
        if self._last is None or self._last[0] != definition.file_path:
            document = self._documents[definition.file_path]
            origin = Origin(highlighting.yaml(document.text), self._errors.get(document.file, ()))
            self._last = definition.file_path, origin
        return self._last[1]


def _folder_above_root(documents: Sequence[Document]) -> str:
    """Return what stands before the root in the paths of messages; empty where nothing does."""
    named = next((document for document in documents if document.file.endswith(document.file_path)), None)
    return named.file.removesuffix(named.file_path) if named else ""
