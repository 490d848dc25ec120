"""The address of each page: stable, safe as a file name everywhere, and never shared by two definitions.

A name (key path, action, group) becomes one path segment that needs no percent-encoding, so the address and the folder
on disk are the same text:

* ``a-z 0-9 _ - .`` stay as they are, which covers nearly every name;
* an upper-case letter gets a ``~`` before it: ``Foo`` and ``foo`` are two folders also where case is ignored;
* every other byte of the UTF-8 text becomes ``~0`` and two hexadecimal digits, among them ``/``, ``%`` and ``~``;
* so do a dot at either end and the dot of a final ``.json`` or ``.html``: no hidden file, no way up, no clash with the
  JSON twin of another page;
* the empty name becomes ``~0``, so that its page is not that of the listing around it;
* a name that would grow too long keeps its beginning, followed by ``~~`` and a digest of the whole.

``~`` followed by a digit other than 0 is never produced: the later pages of a listing live there. Nor is ``~-``, which
stands between the action and the category of an event.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.metric import MetricDefinition

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.event import EventDefinition

MARKER = "metrics-dictionary.json"
"""What made the site and how much is in it. It also tells the next build that the folder is a site, to be replaced."""

MAX_SEGMENT = 200
"""Characters of a segment; with the digest and ``.json`` it stays below the 255 bytes of common file systems."""

_PLAIN = re.compile(r"[a-z0-9_-][a-z0-9_.-]*(?<!\.)(?<!\.json)(?<!\.html)")
_ESCAPED = re.compile(r"[^a-z0-9_.-]|\A\.|\.\Z|\.(?=(?:json|html)\Z)")


def segment(name: str) -> str:
    """Return the path segment of a name; different names never get the same, not even when case is ignored."""
    if len(name) <= MAX_SEGMENT and _PLAIN.fullmatch(name):
        return name
    if not name:
        return "~0"
    encoded = _ESCAPED.sub(_escape, name)
    if len(encoded) <= MAX_SEGMENT:
        return encoded
    return f"{encoded[:MAX_SEGMENT]}~~{hashlib.sha256(_bytes(name)).hexdigest()[:32]}"


def metric_url(key_path: str) -> str:
    """Return a metric's address, relative to the site's root."""
    return f"metrics/{segment(key_path)}/"


@cache
def event_url(action: str) -> str:
    """Return the address of the event that an action means, or of the list of those that share it."""
    return f"events/{segment(action)}/"


def category_url(event: EventDefinition) -> str | None:
    """Return the address that stays an event's whatever other events come; None for one without a category.

    ``~-`` stands between action and category: no name has it in its segment.
    """
    if not event.category and not event.by_category:
        return None
    both = f"{segment(event.action)}~-{segment(event.category)}"
    if len(both) > MAX_SEGMENT:
        digest = hashlib.sha256(_bytes(f"{event.action}\0{event.category}")).hexdigest()[:32]
        both = f"{both[:MAX_SEGMENT]}~~{digest}"
    return f"events/{both}/"


def definition_url(definition: MetricDefinition | EventDefinition) -> str:
    """Return the address of a definition's page, relative to the site's root."""
    if isinstance(definition, MetricDefinition):
        return metric_url(definition.key_path)
    return (category_url(definition) if definition.by_category else None) or event_url(definition.action)


@cache
def group_url(identifier: str) -> str:
    """Return a product group's address, relative to the site's root."""
    return f"groups/{segment(identifier)}/"


@cache
def source_url(data_source: str) -> str:
    """Return the address of the listing of a data source, relative to the site's root."""
    return f"sources/{segment(data_source)}/"


def twin(url: str) -> str:
    """Return the address of a definition page's JSON twin: ``metrics/a.b/`` has ``metrics/a.b.json``."""
    return f"{url.removesuffix('/')}.json"


def list_page_url(url: str, number: int) -> str:
    """Return the address of one page of a list; ``number`` counts from 1, ``url`` is the address of the first."""
    return url if number == 1 else f"{url}~{number}/"


def root_from(url: str) -> str:
    """Return the way from a page, or from another file, to the site's root, without a slash at its end."""
    return "/".join([".."] * url.count("/")) or "."


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if "A" <= character <= "Z":
        return f"~{character}"
    return "".join(f"~0{byte:02x}" for byte in _bytes(character))


def _bytes(text: str) -> bytes:
    # A lone surrogate has no UTF-8 form, yet a name that holds one still needs an address.
    return text.encode("utf-8", "surrogatepass")
