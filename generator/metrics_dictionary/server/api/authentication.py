"""Who calls, and whether they may: tokens, their scopes, and the networks that are trusted."""

from __future__ import annotations

import hmac
import threading
import time
from typing import TYPE_CHECKING

from metrics_dictionary.server.api.networks import Networks
from metrics_dictionary.server.transport.response import Response, json_response, message_response, not_found
from metrics_dictionary.stores.tokens import digest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.server.api.rate_limits import RateLimits
    from metrics_dictionary.server.api.route import Access
    from metrics_dictionary.server.transport.request import Request
    from metrics_dictionary.stores.store import Store
    from metrics_dictionary.stores.tokens import Token

CACHE_SECONDS = 3.0
"""How long a checked token is good without asking the store: a revoke works within five seconds."""

UNKNOWN_SECONDS = 1.0
"""How long an unknown token is refused without asking: nobody knows a token before it is made."""

MAX_CACHED = 1_000
"""Tokens that are remembered, and as many of those that are unknown."""

MAX_LOOK_UPS = 256
"""Requests that may wait at a time for a look into the store."""

MAX_LOOK_UP_SECONDS = 1.0
"""How long a look into the store may take before nobody else has to wait for one."""

MAX_TOKEN_LENGTH = 200

INSUFFICIENT = "The request requires higher privileges than provided by the access token."


class Authentication:
    """Checks callers against the store's tokens, of which the last ones are remembered, and which are unknown, too.

    Requests that need a look into the store are admitted by `begin_look_up`, so that they do not gather without bound
    while the store hangs.
    """

    def __init__(self, store: Store, trusted_networks: Iterable[str], limits: RateLimits) -> None:
        """Take the networks as `10.0.0.0/8`. Raises OperationalError for one that is not a network."""
        self._store = store
        self._limits = limits
        self._networks = Networks(trusted_networks, "server.trusted_networks")
        # Apart, so that a flood of unknown tokens does not push out those that are known.
        self._cache: dict[str, tuple[float, Token | None]] = {}
        self._unknown: dict[str, tuple[float, Token | None]] = {}
        self._look_ups: dict[int, float] = {}
        self._look_ups_lock = threading.Lock()

    def check(self, request: Request, access: Access) -> Token | Response | None:
        """Return the caller's token, None where none is needed, or why the caller may not do this.

        Raises StoreUnavailableError.
        """
        if access.trusted and not is_trusted(request, self._networks):
            return not_found()
        if not access.needs_token:
            return None
        token = self._token(request)
        if token is None:
            return message_response(401, "Unauthorized", {"WWW-Authenticate": "Bearer"})
        if (refused := self._limits.refuse_token(token)) is not None:
            return refused
        if access.scopes and not access.scopes & token.scopes:
            return _insufficient_scope(access.scopes)
        if access.admin and not token.admin:
            return message_response(403, "Forbidden")
        return token

    def is_known(self, request: Request, access: Access) -> bool:
        """Whether `check` needs no look into the store; then it makes none, even if the token is forgotten by then."""
        if not access.needs_token:
            return True
        secret = _secret(request)
        if not secret or len(secret) > MAX_TOKEN_LENGTH:
            return True
        request.remembered = self._cached(digest(secret))
        return request.remembered is not None

    def begin_look_up(self, request: Request) -> bool:
        """Admit a request that needs a look into the store, until `end_look_up`; False when too much is waiting."""
        now = time.monotonic()
        with self._look_ups_lock:
            waiting = self._look_ups
            if len(waiting) >= MAX_LOOK_UPS or (waiting and now - next(iter(waiting.values())) > MAX_LOOK_UP_SECONDS):
                return False
            waiting[id(request)] = now
        return True

    def end_look_up(self, request: Request) -> None:
        """Note that the store has answered, or never will."""
        if id(request) in self._look_ups:  # hardly any request is
            with self._look_ups_lock:
                del self._look_ups[id(request)]

    def _token(self, request: Request) -> Token | None:
        """Return the token when it is known, not revoked and, by the store's time, not expired."""
        secret = _secret(request)
        if not secret or len(secret) > MAX_TOKEN_LENGTH:
            return None
        token = self._known(digest(secret)) if request.remembered is None else request.remembered[1]
        if token is None or (token.expires is not None and self._store.estimated_now().date() >= token.expires):
            return None
        return token

    def _known(self, secret_digest: str) -> Token | None:
        cached = self._cached(secret_digest)
        if cached is not None:
            return cached[1]
        token = self._store.token(secret_digest)
        if token is not None and not hmac.compare_digest(token.digest, secret_digest):
            token = None
        cache, seconds = (self._unknown, UNKNOWN_SECONDS) if token is None else (self._cache, CACHE_SECONDS)
        if len(cache) >= MAX_CACHED:
            cache.clear()
        cache[secret_digest] = (time.monotonic() + seconds, token)
        return token

    def _cached(self, secret_digest: str) -> tuple[float, Token | None] | None:
        """Return until when a token is remembered, and the token: None for one that is unknown."""
        now = time.monotonic()
        for cache in (self._cache, self._unknown):
            cached = cache.get(secret_digest)
            if cached is not None and now < cached[0]:
                return cached
        return None


def is_trusted(request: Request, networks: Networks) -> bool:
    """Say whether a caller is; a proxy on a trusted network does not make those trusted that it speaks for."""
    if request.is_forwarded:
        return networks.contain(request.client)
    addresses = [request.client]
    if forwarded := request.headers.get("x-forwarded-for"):
        addresses += forwarded.split(",")
    return "forwarded" not in request.headers and all(map(networks.contain, addresses))


def _secret(request: Request) -> str | None:
    """Return the token, from wherever GitLab's clients may write it."""
    headers = request.headers
    secret = headers.get("private-token") or headers.get("job-token")
    if secret:
        return secret
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else request.query.get("private_token")


def _insufficient_scope(scopes: Iterable[str]) -> Response:
    body = {"error": "insufficient_scope", "error_description": INSUFFICIENT, "scope": " ".join(sorted(scopes))}
    return json_response(403, body)
