"""From a request to its response: 429, 404 or 405, 401, 403, what is wrong with the body, the endpoint, the commit.

A request passes `authorize` when its head is there, `respond` when its body is, and `settled` when what its endpoint
recorded is committed. What goes wrong in one of the three becomes a response.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.server.api.authentication import Authentication
from metrics_dictionary.server.api.cross_origin import CrossOrigin
from metrics_dictionary.server.api.endpoints.event_intake import count_events
from metrics_dictionary.server.api.endpoints.site_files import site_route
from metrics_dictionary.server.api.networks import TrustedProxies
from metrics_dictionary.server.api.rate_limits import RateLimits
from metrics_dictionary.server.api.routes import routes
from metrics_dictionary.server.transport.access_log import NO_ROUTE, expect, log_bug, log_warning
from metrics_dictionary.server.transport.response import (
    Response,
    error_response,
    json_response,
    message_response,
    not_found,
    outbox_full,
    outcome_unknown,
    unavailable,
)
from metrics_dictionary.stores.store import STORE_ERRORS, Outcome, OutcomeUnknownError, StoreUnavailableError

if TYPE_CHECKING:
    from metrics_dictionary.server.api.route import Route
    from metrics_dictionary.server.application import Application
    from metrics_dictionary.server.transport.request import Request
    from metrics_dictionary.server.transport.response import Uncommitted
    from metrics_dictionary.stores.store import Store, Verdict

MAX_BODY = 1024 * 1024
"""Bytes of a request's body that are read; more is refused."""

TOO_MANY_WAIT = "too many requests wait for the store"

API = "/api/"
TABLE_PREFIXES = (API, "/-/")
"""What the paths of the route table begin with; every other path is the site's."""


