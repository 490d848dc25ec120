"""What changed, for feed readers and programs: Atom and JSON Feed, of everything and of each product group.

Addresses in a feed are relative to the feed itself, unless the site is told its own: it works under any. An entry's id
follows from the commit and the definition, so the same change has the same id in every feed and every build.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.changes.history.change import ChangeType
from metrics_dictionary.dictionary.milestones import in_milestone
from metrics_dictionary.site.data.cross_references import owner
from metrics_dictionary.site.parts.history_items import LABELS, abridged, value_text
from metrics_dictionary.site.parts.page import File
from metrics_dictionary.site.parts.urls import root_from, segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from metrics_dictionary.changes.history.change import Change
    from metrics_dictionary.site.data.changes import AnyDefinition, ChangeLog
    from metrics_dictionary.site.data.site_data import SiteData

MAX_ENTRIES = 100
"""Entries of a feed."""

MAX_VALUE_LENGTH = 400

_NAMESPACE = uuid.UUID("6c0f7f3e-7a55-5d0b-9d2c-1f5d3a9b7e10")
_NO_XML = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Entry(NamedTuple):
    """``url`` is relative to the site's root; None for a definition that has no page any more.

    ``when`` is None for what only a milestone tells.
    """

    id: str
    title: str
    text: str
    url: str | None
    when: str | None
    change: dict[str, object]


class Feed(NamedTuple):
    """What is told in two formats."""

    title: str
    entries: list[Entry]


def feeds(site: SiteData) -> Iterator[File]:
    """Yield each feed."""
    log = site.changes
    everything = [_entry(change, log) for change in log.changes[:MAX_ENTRIES]] or _from_milestones(log)
    yield from _both(site, "changes/feed.json", "changes/atom.xml", Feed("What changed", everything))
    changes = _by_group(log.changes)
    for group in site.references.groups:
        base = f"changes/groups/{segment(group)}"
        entries = [_entry(change, log) for change in changes.get(group, ())]
        title = f"What changed: {site.references.group(group).name}"
        yield from _both(site, f"{base}.json", f"{base}.xml", Feed(title, entries))


def _by_group(changes: Sequence[Change]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        members = found.setdefault(owner(change), [])
        if len(members) < MAX_ENTRIES:
            members.append(change)
    return found


def _entry(change: Change, log: ChangeLog) -> Entry:
    fields = [(one.field, _value(one.before), _value(one.after)) for one in change.fields]
    about = f": {', '.join(name for name, _, _ in fields)}" if fields else ""
    commit = change.commit
    return Entry(
        id=_urn(commit.id, change.kind, change.file_path, change.name),
        title=_clean(f"{LABELS[change.type]} {change.name}{about}"),
        text=_clean("\n".join([*(_line(*field) for field in fields), commit.subject])),
        url=log.urls.get(change.file_path),
        when=_written(commit.when),
        change={
            "kind": change.kind.value,
            "name": _clean(change.name),
            "what": change.type.value,
            "product_group": _clean(change.product_group or "") or None,
            "milestone": commit.milestone,
            "commit": commit.id,
            "fields": [{"field": _clean(name), "before": before, "after": after} for name, before, after in fields],
        },
    )


def _value(value: object) -> str | None:
    text = abridged(value_text(value), MAX_VALUE_LENGTH)
    return None if text is None else _clean(text)


def _line(name: str, before: str | None, after: str | None) -> str:
    return f"{name}: {before or 'nothing'} → {after or 'nothing'}"


def _from_milestones(log: ChangeLog) -> list[Entry]:
    """Return entries without a date, for a tree without a history."""
    entries: list[Entry] = []
    for one in log.milestones:
        for what, members in ((ChangeType.ADDED, one.added), (ChangeType.REMOVED, one.removed)):
            entries += [_of_milestone(one.name, what, definition, log) for definition in members[:MAX_ENTRIES]]
        if len(entries) >= MAX_ENTRIES:
            break
    return entries[:MAX_ENTRIES]


def _of_milestone(name: str, what: ChangeType, definition: AnyDefinition, log: ChangeLog) -> Entry:
    return Entry(
        id=_urn(name, what, definition.file_path, definition.name),
        title=_clean(f"{LABELS[what]} {definition.name} {in_milestone(name)}"),
        text=_clean(definition.description),
        url=log.urls.get(definition.file_path),
        when=None,
        change={"name": _clean(definition.name), "what": what.value, "milestone": name},
    )


def _both(site: SiteData, json_path: str, atom_path: str, feed: Feed) -> Iterator[File]:
    root = site.site_url.removesuffix("/") if site.site_url else root_from(json_path)
    for path, write in ((json_path, _json_feed), (atom_path, _atom_feed)):
        own = f"{root}/{path}" if site.site_url else path.rpartition("/")[2]
        yield File(path, write(site, feed, root, own))


def _json_feed(_site: SiteData, feed: Feed, root: str, own: str) -> bytes:
    items = []
    for entry in feed.entries:
        item: dict[str, object] = {"id": entry.id, "title": entry.title, "content_text": entry.text or entry.title}
        if entry.url:
            item["url"] = f"{root}/{entry.url}"
        if entry.when:
            item["date_published"] = entry.when
        items.append(item | {"tags": [entry.change["what"]], "_change": entry.change})
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _clean(feed.title),
        "home_page_url": f"{root}/changes/",
        "feed_url": own,
        "items": items,
    }
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def _atom_feed(site: SiteData, feed: Feed, root: str, own: str) -> bytes:
    dated = [entry for entry in feed.entries if entry.when]
    document = site.render(
        "feed.xml",
        title=_clean(feed.title),
        id=_urn("feed", feed.title),
        updated=max((entry.when or "" for entry in dated), default=_written(site.as_of)),
        root=root,
        own=own,
        entries=dated,
    )
    return f"{document}\n".encode()


def _written(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def _urn(*parts: str) -> str:
    name = "\0".join(parts).encode("utf-8", "replace").decode()
    return uuid.uuid5(_NAMESPACE, name).urn


def _clean(text: str) -> str:
    """Replace what XML cannot carry, and JSON only as half a character."""
    return _NO_XML.sub("\ufffd", text)
