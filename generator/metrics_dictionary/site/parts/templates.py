"""The Jinja2 templates of the site."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import DictLoader, Environment, FileSystemLoader, StrictUndefined, compiler, select_autoescape
from markupsafe import Markup

from metrics_dictionary.dictionary.definition import string
from metrics_dictionary.dictionary.milestones import in_milestone, milestone
from metrics_dictionary.site.parts import html, site_wording, urls
from metrics_dictionary.tools.files import resource
from metrics_dictionary.tools.text import listed

if TYPE_CHECKING:
    from metrics_dictionary.site.data.cross_references import CrossReferences

_CHECK = {
    "part": "{% macro item(value) %}<li>{{ value }}</li>{% endmacro %}",
    "check.html": "{% import 'part' as part %}"
    "{% for value in values %}{{ part.item(value) }}{{ value | upper }}{% endfor %}",
    "check.txt": "{% for value in values %}{{ value }}{% endfor %}",
}


def environment(references: CrossReferences) -> Environment:
    """Return the environment: HTML and XML are escaped, and a misspelled variable is an error, not an empty text.

    ``references`` know the names of product groups.
    """
    made = environment_class()(
        loader=FileSystemLoader(resource("templates") / "site"),
        autoescape=select_autoescape(("html", "xml")),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        breakable=html.breakable,
        code=html.code_block,
        day=site_wording.day,
        definition_url=urls.definition_url,
        heading=html.heading,
        in_milestone=in_milestone,
        listed=listed,
        milestone=milestone,
        number=lambda count: f"{count:,}",
        prose=html.prose,
        status_pill=html.status_pill,
        summary=site_wording.summary,
        text=lambda value: string(value) or "",
        web_link=html.web_link,
    )
    made.globals.update(
        event_link=html.event_link,
        event_url=urls.event_url,
        group_link=lambda root, group: html.group_link(root, group, references.group(group).name),
        group_url=urls.group_url,
        metric_link=html.metric_link,
        metric_url=urls.metric_url,
        source_link=html.source_link,
        source_url=urls.source_url,
        DATA_SOURCES=site_wording.DATA_SOURCES,
        DATA_SOURCE_SENTENCES=site_wording.DATA_SOURCE_SENTENCES,
        STATUSES=site_wording.STATUSES,
        TIME_FRAMES=site_wording.TIME_FRAMES,
    )
    return made


@cache
def environment_class() -> type[Environment]:
    """Return an Environment that has values escaped by our own function, which remembers strings: a tenth of a build.

    Jinja2 has no public way to say that. Where its compiler works differently from what is known here, so that a small
    template cannot be compiled or comes out differently, it is Jinja2's own class.
    """
    try:
        quick = _quick_environment()
        same = _checked(quick) == _checked(Environment)
    except Exception:  # noqa: BLE001 - whatever another version of Jinja2 raises
        return Environment
    return quick if same else Environment


def _quick_environment() -> type[Environment]:
    class Generator(compiler.CodeGenerator):
        def _output_child_pre(self, node: Any, frame: Any, finalize: Any) -> None:
            if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
                super()._output_child_pre(node, frame, finalize)
                return
            self.write("environment.escaped(")
            if finalize.src is not None:
                self.write(finalize.src)

    class QuickEnvironment(Environment):
        code_generator_class = Generator
        escaped = staticmethod(html.escaped)

    return QuickEnvironment


def _checked(kind: type[Environment]) -> list[str]:
    """Return what templates become that have strings, Markup and numbers in macros and loops, escaped or not."""
    made = kind(loader=DictLoader(_CHECK), autoescape=select_autoescape(("html",)))
    values = ["<b>", Markup("<b>"), 1, None]
    return [made.get_template(name).render(values=values) for name in ("check.html", "check.txt")]
