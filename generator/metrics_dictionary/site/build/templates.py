"""The Jinja2 templates of the stamped pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.compiler import CodeGenerator, Frame

from metrics_dictionary.tools.text import listed
from metrics_dictionary.tools.files import resource
from metrics_dictionary.site.parts import fragments, urls, site_wording as wording
from metrics_dictionary.site.parts.html import escaped

if TYPE_CHECKING:
    from jinja2 import nodes

    from metrics_dictionary.site.data.cross_references import CrossReferences


class _Generator(CodeGenerator):
    """Has every value escaped by our own function, which leaves Markup alone and remembers texts."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        self.write("environment.escaped(")
        if finalize.src is not None:
            self.write(finalize.src)


class _Environment(Environment):
    code_generator_class = _Generator
    escaped = staticmethod(escaped)


def environment(references: CrossReferences) -> Environment:
    """Return the environment: everything is escaped, and a misspelt variable is an error, not an empty text.

    ``references`` know the names of product groups.
    """
    made = _Environment(
        loader=FileSystemLoader(resource("templates") / "site"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        breakable=fragments.breakable,
        code=fragments.code_block,
        day=wording.day,
        gist=wording.gist,
        heading=fragments.heading,
        listed=listed,
        milestone=wording.milestone,
        prose=fragments.prose,
        number=lambda count: f"{count:,}",
        status_pill=fragments.status_pill,
        web_link=fragments.web_link,
    )
    made.globals.update(
        event_link=fragments.event_link,
        event_url=urls.event_url,
        group_link=lambda root, group: fragments.group_link(root, group, references.group(group).name),
        group_url=urls.group_url,
        metric_link=fragments.metric_link,
        metric_url=urls.metric_url,
        source_link=fragments.source_link,
        source_url=urls.source_url,
        DATA_SOURCES=wording.DATA_SOURCES,
        DATA_SOURCE_SENTENCES=wording.DATA_SOURCE_SENTENCES,
        STATUSES=wording.STATUSES,
        TIME_FRAMES=wording.TIME_FRAMES,
    )
    return made
