"""YAML exactly as Ruby's Psych writes it, so that a Ruby program can read an export and write it back unchanged.

Psych and PyYAML lay text out with the same library, libyaml. What is left for us is what Psych decides before: the
style of each string, and how numbers and null are spelled.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache

import yaml

from metrics_dictionary.tools.json_values import encodable
from metrics_dictionary.tools.psych_string import SINGLE_QUOTED, string_style

# Without libyaml the result is still valid YAML with the same meaning, but folds and quotes some strings differently.
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_MAPPING_START = yaml.MappingStartEvent(None, None, True, flow_style=False)
_MAPPING_END = yaml.MappingEndEvent()
_SEQUENCE_START = yaml.SequenceStartEvent(None, None, True, flow_style=False)
_SEQUENCE_END = yaml.SequenceEndEvent()


def dump(value: object) -> str:
    """Return one YAML document, from ``---`` to a final line break.

    For what JSON can hold, and for keys of any such type, the text equals Ruby's ``value.to_yaml``. Anything else, a
    date for example, is written as its ``str``, quoted so that ``YAML.safe_load`` accepts it. Equal to Psych means its
    flaw too: the text of a day that does not exist (``2023-02-30``) stays plain, which ``safe_load`` then refuses.
    """
    text: str = yaml.emit(_document(value), Dumper=_Dumper, allow_unicode=True)
    return text


def _document(value: object) -> Iterator[yaml.Event]:
    yield yaml.StreamStartEvent()
    yield yaml.DocumentStartEvent(explicit=True)
    yield from _events(value)
    yield yaml.DocumentEndEvent(explicit=False)
    yield yaml.StreamEndEvent()


def _events(value: object) -> Iterator[yaml.Event]:
    if isinstance(value, str):
        yield _string(value)
    elif isinstance(value, Mapping):
        yield _MAPPING_START
        for key, item in value.items():
            yield from _events(key)
            yield from _events(item)
        yield _MAPPING_END
    elif isinstance(value, list | tuple):
        yield _SEQUENCE_START
        for item in value:
            yield from _events(item)
        yield _SEQUENCE_END
    elif value is None or isinstance(value, bool | int | float):
        yield yaml.ScalarEvent(None, None, (True, False), _spelling(value))
    else:
        yield _string(str(value))


@lru_cache(maxsize=4096)
def _string(text: str) -> yaml.ScalarEvent:
    """Return the event of a string. Field names and most values repeat in thousands of definitions."""
    text = encodable(text)
    if text == "<<":
        return yaml.ScalarEvent(None, "tag:yaml.org,2002:str", (False, False), text, style=SINGLE_QUOTED)
    return yaml.ScalarEvent(None, None, (True, True), text, style=string_style(text))


def _spelling(value: int | float | bool | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _float(value) if isinstance(value, float) else str(value)


def _float(value: float) -> str:
    """Spell a float as Ruby does: always with a point, whole numbers from ``1.0e+15`` on with an exponent."""
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    text = repr(value)
    if "e" not in text and value.is_integer() and abs(value) >= 1e15:
        text = f"{Decimal(text).normalize():e}"
    return text if "." in text else text.replace("e", ".0e")
