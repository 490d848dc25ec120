"""Names that must not contradict what they name: key path suffixes, folders, file names; and none may be too long."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import MAX_NAME_LENGTH, mapping
from metrics_dictionary.dictionary.metric import SUFFIXES
from metrics_dictionary.tools.text import shortened
from metrics_dictionary.validation.engine.message_parts import code
from metrics_dictionary.validation.rules.rule import Finding, Place, event_fields, metric_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.reading.document import Document

_PERIODS = {"weekly": "7d", "7d": "7d", "monthly": "28d", "28d": "28d"}
_TIME_FRAMES = {frame: SUFFIXES.get(frame, "") for frame in ("7d", "28d", "all")}
"""What a key path may end in under each time frame."""

_PERIOD = re.compile(r"(?:(?<=_)|(?<=\.)|^)(weekly|7d|monthly|28d)(?=\.|$)")
_ENDING = re.compile(r"_(weekly|7d|monthly|28d)$")

_FOLDERS = {"counts_7d": "7d", "counts_28d": "28d", "counts_all": "all"}
"""The folders that promise a time frame; ``settings`` and ``license`` are by subject."""


def time_frame_suffix(document: Document) -> Iterator[Finding]:
    """Find a key path that speaks of another period than the time frame."""
    fields = metric_fields(document)
    key_path, time_frame = fields.get("key_path"), fields.get("time_frame")
    if time_frame == "none" or not isinstance(key_path, str):
        return
    periods = _PERIOD.findall(key_path)
    if not periods:
        return
    if isinstance(time_frame, list):
        time_frames = [frame for frame in _TIME_FRAMES if frame in time_frame]
        yield from _in_an_array(document, key_path, periods, time_frames)
    elif isinstance(time_frame, str) and time_frame in _TIME_FRAMES:
        yield from _in_one_time_frame(document, key_path, periods, time_frame)


def file_location(document: Document) -> Iterator[Finding]:
    """Find a metric in the folder of another time frame."""
    time_frame = metric_fields(document).get("time_frame")
    if not time_frame:
        return
    folder = next((part for part in reversed(document.file_path.split("/")[:-1]) if part in _FOLDERS), None)
    if folder is None:
        return
    right = _right_folder(time_frame, folder)
    if right is not None and right != folder:
        shown = "an array" if isinstance(time_frame, list) else time_frame
        message = f"the time frame is {shown}, but the file is in `{folder}`; it belongs in `{right}`"
        yield Finding(document, ("time_frame",), message)


def event_file_name(document: Document) -> Iterator[Finding]:
    """Find an event file whose name does not contain the action."""
    action = event_fields(document).get("action")
    if not isinstance(action, str) or not action:
        return
    stem = PurePosixPath(document.file_path).stem
    # Files of 2021 and 2022 put a number and a category before the action.
    if stem != action and f"_{_words(action)}_" not in f"_{_words(stem)}_":
        right = code(f"{action}.yml")
        message = f"the file is named {code(stem)}, but the event is {code(action)}; its file should be {right}"
        yield Finding(document, ("action",), message)


def long_name(document: Document) -> Iterator[Finding]:
    """Find names that are longer than the server takes in a request."""
    for what, field in (("key path", "key_path"), ("action", "action")):
        fields = metric_fields(document) if field == "key_path" else event_fields(document)
        name = fields.get(field)
        if isinstance(name, str) and len(name) > MAX_NAME_LENGTH:
            yield Finding(document, (field,), _too_long(what, name))
    for name in mapping(event_fields(document).get("additional_properties")):
        if len(name) > MAX_NAME_LENGTH:
            yield Finding(document, ("additional_properties", name), _too_long("property", name), at_key=True)


def empty_time_frame(document: Document) -> Iterator[Finding]:
    """Find an empty array of time frames: the definition expands to no metric at all."""
    if metric_fields(document).get("time_frame") == []:
        yield Finding(document, ("time_frame",), "the array of time frames is empty, so the definition makes no metric")


def _in_an_array(document: Document, key_path: str, periods: list[str], time_frames: list[str]) -> Iterator[Finding]:
    ending = _ENDING.search(key_path)
    suffix = next((_TIME_FRAMES[frame] for frame in time_frames if _TIME_FRAMES[frame]), None)
    if ending and suffix:
        message = f"the key path ends in `{ending[0]}`, and the array of time frames adds `{suffix}` to that"
        yield _suffix_finding(document, message, key_path[: ending.start()])
        return
    contradicted = next((frame for frame in time_frames if frame != _PERIODS[periods[-1]]), None)
    if contradicted is not None:
        yield _suffix_finding(
            document, f"the key path says `{periods[-1]}`, but one of the time frames is {contradicted}", None
        )


def _in_one_time_frame(document: Document, key_path: str, periods: list[str], time_frame: str) -> Iterator[Finding]:
    contradicting = next((period for period in reversed(periods) if _PERIODS[period] != time_frame), None)
    if contradicting is None:
        return
    ending = _ENDING.search(key_path)
    right = key_path[: ending.start()] + _TIME_FRAMES[time_frame] if ending and len(periods) == 1 else None
    yield _suffix_finding(document, f"the key path says `{contradicting}`, but the time frame is {time_frame}", right)


def _suffix_finding(document: Document, message: str, suggestion: str | None) -> Finding:
    related = (Place(document, ("time_frame",), "the time frame"),)
    return Finding(document, ("key_path",), message, suggestion=suggestion, related=related)


def _right_folder(time_frame: object, folder: str) -> str | None:
    """Return the folder for a time frame, or None where no folder is wrong."""
    if time_frame == [_FOLDERS[folder]]:
        return folder
    if time_frame in ("7d", "28d"):
        return f"counts_{time_frame}"
    if isinstance(time_frame, list) or time_frame == "all":
        return "counts_all"
    return "settings" if time_frame == "none" and folder != "counts_all" else None


def _too_long(what: str, name: str) -> str:
    return f"the {what} {code(shortened(name, 60))} has {len(name):,} characters; at most {MAX_NAME_LENGTH} are allowed"


def _words(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower())
