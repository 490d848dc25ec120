"""Addresses of servers and files: one function reads each kind, one shows them, and none shows a name or password."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from metrics_dictionary.tools.errors import OperationalError

SQLITE = "sqlite:///"

_SENDABLE = re.compile("[!-~]+")


def scheme_of(address: str) -> str:
    """Return what stands before ``://``, in lower case; nothing where there is none."""
    return address.partition("://")[0].lower() if "://" in address else ""


def is_web_address(text: str) -> bool:
    """Return whether a text means an http or https address, as opposed to a file; it need not be a sound one."""
    return scheme_of(text) in ("http", "https")


def web_address(text: str) -> SplitResult | None:
    """Return the parts of an http or https address to which a request can be sent, or None for any other text."""
    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if sound and _SENDABLE.fullmatch(text) else None


def shown_address(address: str) -> str:
    """Return an address as messages show it: scheme, host, port and path, without a name, a password or parameters."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return f"{scheme_of(address)}://…"
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"


def sqlite_path(address: str) -> Path:
    """Return the file that ``sqlite:///relative/path`` or ``sqlite:////absolute/path`` names; ``%3F`` is a ``?`` in it.

    Raises OperationalError for an address that names no file, or has parameters.
    """
    path = unquote(address.removeprefix(SQLITE))
    if not path or "?" in address or "#" in address or "\0" in path or path == ":memory:":
        raise OperationalError(
            f"{address!r} names no file: write sqlite:///relative/path or sqlite:////absolute/path, without parameters"
        )
    return Path(path)
