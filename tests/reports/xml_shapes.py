"""What the schemas of the XML reports allow, in tables: of the elements that we write, and of no others."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import NamedTuple


class Shape(NamedTuple):
    """Attributes that an element must and may have, each with a pattern; which elements it may hold."""

    required: dict[str, str]
    optional: dict[str, str]
    children: tuple[str, ...] = ()
    text: bool = False


_ANY = r"(?s).*"
_NUMBER = r"\d+"

JUNIT = {
    "testsuites": Shape({}, {"name": _ANY, "tests": _NUMBER, "failures": _NUMBER, "errors": _NUMBER}, ("testsuite",)),
    "testsuite": Shape(
        {"name": _ANY, "tests": _NUMBER, "failures": _NUMBER, "errors": _NUMBER}, {"skipped": _NUMBER}, ("testcase",)
    ),
    "testcase": Shape({"name": _ANY}, {"classname": _ANY, "time": r"[\d.]+"}, ("failure", "system-out")),
    "failure": Shape({}, {"type": _ANY, "message": _ANY}, text=True),
    "system-out": Shape({}, {}, text=True),
}
"""After the schema of Jenkins' xUnit plug-in, its version 10."""

CHECKSTYLE = {
    "checkstyle": Shape({}, {"version": r"[\d.]+"}, ("file",)),
    "file": Shape({"name": r"(?s).+"}, {}, ("error",)),
    "error": Shape(
        {"line": _NUMBER, "severity": "ignore|info|warning|error", "message": _ANY, "source": r"\S+"},
        {"column": _NUMBER},
    ),
}


def shaped(text: str, root: str, shapes: dict[str, Shape]) -> ET.Element:
    """Parse a document and hold every element against its shape."""
    document = ET.fromstring(text.encode())
    assert document.tag == root
    for element in document.iter():
        shape = shapes[element.tag]
        allowed = {**shape.required, **shape.optional}
        assert set(shape.required) <= set(element.attrib) <= set(allowed), element.attrib
        for name, value in element.attrib.items():
            assert re.fullmatch(allowed[name], value), (name, value)
        assert {child.tag for child in element} <= set(shape.children)
        assert shape.text or not (element.text or "").strip()
    return document
