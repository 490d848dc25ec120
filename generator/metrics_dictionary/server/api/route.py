"""A row of the route table: one call of the API, who may make it, what it takes and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from metrics_dictionary.server.transport.response import JSON

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from metrics_dictionary.server.transport.request import Request
    from metrics_dictionary.server.transport.response import Response, Uncommitted

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FORMS = (FORM, MULTIPART)

USAGE_DATA = "/api/v4/usage_data"
"""What the paths of GitLab's usage-data API begin with."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may make a call: anyone, the holder of a token with one of the scopes, or with an administrator's token.

    ``trusted`` limits a call to the networks of the setting `server.trusted_networks`.
    """

    scopes: frozenset[str] = frozenset()
    admin: bool = False
    trusted: bool = False

    @property
    def needs_token(self) -> bool:
        """Whether a token is needed at all."""
        return self.admin or bool(self.scopes)


ANYONE = Access()
ADMINISTRATOR = Access(admin=True)
TRUSTED = Access(trusted=True)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the query, or a header. ``schema`` is its JSON Schema."""

    name: str
    schema: Mapping[str, object]
    description: str
    place: str = "query"


@dataclass(frozen=True, slots=True)
class RequestBody:
    """What a call takes: the JSON Schema of it and an example."""

    schema: Mapping[str, object]
    example: object
    content_types: tuple[str, ...] = (JSON, *FORMS)


@dataclass(frozen=True, slots=True)
class RouteResponse:
    """What the documentation says of one status. ``schema`` is that of a JSON body; no content type means no body.

    One with a ``name`` is the same for several calls, and is described once.
    """

    description: str
    content_type: str = JSON
    schema: Mapping[str, object] = field(default_factory=dict)
    name: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """One call. ``flag`` is the feature flag without which there is no such call; ``description`` is Markdown.

    ``handle`` is the endpoint: it gets an authorized request with its body, and may raise StoreUnavailableError. One
    that is not ``blocking`` answers from memory: the server's loop calls it itself. A ``local`` one waits for files of
    this machine at most, and has threads that never wait for a store. What is to be written goes back with the
    response, as Uncommitted. ``cross_origin`` are the calls that pages of the origins in
    ``server.cors_origins`` may make.
    """

    method: str
    path: str
    summary: str
    handle: Callable[[Request], Response | Uncommitted]
    responses: Mapping[int, RouteResponse]
    description: str = ""
    access: Access = ANYONE
    flag: str | None = None
    parameters: tuple[Parameter, ...] = ()
    body: RequestBody | None = None
    blocking: bool = True
    local: bool = False
    cross_origin: bool = False


MESSAGE = {"title": "Message", "type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}
ERROR = {"title": "Error", "type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
INSUFFICIENT_SCOPE = {
    "title": "Forbidden",
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("error", "error_description", "scope", "message")},
}

UNAUTHORIZED = RouteResponse(
    "No token, or one that is unknown, revoked or expired.", schema=MESSAGE, name="Unauthorized"
)
FORBIDDEN = RouteResponse("The token lacks the scope or the role.", schema=INSUFFICIENT_SCOPE, name="Forbidden")
UNAVAILABLE = RouteResponse(
    "The store is unavailable, and nothing is written: `error` says whether it is locked, full, read-only, replaced or "
    "does not answer. `Retry-After` says when to try again.",
    schema=MESSAGE,
    name="Unavailable",
)
LIMITED = RouteResponse(
    "The address or the token made too many calls, which `RateLimit-Name` tells; `Retry-After` says when to try again.",
    schema=MESSAGE,
    name="TooManyRequests",
)
WITH_TOKEN = {401: UNAUTHORIZED, 403: FORBIDDEN, 429: LIMITED, 503: UNAVAILABLE}
"""What every call that needs a token may answer."""
