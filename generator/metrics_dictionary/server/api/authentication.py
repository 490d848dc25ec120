"""Who calls, and whether they may: tokens, their scopes, and the networks that are trusted."""

from __future__ import annotations

import hmac
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
    from metrics_dictionary.tools.clock import Clock

CACHE_SECONDS = 3.0
"""How long a checked token is good without asking the store: a revoke works within five seconds."""

MAX_CACHED = 1_000

MAX_TOKEN_LENGTH = 200

INSUFFICIENT = "The request requires higher privileges than provided by the access token."


class Authentication:
    """Checks callers against the store's tokens. Unknown tokens are not remembered: they may be made any moment."""

    def __init__(self, store: Store, trusted_networks: Iterable[str], limits: RateLimits, *, clock: Clock) -> None:
        """Take the networks as `10.0.0.0/8`. Raises OperationalError for one that is not a network."""
        self._store = store
        self._limits = limits
        self._networks = Networks(trusted_networks, "server.trusted_networks")
        self._clock = clock
        self._cache: dict[str, tuple[float, Token]] = {}

    def check(self, request: Request, access: Access) -> Token | Response | None:
        """Return the caller's token, None where none is needed, or why the caller may not do this.

        Raises StoreUnavailableError.
        """
        if access.trusted and not self._is_trusted(request):
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
        """Whether `check` needs no look into the store."""
        if not access.needs_token:
            return True
        secret = _secret(request)
        if not secret or len(secret) > MAX_TOKEN_LENGTH:
            return True
        return self._cached(digest(secret)) is not None

    def _token(self, request: Request) -> Token | None:
        """Return the token when it is known, not revoked and not expired."""
        secret = _secret(request)
        if not secret or len(secret) > MAX_TOKEN_LENGTH:
            return None
        token = self._known(digest(secret))
        if token is None or (token.expires is not None and self._clock().date() >= token.expires):
            return None
        return token

    def _known(self, secret_digest: str) -> Token | None:
        cached = self._cached(secret_digest)
        if cached is not None:
            return cached
        token = self._store.token(secret_digest)
        if token is None or not hmac.compare_digest(token.digest, secret_digest):
            self._cache.pop(secret_digest, None)
            return None
        if len(self._cache) >= MAX_CACHED:
            self._cache.clear()
        self._cache[secret_digest] = (time.monotonic() + CACHE_SECONDS, token)
        return token

    def _cached(self, secret_digest: str) -> Token | None:
        cached = self._cache.get(secret_digest)
        return cached[1] if cached is not None and time.monotonic() < cached[0] else None

    def _is_trusted(self, request: Request) -> bool:
        """Say whether a caller is; a proxy on a trusted network does not make those trusted that it speaks for."""
        if request.is_forwarded:
            return self._networks.contain(request.client)
        addresses = [request.client]
        if forwarded := request.headers.get("x-forwarded-for"):
            addresses += forwarded.split(",")
        return "forwarded" not in request.headers and all(map(self._networks.contain, addresses))


def _secret(request: Request) -> str | None:
    secret = request.headers.get("private-token")
    if secret is not None:
        return secret
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else None


def _insufficient_scope(scopes: Iterable[str]) -> Response:
    body = {"error": "insufficient_scope", "error_description": INSUFFICIENT, "scope": " ".join(sorted(scopes))}
    return json_response(403, body)
