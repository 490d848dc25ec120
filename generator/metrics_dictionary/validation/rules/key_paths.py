"""Key paths: well formed, in plain letters, claimed once, and none the parent of another's value."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from metrics_dictionary.validation.engine.message_parts import code
from metrics_dictionary.validation.rules.context import key_paths_of
from metrics_dictionary.validation.rules.rule import Finding, Place, metric_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.reading.document import Document
    from metrics_dictionary.validation.rules.context import RuleContext

_KEY_PATH = re.compile(r"[\w-]+(?:\.[\w-]+)*")
_UNUSUAL = re.compile(r"[^a-z0-9_.-]")


def malformed_key_path(document: Document) -> Iterator[Finding]:
    """Find a key path that names no place in the payload."""
    key_path = metric_fields(document).get("key_path")
    if not isinstance(key_path, str) or _KEY_PATH.fullmatch(key_path):
        return
    if not key_path:
        problem = "the key path is empty"
    elif "" in key_path.split("."):
        problem = f"the key path {code(key_path)} has an empty level"
    else:
        problem = f"the key path {code(key_path)} has a character that is not a letter, a digit, `_` or `-`"
    yield Finding(document, ("key_path",), problem)


def key_path_letters(context: RuleContext) -> Iterator[Finding]:
    """Find key paths with other letters than a to z, and say so where one differs from another only in case.

    Removed metrics are in no payload, and their key paths stay what old payloads say.
    """
    unusual = [metric for metric in context.live_metrics if _UNUSUAL.search(metric.key_path)]
    if not unusual:
        return
    alike: dict[str, list[tuple[str, MetricDefinition]]] = {}
    for key_path, metric in context.key_paths:
        if not metric.removed:
            alike.setdefault(key_path.lower(), []).append((key_path, metric))
    for metric in unusual:
        if _KEY_PATH.fullmatch(metric.key_path):
            yield _letters_finding(context, metric, alike)


def duplicate_key_path(context: RuleContext) -> Iterator[Finding]:
    """Find key paths that a definition of an earlier file has already; one finding for each pair of files."""
    first: dict[str, MetricDefinition] = {}
    repeated: dict[tuple[str, str], tuple[MetricDefinition, MetricDefinition, list[str]]] = {}
    for key_path, metric in context.key_paths:
        owner = first.setdefault(key_path, metric)
        if owner is not metric:
            pair = (owner.file_path, metric.file_path)
            repeated.setdefault(pair, (owner, metric, []))[2].append(key_path)
    for owner, metric, key_paths in repeated.values():
        other = Place(context.document_of(owner), ("key_path",), "first defined here")
        yield Finding(
            context.document_of(metric),
            ("key_path",),
            f"{_listed(key_paths)} is already defined at {other.location}",
            related=(other,),
        )


def key_path_conflict(context: RuleContext) -> Iterator[Finding]:
    """Find key paths that need an object where another metric's value stands; one finding for each pair of files.

    Removed metrics are in no payload, so they are in nobody's way.
    """
    owners = {key_path: metric for key_path, metric in reversed(context.key_paths) if not metric.removed}
    lengths = {len(key_path) for key_path in owners}
    conflicts: dict[tuple[str, str], tuple[str, str]] = {}
    for key_path, metric in owners.items():
        parent = _parent(key_path, owners, lengths)
        if parent is not None:
            conflicts.setdefault((owners[parent].file_path, metric.file_path), (parent, key_path))
    for parent, key_path in conflicts.values():
        document = context.document_of(owners[key_path])
        other = Place(context.document_of(owners[parent]), ("key_path",), f"{code(parent)} holds a value")
        yield Finding(
            document,
            ("key_path",),
            f"{code(key_path)} lies below {code(parent)}, which holds the value of the metric at {other.location}",
            related=(other,),
        )


def _letters_finding(
    context: RuleContext, metric: MetricDefinition, alike: dict[str, list[tuple[str, MetricDefinition]]]
) -> Finding:
    document = context.document_of(metric)
    own = key_paths_of(metric)
    for key_path in own:
        for name, owner in alike[key_path.lower()]:
            # Of two with a capital the later file is told.
            if name not in own and (not _UNUSUAL.search(name) or owner.file_path < metric.file_path):
                other = Place(context.document_of(owner), ("key_path",), f"{code(name)} is defined here")
                message = f"{code(key_path)} differs only in case from {code(name)} at {other.location}"
                return Finding(document, ("key_path",), message, related=(other,))
    character = _UNUSUAL.findall(metric.key_path)[0]
    if character.isascii():
        what = f"the capital letter `{character}`"
    else:
        name = unicodedata.name(character, f"U+{ord(character):04X}")
        what = f"`{character}` ({name}), which is not one of the letters a to z"
    return Finding(document, ("key_path",), f"the key path `{metric.key_path}` contains {what}")


def _parent(key_path: str, owners: dict[str, MetricDefinition], lengths: set[int]) -> str | None:
    # Comparing lengths first keeps a key path of a million dots from being copied a million times.
    end = key_path.rfind(".")
    while end > 0:
        if end in lengths and key_path[:end] in owners:
            return key_path[:end]
        end = key_path.rfind(".", 0, end)
    return None


def _listed(key_paths: list[str]) -> str:
    names = [code(key_path) for key_path in key_paths]
    return f"the key path {names[0]}" if len(names) == 1 else f"each of the key paths {', '.join(names)}"
