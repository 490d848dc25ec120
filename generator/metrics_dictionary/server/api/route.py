"""A row of the route table: one call, who may make it, what it takes and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from metrics_dictionary.server.transport.message import Request, Response
    from metrics_dictionary.stores.tokens import Token

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


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
class Call:
    """A request that was admitted, with its body and the token that it came with."""

    request: Request
    body: bytes
    token: Token | None

    @property
    def user(self) -> int | None:
        """The id of the user that the token belongs to."""
        return None if self.token is None else self.token.user


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter. ``schema`` is its JSON Schema."""

    name: str
    schema: Mapping[str, object]
    description: str


@dataclass(frozen=True, slots=True)
class Body:
    """What a call takes: the JSON Schema of it and an example."""

    schema: Mapping[str, object]
    example: object
    content_types: tuple[str, ...] = (JSON, FORM)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call answers with one status. ``schema`` is that of a JSON body."""

    description: str
    content_type: str = JSON
    schema: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """One call. ``flag`` is the feature flag without which there is no such call; ``description`` is Markdown.

    A ``quick`` one is answered from memory, apart from what it records: nothing else has to wait for it.
    """

    method: str
    path: str
    summary: str
    handle: Callable[[Call], Response]
    answers: Mapping[int, Answer]
    description: str = ""
    access: Access = ANYONE
    flag: str | None = None
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    quick: bool = False
