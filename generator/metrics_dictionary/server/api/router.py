"""Finds who answers a request and whether the caller may ask: 401, 403, 404, then what is wrong with the body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.server.api.route import Call, Route
from metrics_dictionary.server.transport.access_log import report_bug, report_trouble
from metrics_dictionary.server.transport.message import (
    Request,
    Response,
    error,
    json_response,
    message,
    not_found,
    unavailable,
)
from metrics_dictionary.stores.store import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from metrics_dictionary.server.api.authentication import Authentication
    from metrics_dictionary.server.api.monitoring import Monitor
    from metrics_dictionary.server.joint_recording import JointRecording
    from metrics_dictionary.stores.store import Recording
    from metrics_dictionary.stores.tokens import Token

MAX_BODY = 1024 * 1024
"""Bytes of a request's body that are read; more is refused."""

OURS = ("/api/", "/-/")
"""Where the route table rules; every other path is the site's."""


@dataclass(frozen=True, slots=True)
class Admission:
    """A request that may be answered as soon as its body is there: by which route, for whom."""

    route: Route
    token: Token | None


class Router:
    """The route table at work. ``site`` answers every path outside of OURS."""

    def __init__(
        self,
        routes: Iterable[Route],
        site: Route,
        authentication: Authentication,
        is_enabled: Callable[[str], bool],
        monitor: Monitor,
        recordings: JointRecording,
    ) -> None:
        self.monitor = monitor
        self.recordings = recordings
        self._site = {"GET": site}
        self._authentication = authentication
        self._is_enabled = is_enabled
        self._routes: dict[str, dict[str, Route]] = {}
        for route in routes:
            self._routes.setdefault(route.path, {})[route.method] = route

    def admit_from_memory(self, request: Request) -> Admission | Response | None:
        """Decide as `admit` does, or return None when that takes a look into the store."""
        methods = self._methods(request.path)
        route = None if methods is None else self._route(request, methods)
        if route is None or (route.flag is None and self._authentication.is_known(request, route.access)):
            return self.admit(request)
        return None

    def admit(self, request: Request) -> Admission | Response:
        """Decide before the body is read: who may not ask cannot make the server read it."""
        try:
            return self._admit(request)
        except StoreUnavailableError as away:
            report_trouble(request, str(away))
            return unavailable()
        except Exception as bug:  # noqa: BLE001 - a bug is one request's 500, and a line in the log
            return _bug(request, bug)

    def answer(self, admission: Admission, request: Request, body: bytes) -> Response:
        """Answer a request that was admitted."""
        try:
            return admission.route.handle(Call(request, body, admission.token))
        except StoreUnavailableError as away:
            report_trouble(request, str(away))
            return unavailable()
        except Exception as bug:  # noqa: BLE001
            return _bug(request, bug)

    def commit(self, noted: Sequence[tuple[Request, Sequence[Recording]]]) -> list[Response | None]:
        """Record what was noted, together. Returns for each request None, or what to answer because that failed."""
        try:
            self.recordings.commit([recording for _, recordings in noted for recording in recordings])
        except StoreUnavailableError as away:
            for request, _ in noted:
                report_trouble(request, str(away))
            return [unavailable()] * len(noted)
        except Exception as bug:  # noqa: BLE001
            if len(noted) == 1:
                return [_bug(noted[0][0], bug)]
            # One of them is at fault, and only that one is to fail.
            return [self.commit([one])[0] for one in noted]
        return [None] * len(noted)

    def _admit(self, request: Request) -> Admission | Response:
        methods = self._methods(request.path)
        if methods is None:
            return not_found()
        route = self._route(request, methods)
        if route is None:
            return _other_method(request, methods)
        token = self._authentication.check(request, route.access)
        if isinstance(token, Response):
            return token
        if route.flag is not None and not self._is_enabled(route.flag):
            return not_found()
        return _body_fault(request, route) or Admission(route, token)

    def _route(self, request: Request, methods: dict[str, Route]) -> Route | None:
        """Return the route; HEAD is answered as GET, and the transport leaves the body out."""
        return methods.get("GET" if request.method == "HEAD" else request.method)

    def _methods(self, path: str) -> dict[str, Route] | None:
        if path.startswith(OURS):
            return self._routes.get(path) or self._routes.get(path.removesuffix("/"))
        return {} if path == "*" else self._site


def _other_method(request: Request, methods: dict[str, Route]) -> Response:
    allowed = sorted({*methods, "OPTIONS", *(["HEAD"] if "GET" in methods or not methods else [])})
    headers = {"Allow": ", ".join(allowed)}
    if request.method == "OPTIONS":
        return Response(204, headers=headers)
    return message(405, "Method Not Allowed", headers)


def _body_fault(request: Request, route: Route) -> Response | None:
    if request.length is None:
        return error(411, "Content-Length is missing; a body in chunks is not taken")
    if request.length > MAX_BODY:
        return error(413, f"the body is longer than {MAX_BODY} bytes")
    if route.body is None or request.length == 0:
        return None
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        return error(415, "the body must not be compressed")
    content_type = content_type_of(request)
    if content_type not in route.body.content_types:
        kinds = " or ".join(route.body.content_types)
        return error(415, f"the Content-Type must be {kinds}", {"Accept": ", ".join(route.body.content_types)})
    return None


def content_type_of(request: Request) -> str:
    """Return the type of a request's body in lower case, without parameters; empty when nothing is said."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _bug(request: Request, bug: Exception) -> Response:
    report_bug(request, bug)
    return json_response(500, {"message": "500 Internal Server Error", "request_id": request.identifier})
