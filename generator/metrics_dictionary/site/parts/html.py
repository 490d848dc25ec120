"""Pieces of HTML that many pages share. What comes from a definition is escaped here or in a template.

These are the pieces that every definition's page or line has: made by a template they cost two to five times as much.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

import markupsafe
from markupsafe import Markup, escape

from metrics_dictionary.site.parts.site_wording import DATA_SOURCES, STATUSES
from metrics_dictionary.site.parts.urls import event_url, group_url, metric_url, source_url

_BREAK = re.compile(r"(?<=[._/:-])(?=\w)")
_CODE = re.compile(r"`([^`]+)`")
_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"'\x00-\x20\x7f]+", re.IGNORECASE)
_MERGE_REQUEST = re.compile(r"/merge_requests/(\d+)/?\Z")
_ISSUE = re.compile(r"/(?:issues|work_items)/(\d+)/?\Z")
_DEEPER = Markup("…")
_NOTHING = Markup('<span class="dd-nothing">none</span>')

MAX_LINKS = 1 << 16
"""Links that are kept for the next page that needs them."""

MAX_DEPTH = 6
"""Levels of nested lists that a page shows; what lies deeper is in the definition's YAML on the same page."""

MAX_ESCAPED = 8192
"""Escaped values that are remembered: names of groups, statuses and events come again and again."""


def fill(html: str, *values: object) -> Markup:
    """Put values in place of each ``%s`` of a piece of our own HTML; those that are not Markup are escaped.

    Does what ``Markup.format`` does, in a fraction of the time: pages are made of dozens of such pieces.
    """
    return _trusted(html % tuple([value if type(value) is Markup else escaped(value) for value in values]))


def joined(pieces: Iterable[Markup], separator: str = "") -> Markup:
    """Join pieces of HTML; unlike ``Markup.join`` it takes it from their type that they are escaped."""
    return _trusted(separator.join(pieces))


def _trusted(html: str) -> Markup:
    """Return HTML of our own as Markup, without the constructor's question whether it already is."""
    return str.__new__(Markup, html)


def escaped(value: object) -> Markup:
    """Return a value escaped, and Markup as it is."""
    if type(value) is Markup:
        return value
    return _escaped_text(value) if type(value) is str else markupsafe.escape(value)


@lru_cache(maxsize=MAX_ESCAPED)
def _escaped_text(text: str) -> Markup:
    return markupsafe.escape(text)


def heading(title: str, anchor: str) -> Markup:
    """Return a section's heading with a link to itself. Templates use it with constants: Jinja2 then runs it once."""
    return fill(
        '<h2 id="%s">%s<a class="headerlink" href="#%s" title="Link to this section">#</a></h2>', anchor, title, anchor
    )


def code_block(text: Markup, language: str) -> Markup:
    """Return a block of code that is marked up already."""
    return fill('<div class="language-%s highlight"><pre><code>%s</code></pre></div>', language, text)


def breakable(name: str) -> Markup:
    """Escape a long name, and let it break after its dots and underscores."""
    return joined(map(escape, _BREAK.split(name)), "<wbr>")


@lru_cache(maxsize=64)
def status_pill(status: str | None) -> Markup:
    """Show a status with its color; one that the format does not know has none."""
    if status in STATUSES:
        return fill('<span class="dd-status dd-status--%s">%s</span>', status, STATUSES[status])
    return fill('<span class="dd-status">%s</span>', status or "No status")


def web_link(address: str) -> Markup:
    """Link to a web address, with a short name where it is a merge request or an issue.

    Anything else, ``javascript:`` among it, is shown as text.
    """
    if not _WEB_ADDRESS.fullmatch(address):
        return escape(address)
    if match := _MERGE_REQUEST.search(address):
        label = f"merge request !{match[1]}"
    elif match := _ISSUE.search(address):
        label = f"issue #{match[1]}"
    else:
        label = address.split("://", 1)[1]
    return fill('<a href="%s" rel="nofollow noopener">%s</a>', address, label)


@lru_cache(maxsize=MAX_LINKS)
def metric_link(root: str, key_path: str) -> Markup:
    """Link to a metric's page by its key path."""
    return fill('<a href="%s/%s"><code>%s</code></a>', root, metric_url(key_path), breakable(key_path))


@lru_cache(maxsize=MAX_LINKS)
def metric_item(root: str, key_path: str) -> Markup:
    """Link to a metric's page as an item of a list."""
    return fill("<li>%s</li>", metric_link(root, key_path))


@lru_cache(maxsize=MAX_LINKS)
def event_link(root: str, action: str) -> Markup:
    """Link to an event's page by its action."""
    return fill('<a href="%s/%s"><code>%s</code></a>', root, event_url(action), breakable(action))


@lru_cache(maxsize=MAX_LINKS)
def group_link(root: str, identifier: str, name: str) -> Markup:
    """Link to a product group's page."""
    return fill('<a href="%s/%s">%s</a>', root, group_url(identifier), name)


@lru_cache(maxsize=MAX_LINKS)
def source_link(root: str, data_source: str) -> Markup:
    """Link to the listing of a data source."""
    return fill('<a href="%s/%s">%s</a>', root, source_url(data_source), DATA_SOURCES.get(data_source, data_source))


def prose(text: str) -> Markup:
    """Escape a text in which names stand between backticks, and show these as code."""
    escaped = escape(text)
    if "`" not in text:
        return escaped
    return Markup(_CODE.sub(r"<code>\1</code>", str(escaped)))  # noqa: S704 - the text is escaped first


def plain_value(value: object, depth: int = 0) -> Markup:
    """Show any value of a definition: scalars as code, lists in a row or below one another, mappings as pairs."""
    if isinstance(value, Mapping) and value:
        return _pairs(value, depth)
    if isinstance(value, list) and value:
        return _items(value, depth)
    if value is None or value in ([], {}):
        return _NOTHING
    if isinstance(value, bool):
        return fill("<code>%s</code>", "true" if value else "false")
    if isinstance(value, str) and _WEB_ADDRESS.fullmatch(value):
        return web_link(value)
    return fill("<code>%s</code>", str(value))


def _pairs(value: Mapping[object, object], depth: int) -> Markup:
    if depth >= MAX_DEPTH:
        return _DEEPER
    items = value.items()
    return _nested(fill("<li><code>%s</code> %s</li>", str(key), plain_value(inner, depth + 1)) for key, inner in items)


def _items(value: list[object], depth: int) -> Markup:
    if not any(isinstance(item, (Mapping, list)) for item in value):
        return joined((plain_value(item) for item in value), " ")
    if depth >= MAX_DEPTH:
        return _DEEPER
    return _nested(fill("<li>%s</li>", plain_value(inner, depth + 1)) for inner in value)


def _nested(items: Iterable[Markup]) -> Markup:
    return fill('<ul class="dd-nested">%s</ul>', joined(items))
