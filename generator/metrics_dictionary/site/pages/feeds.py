"""What changed, for feed readers and programs: Atom and JSON Feed, of everything and of each product group.

Addresses in a feed are relative to the feed itself, unless the site is told its own: it works under any. An entry's id
follows from the commit and the definition, so the same change has the same id in every feed and every build.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.changes.history.change import ChangeType
from metrics_dictionary.site.parts.before_after import shortened, value_text
from metrics_dictionary.site.data.cross_references import NO_GROUP
from metrics_dictionary.site.parts.html import fill, joined
from metrics_dictionary.site.parts.urls import segment
from metrics_dictionary.site.parts.site_wording import milestone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup

    from metrics_dictionary.changes.history.change import Change
    from metrics_dictionary.site.data.changes import ChangeLog, Definition
    from metrics_dictionary.site.data.cross_references import CrossReferences

LONGEST = 100
"""Entries of a feed."""

LONGEST_VALUE = 400

NO_DATE = "1970-01-01T00:00:00Z"
"""When a feed without a dated entry was updated: a feed has to say, and a build has no date of its own."""

_NAMESPACE = uuid.UUID("6c0f7f3e-7a55-5d0b-9d2c-1f5d3a9b7e10")
_NO_XML = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LABELS = {ChangeType.ADDED: "Added", ChangeType.CHANGED: "Changed", ChangeType.REMOVED: "Removed"}


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


def feeds(log: ChangeLog, references: CrossReferences, site_url: str | None = None) -> Iterator[tuple[str, bytes]]:
    """Yield each feed's path, relative to the site's root, and its content.

    ``site_url`` is where the site is going to be, with a slash at the end; None when nobody said.
    """
    everything = [_entry(change, log) for change in log.changes[:LONGEST]] or _from_milestones(log)
    yield from _both("changes/feed.json", "changes/atom.xml", "What changed", everything, site_url)
    changes = _by_group(log.changes)
    for group in references.groups:
        base = f"changes/groups/{segment(group)}"
        entries = [_entry(change, log) for change in changes.get(group, ())]
        title = f"What changed: {references.group(group).name}"
        yield from _both(f"{base}.json", f"{base}.xml", title, entries, site_url)


def _by_group(changes: Sequence[Change]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        members = found.setdefault(change.product_group or NO_GROUP, [])
        if len(members) < LONGEST:
            members.append(change)
    return found


def _entry(change: Change, log: ChangeLog) -> Entry:
    fields = [(one.field, _value(one.before), _value(one.after)) for one in change.fields]
    about = f": {', '.join(name for name, _, _ in fields)}" if fields else ""
    commit = change.commit
    return Entry(
        id=_urn(commit.id, change.kind, change.file_path, change.name),
        title=_clean(f"{_LABELS[change.type]} {change.name}{about}"),
        text=_clean("\n".join([*(_line(*field) for field in fields), commit.subject])),
        url=log.urls.get(change.file_path),
        when=f"{commit.when:%Y-%m-%dT%H:%M:%SZ}",
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
    text = shortened(value_text(value), LONGEST_VALUE)
    return None if text is None else _clean(text)


def _line(name: str, before: str | None, after: str | None) -> str:
    return f"{name}: {before or 'nothing'} → {after or 'nothing'}"


def _from_milestones(log: ChangeLog) -> list[Entry]:
    """Return entries without a date, for a tree without a history."""
    entries: list[Entry] = []
    for one in log.milestones:
        for what, members in ((ChangeType.ADDED, one.added), (ChangeType.REMOVED, one.removed)):
            entries += [_of_milestone(one.name, what, definition, log) for definition in members[:LONGEST]]
        if len(entries) >= LONGEST:
            break
    return entries[:LONGEST]


def _of_milestone(name: str, what: ChangeType, definition: Definition, log: ChangeLog) -> Entry:
    title = definition.key_path if isinstance(definition, MetricDefinition) else definition.action
    return Entry(
        id=_urn(name, what, definition.file_path, title),
        title=_clean(f"{_LABELS[what]} {title} in {milestone(name)}"),
        text=_clean(definition.description),
        url=log.urls.get(definition.file_path),
        when=None,
        change={"name": _clean(title), "what": what.value, "milestone": name},
    )


def _both(
    json_path: str, atom_path: str, title: str, entries: list[Entry], site_url: str | None
) -> Iterator[tuple[str, bytes]]:
    root = site_url.removesuffix("/") if site_url else "/".join([".."] * json_path.count("/"))
    for path, feed in ((json_path, _json_feed), (atom_path, _atom_feed)):
        own = f"{root}/{path}" if site_url else path.rpartition("/")[2]
        yield path, feed(title, root, own, entries)


def _json_feed(title: str, root: str, own: str, entries: list[Entry]) -> bytes:
    items = []
    for entry in entries:
        item: dict[str, object] = {"id": entry.id, "title": entry.title, "content_text": entry.text or entry.title}
        if entry.url:
            item["url"] = f"{root}/{entry.url}"
        if entry.when:
            item["date_published"] = entry.when
        items.append(item | {"tags": [entry.change["what"]], "_change": entry.change})
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _clean(title),
        "home_page_url": f"{root}/changes/",
        "feed_url": own,
        "items": items,
    }
    return (json.dumps(feed, indent=1, ensure_ascii=False) + "\n").encode()


def _atom_feed(title: str, root: str, own: str, entries: list[Entry]) -> bytes:
    dated = [entry for entry in entries if entry.when]
    head = fill(
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        "<title>%s</title>\n<id>%s</id>\n<updated>%s</updated>\n<author><name>Metrics Dictionary</name></author>\n"
        '<link href="%s/changes/"/>\n<link rel="self" href="%s"/>\n',
        _clean(title),
        _urn("feed", title),
        max((entry.when or "" for entry in dated), default=NO_DATE),
        root,
        own,
    )
    return f"{head}{joined(_atom_entry(entry, root) for entry in dated)}</feed>\n".encode()


def _atom_entry(entry: Entry, root: str) -> Markup:
    link = fill('<link href="%s/%s"/>', root, entry.url) if entry.url else ""
    return fill(
        "<entry><title>%s</title><id>%s</id><updated>%s</updated>%s<content>%s</content></entry>\n",
        entry.title,
        entry.id,
        entry.when,
        link,
        entry.text,
    )


def _urn(*parts: str) -> str:
    name = "\0".join(parts).encode("utf-8", "replace").decode()
    return uuid.uuid5(_NAMESPACE, name).urn


def _clean(text: str) -> str:
    """Replace what XML cannot carry, and JSON only as half a character."""
    return _NO_XML.sub("\ufffd", text)
