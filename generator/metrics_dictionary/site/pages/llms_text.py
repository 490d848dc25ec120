"""``llms.txt``: where a language model finds what it needs, in the form that https://llmstxt.org asks for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from metrics_dictionary.site.parts.urls import group_url, twin
from metrics_dictionary.site.parts.site_wording import gist

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from metrics_dictionary.site.data.cross_references import CrossReferences

_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
_NO_TEXT = re.compile(r"[\[\]()`<>\\\x00-\x1f\x7f]")


def llms_text(references: CrossReferences, guides: Mapping[str, str]) -> str:
    """Return the file; ``guides`` are path -> Markdown. Addresses are relative to the file."""
    return "\n".join(_lines(references, guides)) + "\n"


def _lines(references: CrossReferences, guides: Mapping[str, str]) -> Iterator[str]:
    dictionary = references.dictionary
    yield "# Metrics Dictionary"
    yield ""
    yield (
        f"> {len(dictionary.expanded):,} metrics of the Service Ping payload and {len(dictionary.events):,} events "
        "behind them: what each counts, who owns it, how its value comes about."
    )
    yield ""
    yield "A metric is known by its key path, its place in the payload; an event by its action. The page of a"
    yield "definition is `metrics/KEY_PATH/` or `events/ACTION/`; with `.json` in place of the last slash it is the"
    yield "same as JSON. The index names the address of every one, also where a name had to be escaped."
    yield ""
    yield "## Data"
    yield ""
    yield _link("Index", "index.json", "every metric, event and product group in brief, with addresses")
    yield _link(
        "All metrics as JSON", "downloads/metric_definitions.json", "whole definitions, one for each time frame"
    )
    yield _link("All metrics as YAML", "downloads/metric_definitions.yml", "the same")
    if dictionary.events:
        yield _link("All events as JSON", "downloads/event_definitions.json", "whole definitions")
    yield _link("Files for programs", "reference/programs.json", "every file there is, and the JSON Schema of each")
    yield _link("Rules", "reference/rules.json", "what definitions are checked for")
    yield _link("Schema of a metric", "schemas/metric.json", "every field of a definition, explained")
    yield _link("Schema of an event", "schemas/event.json", "the same for events")
    yield ""
    yield "## Guides"
    yield ""
    for path, text in guides.items():
        heading = _HEADING.search(text)
        yield _link(heading[1] if heading else path, path, "")
    yield ""
    yield "## Optional"
    yield ""
    for group in map(references.group, references.groups):
        metrics = len(references.metrics_by_group.get(group.identifier, ()))
        events = len(references.events_by_group.get(group.identifier, ()))
        about = f"metrics: {metrics:,}, events: {events:,}"
        yield _link(group.name, twin(group_url(group.identifier)), about)


def _link(title: str, address: str, about: str) -> str:
    # A name comes from whoever defines groups; it may neither end the link nor begin something else.
    shown = _NO_TEXT.sub(" ", gist(title)).strip() or "Unnamed"
    return f"- [{shown}]({address}){': ' if about else ''}{about}"
