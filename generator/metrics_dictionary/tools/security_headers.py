"""What a browser is told about the site: a Content-Security-Policy (https://www.w3.org/TR/CSP3/) and its companions.

Definitions are untrusted text. Should one ever slip through the templates' escaping, it still can neither run a script
nor load anything from, or send anything to, another origin.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FILE = "headers.json"
"""Where a built site keeps its headers, for whoever serves it: an object, name -> value."""

MAX_FILE = 64 * 1024

UNUSED = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
"""What browsers offer to pages and no page of the site asks for."""

NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}

_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
_DATA = re.compile(r"""\btype=["']?application/""", re.IGNORECASE)
_SOURCE = re.compile(r"\bsrc=", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][A-Za-z-]{0,63}")
_VALUE = re.compile(r"[ -~]{1,16384}")


def inline_scripts(html: str) -> list[str]:
    """Return the sources, such as ``'sha256-...'``, that allow the scripts which stand in a page itself."""
    return [_source(text) for tag, text in _SCRIPT.findall(html) if not (_SOURCE.search(tag) or _DATA.search(tag))]


def inline_styles(html: str) -> list[str]:
    """Return the sources that allow the style sheets which stand in a page itself."""
    return [_source(text) for text in _STYLE.findall(html)]


def security_headers(scripts: Iterable[str] = (), styles: Iterable[str] = ()) -> dict[str, str]:
    """Return the headers of all files of a site; the sources are those of inline scripts and inline style sheets."""
    policy = content_security_policy(scripts, styles)
    return {
        "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
        "Permissions-Policy": ", ".join(f"{name}=()" for name in UNUSED),
        "Referrer-Policy": "same-origin",
    }


def content_security_policy(scripts: Iterable[str] = (), styles: Iterable[str] = (), *, offline: bool = False) -> str:
    """Return the policy, as far as a page can state it itself; an ``offline`` page may open no connection at all."""
    directives = {
        "default-src": "'none'",
        "script-src": " ".join(("'self'", *sorted(set(scripts)))),
        "style-src": " ".join(("'self'", *sorted(set(styles)))),
        # The theme, bars and charts have style attributes. They cannot load anything but images of this origin.
        "style-src-attr": "'unsafe-inline'",
        "img-src": "'self'",
        "connect-src": "'none'" if offline else "'self'",
        "worker-src": "'none'" if offline else "'self'",
        "form-action": "'none'" if offline else "'self'",
        "base-uri": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def read_headers(data: bytes) -> dict[str, str]:
    """Return the headers of a site's file, without those that each response of `serve` has.

    Raises ValueError for what cannot be sent as headers.
    """
    document: object = json.loads(data)
    if not isinstance(document, dict) or not all(map(_is_header, document, document.values())):
        raise ValueError("not an object of names and values of headers")
    return {name: value for name, value in document.items() if name not in NO_SNIFFING}


def headers_text(headers: Mapping[str, str]) -> str:
    """Return the content of a site's file."""
    return json.dumps({**headers, **NO_SNIFFING}, indent=2) + "\n"


def _is_header(name: str, value: object) -> bool:
    return bool(_NAME.fullmatch(name) and isinstance(value, str) and _VALUE.fullmatch(value))


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
