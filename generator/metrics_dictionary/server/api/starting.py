"""What answers until the definitions are loaded. It is imported in a moment, so that a server answers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.server.api.authentication import is_trusted
from metrics_dictionary.server.api.endpoints.monitoring import LIVENESS, READINESS_PATH, not_ready
from metrics_dictionary.server.api.networks import Networks, TrustedProxies
from metrics_dictionary.server.lifecycle import Phase
from metrics_dictionary.server.transport.response import not_found, starting

if TYPE_CHECKING:
    from metrics_dictionary.server.api.route import Route
    from metrics_dictionary.server.transport.request import Request
    from metrics_dictionary.server.transport.response import Response, Uncommitted
    from metrics_dictionary.settings import Settings
    from metrics_dictionary.stores.store import Store, Verdict


class StartingRouter:
    """Stands in for the router until the definitions are loaded: liveness is answered, all else has to wait.

    There is no ``store`` yet. Raises OperationalError for a setting that means nothing.
    """

    store: Store | None = None

    def __init__(self, settings: Settings) -> None:
        self._proxies = TrustedProxies(settings.strings("server.trusted_proxies"))
        self._networks = Networks(settings.strings("server.trusted_networks"), "server.trusted_networks")

    def authorize_from_memory(self, request: Request) -> Route | Response | None:
        """Return the route of liveness, or the answer that says when to come back."""
        return self.authorize(request)

    def authorize(self, request: Request) -> Route | Response:
        """Return the route of liveness, or the answer that says when to come back."""
        self._proxies.find_client(request)
        if request.path not in {LIVENESS.path, READINESS_PATH} or request.method not in {"GET", "HEAD"}:
            return starting(Phase.LOADING.value)
        if not is_trusted(request, self._networks):
            return not_found()
        request.route = request.path
        return LIVENESS if request.path == LIVENESS.path else not_ready(Phase.LOADING.value)

    def respond(self, route: Route, request: Request) -> Response | Uncommitted:
        """Return the endpoint's response."""
        return route.handle(request)

    def settled(self, _request: Request, response: Response, _result: Verdict | Exception) -> Response:
        """Return the response: nothing is recorded yet."""
        return response
