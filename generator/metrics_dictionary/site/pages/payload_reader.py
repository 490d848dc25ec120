"""The payload reader: a page that explains a Service Ping payload in the browser, and the definitions that it needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from metrics_dictionary.tools.json_values import compact_json
from metrics_dictionary.dictionary.dictionary import RECORDED_AT
from metrics_dictionary.site.data.cross_references import NO_GROUP
from metrics_dictionary.site.build.shell import Page
from metrics_dictionary.site.parts.urls import group_url, metric_url
from metrics_dictionary.site.parts.site_wording import STATUSES, gist

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2 import Environment

    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.site.data.cross_references import CrossReferences

URL = "payload/"
DEFINITIONS = f"{URL}definitions.js"
"""The definitions as a module of the page's script: modules load where the page's policy forbids every connection."""

MAX_DESCRIPTION_LENGTH = 240

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-inline'",  # the theme has inline scripts
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'none'",
        "form-action 'none'",
        "base-uri 'none'",
    )
)
"""What the page tells the browser to forbid: its scripts can open no connection at all, not even to its own server."""


def payload_reader_page(templates: Environment) -> Page:
    """Return the page; what it shows comes from its script."""
    content = templates.get_template("payload_reader.html").render(root="..")
    return Page(
        url=URL,
        title="Payload reader",
        content=content,
        section=URL,
        description="Explains a Service Ping payload, key by key. Nothing leaves the browser.",
        twin="index.json",
        styles=("payload/payload.css",),
        scripts=("payload/page.js",),
        policy=POLICY,
    )


def payload_definitions(references: CrossReferences) -> str:
    """Return the definitions as a JavaScript module: one column a field, in the order of the key paths.

    Columns in which values repeat are a list of ``values`` and, for each metric, an index into it (``rows``). What few
    metrics have is a mapping from the metric's position. The module wraps one JSON text: as a literal of the language
    a ``__proto__`` in it would have a meaning.
    """
    metrics = list(references.dictionary.expanded.values())
    columns = {
        "recorded_at": RECORDED_AT,
        "key_path": [metric.key_path for metric in metrics],
        "description": [gist(metric.description, MAX_DESCRIPTION_LENGTH) for metric in metrics],
        "status": _column(metric.status for metric in metrics),
        "value_type": _column(metric.value_type for metric in metrics),
        "data_category": _column(metric.data_category for metric in metrics),
        "product_group": _column(metric.product_group or NO_GROUP for metric in metrics),
        "groups": {
            key: {"name": references.group(key).name, "page": group_url(key)} for key in references.metrics_by_group
        },
        "removed_in": _sparse(metrics, "milestone_removed"),
        "schema": _sparse(metrics, "value_json_schema"),
        "page": {
            position: metric_url(metric.key_path)
            for position, metric in enumerate(metrics)
            if metric_url(metric.key_path) != f"metrics/{metric.key_path}/"
        },
        "object_schemas": references.dictionary.object_schemas,
        "status_names": STATUSES,
    }
    return f"export default JSON.parse({json.dumps(compact_json(columns))});\n"


def _column(values: Iterable[str | None]) -> dict[str, list[str | None] | list[int]]:
    positions: dict[str | None, int] = {}
    rows = [positions.setdefault(value, len(positions)) for value in values]
    return {"values": list(positions), "rows": rows}


def _sparse(metrics: Iterable[MetricDefinition], field: str) -> dict[int, str]:
    values = ((position, metric.fields.get(field)) for position, metric in enumerate(metrics))
    return {position: value for position, value in values if isinstance(value, str)}
