"""The page of a metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.dictionary.fields import text
from generator.site import payload
from generator.site.attributes import ROOT, Attributes
from generator.site.computation import computation
from generator.site.fragments import metric_item
from generator.site.html import joined
from generator.site.lifecycle import lifecycle
from generator.site.selection import selections
from generator.site.shell import Page
from generator.site.urls import metric_url, twin
from generator.site.wording import gist, value_sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment
    from markupsafe import Markup

    from generator.dictionary.metric import MetricDefinition
    from generator.site.cross_references import CrossReferences
    from generator.site.origins import Origins

RELATED = 8
"""How many metrics of each kind of relation a page names."""

SHOWN_ELSEWHERE = frozenset({"description", "events"})
"""Fields that have a section of their own."""


class MetricPages:
    """Makes the pages of metrics."""

    def __init__(
        self,
        templates: Environment,
        references: CrossReferences,
        origins: Origins,
        meanings: Mapping[str, Markup],
    ) -> None:
        self._template = templates.get_template("metric.html")
        self._references = references
        self._origins = origins
        self._attributes = Attributes(references, meanings, SHOWN_ELSEWHERE)

    def page(self, metric: MetricDefinition) -> Page:
        """Return a metric's page; ``metric`` is a definition of one time frame."""
        url = metric_url(metric.key_path)
        origin = self._origins.of(metric)
        content = self._template.render(
            root=ROOT,
            metric=metric,
            sentence=value_sentence(metric),
            notices=origin.errors,
            removed_in=text(metric.fields.get("milestone_removed")),
            computation=computation(metric, self._references.dictionary),
            selections=selections(metric),
            known_events=self._references.dictionary.events,
            fragment=payload.fragment(metric.key_path, metric.value_type),
            attributes=self._attributes.of(metric.fields),
            related=self._related(metric),
            life=lifecycle(metric.fields, "Collected today"),
            yaml=origin.yaml,
            file_path=metric.file_path,
            twin=twin(url),
        )
        return Page(
            url=url,
            title=metric.key_path,
            content=content,
            section="metrics/",
            description=gist(metric.description),
            twin=twin(url),
        )

    def _related(self, metric: MetricDefinition) -> list[tuple[str, Markup]]:
        """Return what the metric is related by, with links to the metrics, for each relation that it has."""
        found = {
            "Other time frames": self._references.time_frames(metric),
            "Same event": self._references.same_events(metric, RELATED),
            "Same instrumentation": self._references.same_instrumentation(metric, RELATED),
        }
        return [
            (relation, joined(metric_item(ROOT, other.key_path) for other in metrics))
            for relation, metrics in found.items()
            if metrics
        ]
