"""The route table: every call of the API. Routing, access and ``/api/openapi.json`` all come from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.server.api.endpoints import event_intake, monitoring, usage_data_exports
from metrics_dictionary.server.api.endpoints.openapi import openapi_route

if TYPE_CHECKING:
    from metrics_dictionary.server.api.route import Route
    from metrics_dictionary.server.application import Application

ENDPOINTS = (
    usage_data_exports.routes,
    event_intake.routes,
    monitoring.routes,
)
"""The rows, in the order of the documentation. A new endpoint is a module with a function ``routes``, named here."""


def routes(application: Application) -> tuple[Route, ...]:
    """Return the table.

    Renders what never changes, such as the combined definitions, so that no client waits for that.
    """
    table = [route for endpoint in ENDPOINTS for route in endpoint(application)]
    return (*table, openapi_route(table))
