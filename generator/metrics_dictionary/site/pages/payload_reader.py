"""The payload reader: a page that explains a Service Ping payload in the browser, and the definitions that it needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.dictionary import RECORDED_AT
from metrics_dictionary.site.data.columns import column, sparse_column
from metrics_dictionary.site.data.cross_references import owner
from metrics_dictionary.site.parts.page import File, Page
from metrics_dictionary.site.parts.site_wording import STATUSES, summary
from metrics_dictionary.site.parts.urls import definition_url, group_url
from metrics_dictionary.tools.json_values import compact_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.site.data.cross_references import CrossReferences
    from metrics_dictionary.site.data.site_data import SiteData

URL = "payload/"
DEFINITIONS = f"{URL}definitions.js"
"""The definitions as a module of the page's script: modules load where the page's policy forbids every connection."""

MAX_DESCRIPTION_LENGTH = 240


def payload_reader_page(site: SiteData) -> Iterator[Page | File]:
    """Yield the page, which is filled by its script, and the definitions that the script reads."""
    yield Page(
        url=URL,
        title="Payload reader",
        content=site.render("payload_reader.html"),
        section=URL,
        description="Explains a Service Ping payload, key by key. Nothing leaves the browser.",
        twin="index.json",
        styles=("payload/payload.css",),
        scripts=("payload/page.js",),
        offline=True,
    )
    yield File(DEFINITIONS, payload_definitions(site.references).encode())


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
        "description": [summary(metric.description, MAX_DESCRIPTION_LENGTH) for metric in metrics],
        "status": column(metric.status for metric in metrics),
        "value_type": column(metric.value_type for metric in metrics),
        "data_category": column(metric.data_category for metric in metrics),
        "product_group": column(map(owner, metrics)),
        "groups": {
            key: {"name": references.group(key).name, "page": group_url(key)} for key in references.metrics_by_group
        },
        "removed_in": sparse_column(metric.fields.get("milestone_removed") for metric in metrics),
        "schema": sparse_column(metric.value_json_schema for metric in metrics),
        "page": {
            position: url
            for position, url in enumerate(map(definition_url, metrics))
            if url != f"metrics/{metrics[position].key_path}/"
        },
        "object_schemas": references.dictionary.object_schemas,
        "status_names": STATUSES,
    }
    return f"export default JSON.parse({json.dumps(compact_json(columns))});\n"