class Router:
    """The route table of an application at work.

    ``store`` commits what endpoints record. Raises OperationalError for a setting that means nothing.
    """

    def __init__(self, application: Application) -> None:
        self.store: Store | None = application.store
        self._is_enabled = application.is_enabled
        self._site = {"GET": site_route(application)}
        self._routes: dict[str, dict[str, Route]] = {}
        for route in routes(application):
            self._routes.setdefault(route.path, {})[route.method] = route
        expect(NO_ROUTE, NO_ROUTE)
        for methods in (self._site, *self._routes.values()):
            for route in methods.values():
                expect(route.method, route.path)
        settings = application.settings
        self._proxies = TrustedProxies(settings.strings("server.trusted_proxies"))
        self._cross_origin = CrossOrigin(settings.strings("server.cors_origins"))
        self._limits = RateLimits(settings)
        trusted = settings.strings("server.trusted_networks")
        self._authentication = Authentication(application.store, trusted, self._limits)

    def authorize_from_memory(self, request: Request) -> Route | Response | None:
        """Decide as `authorize` does, or return None when that takes a look into the store; 503 when too many do.

        Comes first for each request: finds out who asks, and counts the calls of an address.
        """
        self._proxies.find_client(request)
        methods = self._methods(request.path)
        preflight = None
        if self._cross_origin and methods and any(route.cross_origin for route in methods.values()):
            preflight = self._cross_origin.admit(request)
        if request.path.startswith(API):
            refused = self._limits.refuse_address(request)
            if refused is not None:
                return refused
        if preflight is not None:
            return preflight
        route = None if methods is None else self._route(request, methods)
        if route is None or (route.flag is None and self._authentication.is_known(request, route.access)):
            return self.authorize(request)
        return None if self._authentication.begin_look_up(request) else unavailable(TOO_MANY_WAIT)

    def authorize(self, request: Request) -> Route | Response:
        """Return the request's route, or why it is refused: who may not call cannot make the server read a body.

        Sets the request's ``route`` and ``user``.
        """
        try:
            return self._authorize(request)
        except StoreUnavailableError as error:
            return _unavailable(request, error)
        except Exception as bug:  # noqa: BLE001 - a bug is one request's 500, and a line in the log
            return _internal_error(request, bug)
        finally:
            self._authentication.end_look_up(request)

    def respond(self, route: Route, request: Request) -> Response | Uncommitted:
        """Return the endpoint's response to a request that was authorized and has its body."""
        try:
            return route.handle(request)
        except StoreUnavailableError as error:
            return _unavailable(request, error)
        except Exception as bug:  # noqa: BLE001
            return _internal_error(request, bug)

    def settled(self, request: Request, response: Response, result: Verdict | Exception) -> Response:
        """Return the response to a request whose recording is committed, or is not: the endpoint's, or another."""
        count_events(request, result)
        if isinstance(result, OutcomeUnknownError):
            log_warning(request, str(result))
            return outcome_unknown(is_named="idempotency-key" in request.headers)
        if isinstance(result, StoreUnavailableError):
            log_warning(request, str(result))
            return unavailable(result.reason)
        if isinstance(result, Exception):
            return _internal_error(request, result)
        if result.outcome is Outcome.CONFLICT:
            return error_response(
                422, "the Idempotency-Key belongs to another request of yours; a new request needs a new one"
            )
        if result.outcome is Outcome.REFUSED:
            log_warning(
                request,
                f"the store's key {result.key} holds something that nothing can be added to; rename or delete it",
            )
            return unavailable("what the store holds for this event is not a counter")
        if result.outcome is Outcome.OUTBOX_FULL:
            log_warning(request, "the outbox is full; `metrics-dictionary outbox list` says of what")
            return outbox_full()
        return response

    def _authorize(self, request: Request) -> Route | Response:
        methods = self._methods(request.path)
        if methods is None:
            return not_found()
        route = self._route(request, methods)
        if route is None:
            return _method_not_allowed(request, methods)
        request.route = route.path
        token = self._authentication.check(request, route.access)
        if isinstance(token, Response):
            return token
        if route.flag is not None and not self._is_enabled(route.flag):
            return not_found()
        wrong = _wrong_body(request, route)
        if wrong is not None:
            return wrong
        if token is not None:
            request.user, request.is_admin = token.user, token.admin
        return route

    def _route(self, request: Request, methods: dict[str, Route]) -> Route | None:
        """Return the route; HEAD is answered as GET, and the transport leaves the body out."""
        return methods.get("GET" if request.method == "HEAD" else request.method)

    def _methods(self, path: str) -> dict[str, Route] | None:
        if path.startswith(TABLE_PREFIXES):
            return self._routes.get(path) or self._routes.get(path.removesuffix("/"))
        return {} if path == "*" else self._site


def _method_not_allowed(request: Request, methods: dict[str, Route]) -> Response:
    # Without a path, the methods of all of them are meant.
    allowed = sorted({*(methods or {"GET", "POST"}), "OPTIONS", *(["HEAD"] if "GET" in methods or not methods else [])})
    headers = {"Allow": ", ".join(allowed)}
    if request.method == "OPTIONS":
        return Response(204, headers=headers)
    return message_response(405, "Method Not Allowed", headers)


def _wrong_body(request: Request, route: Route) -> Response | None:
    """Return what the head says of a body that cannot be taken."""
    if request.length is None:
        return error_response(411, "a chunked body is not accepted; send one with a Content-Length")
    if request.length > MAX_BODY:
        return error_response(413, f"the body is longer than {MAX_BODY} bytes")
    if route.body is None or request.length == 0:
        return None
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        return error_response(415, "the body must not be compressed")
    if request.content_type not in route.body.content_types:
        types = route.body.content_types
        return error_response(415, f"the Content-Type must be {' or '.join(types)}", {"Accept": ", ".join(types)})
    return None


def _unavailable(request: Request, error: StoreUnavailableError) -> Response:
    STORE_ERRORS.add("request")
    log_warning(request, str(error))
    return unavailable(error.reason)


def _internal_error(request: Request, bug: Exception) -> Response:
    log_bug(request, bug)
    return json_response(500, {"message": "500 Internal Server Error", "request_id": request.identifier})
