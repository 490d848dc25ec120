"""Addresses of servers and files: `read_address` reads each kind, and what it gives shows no name and no password."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from metrics_dictionary.tools.errors import OperationalError

SQLITE = "sqlite:///"

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_WEB = re.compile(r"https?:", re.IGNORECASE)
_AUTHORITY_END = re.compile(r"[/?#]")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SENDABLE = re.compile(r"[!-~]+")
_CREDENTIALS = re.compile(r"(?<=//)[^\s\"'<>]*@|(?<![^\s\"'<>])[^\s\"'<>/]+:[^\s\"'<>]*@")
_MAY_BE_SECRET = re.compile(r"(//|:).*@|[?#].*=", re.DOTALL)

_ENCODING = "write / # ? @ % in a name or a password as %2F %23 %3F %40 %25, and an @ elsewhere as %40"
ADDRESS = "the address"


@dataclass(frozen=True, slots=True)
class Address:
    """An address, taken apart. ``url`` is the whole of it without name and password, ``shown`` what messages call it.

    ``name`` and ``password`` are decoded; None where the address has none. Scheme and host are in lower case.
    """

    url: str
    scheme: str
    host: str
    port: int | None
    path: str
    name: str | None = None
    password: str | None = None

    @property
    def shown(self) -> str:
        """Scheme, host, port and path: parameters may hold a secret as well."""
        if "@" in self.url:  # what stands before it may be half a password
            return f"{self.scheme}://…"
        host = f"[{self.host}]" if ":" in self.host and "," not in self.host else self.host
        return f"{self.scheme}://{host}{f':{self.port}' if self.port else ''}{self.path}"

    @property
    def authorization(self) -> dict[str, str]:
        """The header that sends name and password (RFC 7617), none without them."""
        if self.name is None and self.password is None:
            return {}
        credentials = f"{self.name or ''}:{self.password or ''}".encode()
        return {"Authorization": f"Basic {b64encode(credentials).decode('ascii')}"}


def scheme_of(address: str) -> str:
    """Return what stands before ``://``, in lower case; nothing where there is none."""
    scheme = _SCHEME.match(address)
    return scheme[1].lower() if scheme else ""


def is_address(text: str) -> bool:
    """Return whether a text means an address, as opposed to a file; it need not be a sound one."""
    return bool(_SCHEME.match(text) or _WEB.match(text))


def may_hold_secret(text: str) -> bool:
    """Return whether a text may be meant as an address with a name, a password or parameters, whatever else it is.

    ``bob:secret@host`` lacks a scheme, ``https;//bob:secret@host`` has a typing error in it, and another one begins
    with a blank: `is_address` is false for each of them, and no message may repeat one.
    """
    return bool(_MAY_BE_SECRET.search(text))


def refuse_secret(text: str, meant: str) -> None:
    """Raise OperationalError, which repeats no part of the text, where it `may_hold_secret` and names no file.

    ``meant`` is what may stand in its place: ``a file or a URL``.
    """
    if may_hold_secret(text) and not is_address(text) and not os.path.lexists(text):
        raise OperationalError(
            f"{ADDRESS} cannot be read, and is not shown, as a password may stand in it: write {meant}; "
            "a URL is https://HOST/PATH"
        )


def read_address(text: str, what: str = ADDRESS) -> Address:
    """Take an address apart: ``SCHEME://[NAME[:PASSWORD]@]HOST[:PORT][/PATH][?PARAMETERS]``; messages call it ``what``.

    Raises OperationalError, which repeats no part of the address, where it has no scheme, and where a name or a
    password is not told for certain from what follows it: readers disagree on where one with a ``/`` in it ends.
    """
    scheme, _, rest = text.partition("://")
    end = _AUTHORITY_END.search(rest)
    authority, tail = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    credentials, at, server = authority.rpartition("@")
    # A host with a port may be a name and the beginning of a password. `https://host/package@1.2/x` is an address.
    ambiguous = "@" in tail and (":" in authority or not _WEB.match(text))
    if "@" in credentials or ambiguous or _BROKEN_ESCAPE.search(credentials) or not scheme_of(text):
        raise OperationalError(f"{what} cannot be read: {_ENCODING}")
    try:
        parts = urlsplit(f"{scheme}://{server}{tail}")
        host, port = _host_and_port(parts, server)
    except ValueError:  # its message may repeat a part
        raise OperationalError(f"the host or the port of {what} cannot be read: write HOST or HOST:PORT") from None
    name, colon, password = credentials.partition(":")
    return Address(
        url=parts.geturl() if at else text,
        scheme=parts.scheme,
        host=host,
        port=port,
        path=parts.path,
        name=unquote(name) if at else None,
        password=unquote(password) if colon else None,
    )


def _host_and_port(parts: SplitResult, server: str) -> tuple[str, int | None]:
    try:
        return parts.hostname or "", parts.port
    except ValueError:
        if _WEB.match(parts.scheme + ":"):
            raise
        return server, None  # PostgreSQL knows several hosts, and each reader checks its own ports


def web_address(text: str, example: str = "https://HOST/PATH", what: str = ADDRESS) -> Address:
    """Take the address of an HTTP server apart.

    Raises OperationalError, which repeats no part of it, for what a request cannot be sent to.
    """
    if _WEB.match(text) and scheme_of(text) and _SENDABLE.fullmatch(text):
        address = read_address(text, what)
        if address.host and address.port != 0:
            return address
    raise OperationalError(f"{what} is not an http or https URL that a request can be sent to: write {example}")


def anonymous_web_address(text: str, example: str = "https://HOST/PATH", what: str = ADDRESS) -> Address:
    """Take the address of an HTTP server apart; raises OperationalError also when there is a name or password in it."""
    address = web_address(text, example, what)
    if address.url != text:
        raise OperationalError(f"{what} has a name or a password in it, and none is ever sent: leave it out")
    return address


def page_address(text: str, example: str = "https://HOST/PATH/", what: str = ADDRESS) -> Address:
    """Take the address of published pages apart; raises OperationalError also when it has parameters or a fragment.

    A parameter may be a token, and what is published is for everybody.
    """
    address = anonymous_web_address(text, example, what)
    if "?" in text or "#" in text:
        raise OperationalError(f"{what} has parameters, which would be published: write {example}")
    return address


def shown_address(address: str) -> str:
    """Return an address as messages show it: scheme, host, port and path, without a name, a password or parameters."""
    try:
        return read_address(address).shown
    except OperationalError:
        return f"{scheme_of(address) or 'https'}://…"


def without_credentials(text: str) -> str:
    """Return what somebody else said without the names and passwords of the addresses in it."""
    return _CREDENTIALS.sub("…@", text)


def sqlite_path(address: str) -> Path:
    """Return the file that ``sqlite:///relative/path`` or ``sqlite:////absolute/path`` names; ``%3F`` is a ``?`` in it.

    Raises OperationalError for an address that names no file, or has parameters.
    """
    path = unquote(address.removeprefix(SQLITE))
    if not path or "?" in address or "#" in address or "\0" in path or path == ":memory:":
        raise OperationalError(
            "the SQLite address does not name a file: write sqlite:///relative/path or sqlite:////absolute/path, "
            "without parameters"
        )
    return Path(path)
