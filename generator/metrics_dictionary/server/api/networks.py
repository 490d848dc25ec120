"""Networks that settings name, and the caller behind a proxy that is in one of them."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.server.transport.request import Request

    Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_HOPS = 20
"""Proxies in a row; nobody has more, and a header may hold thousands."""

MAX_LENGTH = 64
"""Characters of an address, with a zone. Longer texts, which a header may hold, are not kept in memory."""

_PORT = r"(?::[0-9]{1,5})?"
_NODE = re.compile(rf"\[([0-9A-Fa-f:.]+)\]{_PORT}|([0-9.]+){_PORT}|([0-9A-Fa-f:.]+)")
"""An address as proxies write it: with a port or without, IPv6 in brackets or not."""

_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_BALANCED = re.compile(rf'(?:[^"]|{_QUOTED})*+')
_ELEMENT = re.compile(rf'(?:[^",]|{_QUOTED})++')
_PAIR = re.compile(rf'(?:[^";]|{_QUOTED})++')


class Networks:
    """The networks of a setting, such as ``10.0.0.0/8``. True where there is one."""

    def __init__(self, texts: Iterable[str], setting: str) -> None:
        """Read them. Raises OperationalError for a text that is not a network."""
        self._networks = tuple(_network(text, setting) for text in texts)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def contain(self, text: str) -> bool:
        """Return whether an address is inside one of them; what is not an address is not."""
        address = read_ip(text.strip())
        return address is not None and any(address in network for network in self._networks)


class TrustedProxies:
    """The proxies of ``server.trusted_proxies``: what their headers say of the caller is believed."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Read the networks. Raises OperationalError for a text that is not one."""
        self._networks = Networks(texts, "server.trusted_proxies")

    def find_client(self, request: Request) -> None:
        """Make ``client`` the caller's address, and ``is_forwarded`` true, where trusted proxies name that for certain.

        Each proxy adds the address that it was asked from at the right end of ``X-Forwarded-For`` or ``Forwarded``
        (RFC 7239). So the caller is the rightmost address that is not a proxy's: whatever is left of it, the caller
        wrote. A caller may also have written the one header while the proxies write the other: two that disagree
        say nothing.
        """
        if not self._networks:
            return
        chains = []
        if (text := request.headers.get("x-forwarded-for")) is not None:
            chains.append([_node(item) for item in text.rsplit(",", MAX_HOPS)[-MAX_HOPS:]])
        if (text := request.headers.get("forwarded")) is not None:
            chains.append(_forwarded(text))
        if not chains or not self._networks.contain(request.client):
            return
        found = {self._last_untrusted(chain) for chain in chains}
        client = found.pop()
        if client is not None and not found:
            request.client = client
            request.is_forwarded = True

    def _last_untrusted(self, chain: list[Ip | None]) -> str | None:
        """Return the rightmost address that is not a proxy's, or the leftmost; None before an unreadable one."""
        client = None
        for address in reversed(chain):
            client = None if address is None else str(address)
            if client is None or not self._networks.contain(client):
                break
        return client


def read_ip(text: str) -> Ip | None:
    """Return an address, an IPv4 one also where it is written as IPv6; None for what is not an address."""
    return _read_ip(text) if len(text) <= MAX_LENGTH else None


@lru_cache(maxsize=4096)
def _read_ip(text: str) -> Ip | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped) or address


@lru_cache(maxsize=4096)
def client_key(text: str) -> bytes:
    """Return what stands for one caller: an IPv4 address, or the /64 of IPv6, all of which one line or machine has."""
    address = read_ip(text)
    if address is None:
        return b""
    return address.packed if address.version == 4 else address.packed[:8]


def _forwarded(text: str) -> list[Ip | None]:
    """Return the ``for`` of each element of a ``Forwarded`` header, None for what cannot be read."""
    if _BALANCED.fullmatch(text) is None:
        return [None]
    return [_for(element) for element in _ELEMENT.findall(text)[-MAX_HOPS:]]


def _for(element: str) -> Ip | None:
    pairs = [pair.partition("=") for pair in _PAIR.findall(element)]
    nodes = [value for name, _, value in pairs if name.strip().lower() == "for"]
    return _node(nodes[0].strip().removeprefix('"').removesuffix('"')) if len(nodes) == 1 else None


def _node(text: str) -> Ip | None:
    match = _NODE.fullmatch(text.strip())
    return None if match is None else read_ip(match[match.lastindex or 0])


def _network(text: str, setting: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise OperationalError(f"{setting}: {text!r} is not a network; write one like 10.0.0.0/8 or ::1/128") from None
