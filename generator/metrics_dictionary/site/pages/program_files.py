"""The site's files for programs: a JSON document beside every page, and the index of all of them.

Addresses inside a document are relative to the document, as in a page: the site works under any address. Only ASCII is
written, so half a surrogate pair in a definition stays the escape that it was.
"""

from __future__ import annotations

import json
import re
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

import metrics_dictionary
from metrics_dictionary.site.pages.reference import RULES_URL
from metrics_dictionary.site.parts.page import File, Page
from metrics_dictionary.site.parts.site_wording import summary
from metrics_dictionary.site.parts.urls import definition_url, event_url, group_url, metric_url, source_url, twin
from metrics_dictionary.tools.files import resource
from metrics_dictionary.tools.security_headers import FILE
from metrics_dictionary.validation.rules.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.site.data.cross_references import CrossReferences
    from metrics_dictionary.site.data.site_data import SiteData

URL = "reference/programs/"
INDEX = "index.json"
MAX_SUMMARY = 240

_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
_UNSAFE_IN_LINK = re.compile(r"[\[\]()`<>\\\x00-\x1f\x7f]")
_LINK_OUT_OF_THE_GUIDES = re.compile(r"(?<=\]\()(\.\./[^)#\s]+)\.md(?=[#)])")


class ProgramFile(NamedTuple):
    """A kind of file. ``path`` has a word in capitals where each definition, group ... has a file of its own.

    ``schema`` is the name of the JSON Schema in ``schemas/`` that describes it, empty for what is not JSON.
    """

    path: str
    about: str
    schema: str = ""


FILES = (
    ProgramFile(INDEX, "Every metric, event and product group in brief, with the addresses of the rest.", "twin-list"),
    ProgramFile(
        "metrics/KEY_PATH.json", "A metric: its definition's fields in the author's order, and its file.", "twin-metric"
    ),
    ProgramFile(
        "events/ACTION.json", "An event: the same, and the key paths of the metrics that it feeds.", "twin-event"
    ),
    ProgramFile("groups/GROUP.json", "A product group, with its metrics and events in brief.", "twin-list"),
    ProgramFile("sources/SOURCE.json", "The metrics of a data source in brief.", "twin-list"),
    ProgramFile("metrics.json", "The metrics of the index alone.", "twin-list"),
    ProgramFile("events.json", "The events of the index alone.", "twin-list"),
    ProgramFile("groups.json", "The product groups of the index alone.", "twin-list"),
    ProgramFile(
        "downloads/FILE", "All definitions in one file: YAML, JSON and CSV. The downloads page describes them."
    ),
    ProgramFile(
        "metrics-dictionary.json",
        "What made the site, how much is in it, and the digest of each download: it changes when a definition does.",
        "twin-site",
    ),
    ProgramFile(
        "health.json", "How the definitions are: what the health pages show, with every definition.", "twin-health"
    ),
    ProgramFile("changes/feed.json", "The newest changes of definitions, as a JSON Feed (jsonfeed.org, version 1.1)."),
    ProgramFile("changes/atom.xml", "The same as an Atom feed."),
    ProgramFile("changes/groups/GROUP.json", "The newest changes of a product group's definitions, as a JSON Feed."),
    ProgramFile("changes/groups/GROUP.xml", "The same as an Atom feed."),
    ProgramFile("reference/rules.json", "The rules that definitions are checked against.", "twin-rules"),
    ProgramFile("reference/programs.json", "This list.", "twin-programs"),
    ProgramFile(
        "schemas/SCHEMA.json", "JSON Schemas: of the definitions (metric, event) and of these files (twin-...)."
    ),
    ProgramFile("guides/GUIDE.md", "A guide as Markdown."),
    ProgramFile("llms.txt", "What is where, for language models and the people who write for them."),
    ProgramFile(FILE, "Headers that a web server is to send with every file, a Content-Security-Policy among them."),
    ProgramFile("prometheus-alerts.yml", "Alert rules for Prometheus, about servers of the usage-data API."),
    ProgramFile("robots.txt", "Lets everybody read everything, and names the site map if there is one."),
    ProgramFile(
        "sitemap.xml", "Every page. Only of a site that was built with --site-url: it has to hold whole addresses."
    ),
)
"""What there is for programs, besides the pages; the documentation page and its twin list it."""


def program_files(site: SiteData) -> Iterator[Page | File]:
    """Yield each file, but for the twins of single definitions, and the page that documents them."""
    content = site.render("programs.html", root="../..", files=FILES)
    yield Page(URL, "For programs", content, section="reference/fields/", twin=twin(URL))
    for path, text in (
        *_Lists(site.references).documents(),
        (twin(RULES_URL), _rules()),
        (twin(URL), _text({"$schema": "../schemas/twin-programs.json", "files": [_given(file) for file in FILES]})),
        *guides().items(),
        ("llms.txt", _llms_text(site)),
        ("robots.txt", site.render("robots.txt", site_url=site.site_url)),
    ):
        yield File(path, text.encode("utf-8", "replace"))


