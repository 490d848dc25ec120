"""Access tokens: how a new one is made, and the digest under which a store knows it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

PREFIX = "glpat-"
"""What GitLab's personal access tokens begin with; secret scanners know it."""

SCOPES = ("api", "read_service_ping", "ai_workflows")
"""What a token may be good for. ``api`` includes the other two."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, of which only the digest is known.

    ``user`` is a user's id. ``expires`` is the first day on which the token is refused, None for never.
    ``created`` is a moment in UTC.
    """

    identifier: str
    digest: str
    user: int
    scopes: frozenset[str]
    admin: bool
    expires: date | None
    created: datetime


def new_token(
    user: int, scopes: frozenset[str], created: datetime, *, admin: bool = False, expires: date | None = None
) -> tuple[str, Token]:
    """Return the secret, which is shown once and kept nowhere, and what a store keeps of it."""
    secret = PREFIX + secrets.token_urlsafe(24)
    identifier = secrets.token_hex(4)
    return secret, Token(identifier, digest(secret), user, scopes, admin, expires, created)


def digest(secret: str) -> str:
    """Return the SHA-256 of a token in hexadecimal. A token is random, so it needs neither salt nor a slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
