"""Whether a text is a URI, as RFC 3986 defines it: absolute, and without stray characters."""

from __future__ import annotations

import re

_ESCAPED = "%[0-9A-Fa-f]{2}"
_SEGMENT = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|{_ESCAPED})*"
_USER = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:-]|{_ESCAPED})*@"
_HOST = rf"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|{_ESCAPED})*)"
_AFTER_PATH = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|{_ESCAPED})*"

_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]*:"
    rf"(?://(?:{_USER})?{_HOST}(?::[0-9]*)?(?:/{_SEGMENT})*|/?(?:(?!/){_SEGMENT}(?:/{_SEGMENT})*)?)"
    rf"(?:\?{_AFTER_PATH})?(?:\#{_AFTER_PATH})?"
)


def is_uri(text: str) -> bool:
    """Return whether the whole text is an absolute URI."""
    return _URI.fullmatch(text) is not None