class _Lists:
    """The documents that list definitions. An entry's JSON is made once, all but its addresses."""

    def __init__(self, references: CrossReferences) -> None:
        self._references = references
        self._metrics = references.dictionary.expanded.values()
        self._events = references.dictionary.events
        self._lines: dict[str, str] = {}

    def documents(self) -> Iterator[tuple[str, str]]:
        groups = [self._group(identifier, "") for identifier in self._references.groups]
        about = {"title": "Metrics Dictionary", "generator": f"metrics-dictionary {metrics_dictionary.__version__}"}
        group_lines = [_compact(group) for group in groups]
        metric_lines, event_lines = self._metric_lines(self._metrics, ""), self._event_lines(self._events, "")
        yield INDEX, _list(about, "", metrics=metric_lines, events=event_lines, groups=group_lines)
        yield "metrics.json", _list({}, "", metrics=metric_lines)
        yield "events.json", _list({}, "", events=event_lines)
        yield "groups.json", _list({}, "", groups=group_lines)
        for identifier in self._references.groups:
            metrics = self._metric_lines(self._references.metrics_by_group.get(identifier, ()), "../")
            events = self._event_lines(self._references.events_by_group.get(identifier, ()), "../")
            head: dict[str, object] = {"group": self._group(identifier, "../")}
            yield twin(group_url(identifier)), _list(head, "../", metrics=metrics, events=events)
        for action, shared in self._references.dictionary.events_by_action.items():
            if shared[0].by_category:
                yield twin(event_url(action)), _list({"action": action}, "../", events=self._event_lines(shared, "../"))
        for source, members in self._references.metrics_by_source.items():
            lines = self._metric_lines(members, "../")
            yield twin(source_url(source)), _list({"data_source": source}, "../", metrics=lines)

    def _metric_lines(self, metrics: Iterable[MetricDefinition], root: str) -> list[str]:
        return [self._line(metric_url(metric.key_path), root, partial(_metric, metric)) for metric in metrics]

    def _event_lines(self, events: Iterable[EventDefinition], root: str) -> list[str]:
        return [self._line(definition_url(event), root, partial(_event, event)) for event in events]

    def _line(self, url: str, root: str, brief: Callable[[], dict[str, object]]) -> str:
        line = self._lines.get(url)
        if line is None:
            line = self._lines[url] = _compact(_without_nothing(brief())).removesuffix("}")
        # An address is made of characters that JSON leaves alone.
        return f'{line},"page":"{root}{url}","document":"{root}{twin(url)}"}}'

    def _group(self, identifier: str, root: str) -> dict[str, object]:
        group = self._references.group(identifier)
        return _without_nothing(
            {
                "identifier": identifier,
                "name": group.name,
                "stage": group.stage,
                "description": group.description,
                "contact": group.contact,
                "metric_count": len(self._references.metrics_by_group.get(identifier, ())),
                "event_count": len(self._references.events_by_group.get(identifier, ())),
                **_addresses(group_url(identifier), root),
            }
        )


def _metric(metric: MetricDefinition) -> dict[str, object]:
    return {
        "key_path": metric.key_path,
        "summary": summary(metric.description, MAX_SUMMARY),
        "status": metric.status,
        "product_group": metric.product_group,
        "data_source": metric.data_source,
        "data_category": metric.data_category,
        "value_type": metric.value_type,
        "time_frame": metric.time_frames[0] if metric.time_frames else None,
        "milestone": metric.milestone,
    }


def _event(event: EventDefinition) -> dict[str, object]:
    return {
        "action": event.action,
        "category": event.category if event.by_category else None,
        "summary": summary(event.description, MAX_SUMMARY),
        "status": event.status,
        "product_group": event.product_group,
        "identifiers": list(event.identifiers),
        "milestone": event.milestone,
    }


def _addresses(url: str, root: str) -> dict[str, str]:
    return {"page": f"{root}{url}", "document": f"{root}{twin(url)}"}


def _without_nothing(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _list(head: Mapping[str, object], root: str, **lists: list[str]) -> str:
    """Return a document with one entry a line: compact, and still something that a comparison of lines can read."""
    fields = {"$schema": f"{root}schemas/twin-list.json", **head}
    parts = [f"{_compact(name)}:{_compact(value)}" for name, value in fields.items()]
    parts += [f'"{name}":[' + ",".join(f"\n{line}" for line in lines) + "]" for name, lines in lists.items()]
    return "{" + ",\n".join(parts) + "}\n"


def _rules() -> str:
    rules = [
        {"id": name, "severity": rule.severity.value, "summary": f"Finds {rule.summary}.", "help": rule.help}
        for name, rule in RULES.items()
    ]
    return _text({"$schema": "../schemas/twin-rules.json", "rules": rules})


def _given(file: ProgramFile) -> dict[str, str]:
    return {name: value for name, value in file._asdict().items() if value}


@cache
def guides() -> Mapping[str, str]:
    """Return path -> Markdown of each guide; links to other pages of the site lead to these pages."""
    files = sorted((resource("site_src") / "guides").glob("*.md"))
    return {
        f"guides/{file.name}": _LINK_OUT_OF_THE_GUIDES.sub(r"\1/", file.read_text(encoding="utf-8")) for file in files
    }


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _text(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"


def _llms_text(site: SiteData) -> str:
    """Return where a language model finds what it needs, in the form that https://llmstxt.org asks for."""
    references = site.references
    groups = [
        {
            "title": _link_text(references.group(identifier).name),
            "url": twin(group_url(identifier)),
            "metrics": len(references.metrics_by_group.get(identifier, ())),
            "events": len(references.events_by_group.get(identifier, ())),
        }
        for identifier in references.groups
    ]
    headings = ((_HEADING.search(text), path) for path, text in guides().items())
    return site.render(
        "llms.txt",
        metrics=len(site.dictionary.expanded),
        events=len(site.dictionary.events),
        guides=[(_link_text(heading[1] if heading else path), path) for heading, path in headings],
        groups=groups,
    )


def _link_text(title: str) -> str:
    # A name comes from whoever defines groups; it may neither end the link nor begin something else.
    return _UNSAFE_IN_LINK.sub(" ", summary(title)).strip() or "Unnamed"
