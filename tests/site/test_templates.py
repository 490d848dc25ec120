"""Templates are compiled in a quicker way where Jinja2 allows it, and come out the same where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jinja2 import Environment, UndefinedError, compiler, nodes

from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.site.build.build import build
from metrics_dictionary.site.parts import html, templates
from tests.site.bare_site import bare_site
from tests.site.test_determinism import digests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def _unchecked() -> Iterator[None]:
    """Forget before and after what was found out about Jinja2."""
    templates.environment_class.cache_clear()
    yield
    templates.environment_class.cache_clear()


@pytest.mark.usefixtures("_unchecked")
def test_the_quicker_way_is_taken_with_the_jinja2_that_is_installed() -> None:
    assert templates.environment_class() is not Environment


@pytest.mark.usefixtures("_unchecked")
def test_a_site_is_the_same_both_ways(small_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1738555506")  # a feed without an entry has the date of the build
    build(small_root, tmp_path / "quick")
    monkeypatch.setattr(templates, "environment_class", lambda: Environment)
    build(small_root, tmp_path / "plain")
    assert digests(tmp_path / "quick") == digests(tmp_path / "plain")


def _without_the_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(compiler, "CodeGenerator")


def _with_another_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "escaped", str)


@pytest.mark.usefixtures("_unchecked")
@pytest.mark.parametrize("change", [_without_the_class, _with_another_result])
def test_another_jinja2_is_used_as_it_is(
    change: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(monkeypatch)
    assert templates.environment_class() is Environment


@pytest.mark.usefixtures("_unchecked")
def test_a_jinja2_that_calls_the_method_differently_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    original = compiler.CodeGenerator.visit_Output

    def visit_output(self: compiler.CodeGenerator, node: nodes.Output, frame: compiler.Frame) -> None:
        if type(self) is not compiler.CodeGenerator:
            self._output_child_pre(node, frame)  # type: ignore[call-arg,arg-type]
        original(self, node, frame)

    monkeypatch.setattr(compiler.CodeGenerator, "visit_Output", visit_output)
    assert templates.environment_class() is Environment


def test_a_variable_that_a_template_lacks_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="timeline"):
        bare_site(Dictionary(())).render("window.html")
