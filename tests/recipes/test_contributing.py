"""The recipes of CONTRIBUTING.md, each followed in a copy of the tree: a new file, a row, and the product has it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.program import COMMAND, environment
from tests.small_root import METRIC, change, write, write_boards

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]


class Tree:
    """A copy of what the product is made of, with a small definitions root beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "generator" / "metrics_dictionary"
        skipped = shutil.ignore_patterns("__pycache__")
        for name in ("generator", "templates", "site_src"):
            shutil.copytree(REPOSITORY / name, folder / name, ignore=skipped)
        shutil.copy(REPOSITORY / "mkdocs.yml", folder)
        write_boards(folder / "definitions")

    def add(self, file: str, text: str) -> None:
        """Write a file of the package that is not there yet."""
        assert not (self.package / file).exists()
        write(self.package / file, text)

    def add_row(self, file: str, before: str, row: str, *imports: str) -> None:
        """Put a row in front of a line of the package, and the imports that it needs in front of the others."""
        change(self.package / file, before, f"{row}\n{before}")
        if imports:
            first = "from __future__ import annotations\n"
            change(self.package / file, first, "\n".join([first, *imports, ""]))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=environment(self.folder / "generator"),
            capture_output=True,
            text=True,
            timeout=60,
        )

    def printed(self, *arguments: str) -> str:
        """Run a command that has to succeed; return its standard output."""
        done = self.run(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


RULE = '''
"""Descriptions that shout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.validation.rules.rule import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.reading.document import Document


def shouted_description(document: Document) -> Iterator[Finding]:
    """Find a description in capitals."""
    if isinstance(document.data, dict) and str(document.data.get("description")).isupper():
        yield Finding(document, ("description",), "the description shouts")
'''

RULE_ROW = """\
    _definition(
        "shouted-description",
        Severity.WARNING,
        shouted_description,
        "a description in capitals",
        "Say it in small letters.",
    ),"""


def test_a_rule_is_a_generator_and_a_row(tree: Tree) -> None:
    tree.add("validation/rules/shouting.py", RULE)
    tree.add_row(
        "validation/rules/registry.py",
        '    _definition(\n        "description-quality",',
        RULE_ROW,
        "from metrics_dictionary.validation.rules.shouting import shouted_description",
    )
    metric = tree.folder / "definitions" / "metrics" / "counts_all" / "boards.yml"
    change(metric, "Issue boards of all projects and groups, archived ones included.", "ALL BOARDS OF ALL PROJECTS.")
    assert ":3:14: warning[shouted-description]: the description shouts" in tree.printed("validate")
    suppression = "# metrics-dictionary: ignore shouted-description -- it is loud there"
    change(metric, "description: ALL", f"{suppression}\ndescription: ALL")
    assert tree.printed("validate") == "Checked 4 files: nothing to report.\n"


FORMAT = '''
"""Findings as bare lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics_dictionary.reports.report import Report


def render(report: Report) -> str:
    """Return a line for each finding: rule and line."""
    return "".join(f"{found.rule} {found.line}\\n" for found in report.diagnostics)
'''


def test_a_report_format_is_a_module_and_a_row(tree: Tree) -> None:
    tree.add("reports/bare_lines.py", FORMAT)
    tree.add_row("reports/report.py", '    "json": "json_report",', '    "bare": "bare_lines",')
    change(
        tree.folder / "definitions/metrics/counts_all/boards.yml", "product_group: planning", "product_group: nobody"
    )
    result = tree.run("validate", "--format", "bare", "--output", "bare=found.txt")
    assert (result.returncode, result.stdout) == (1, "unknown-product-group 4\n")
    assert (tree.folder / "found.txt").read_text() == result.stdout
    assert "bare" in tree.printed("validate", "--help")


COMMAND_MODULE = '''
"""``metrics-dictionary count``: how many metrics there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.options import definitions_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("count")
@definitions_option
def command(roots: tuple[Path, ...]) -> None:
    """Count the metrics of the roots."""
    from metrics_dictionary.reading.read import read_dictionary

    click.echo(f"{len(read_dictionary(roots).dictionary.expanded)} metrics")
'''


def test_a_command_is_a_module_and_a_row(tree: Tree) -> None:
    tree.add("cli/commands/count.py", COMMAND_MODULE)
    tree.add_row(
        "cli/main.py", '    "watch": ("commands.watch",', '    "count": ("commands.count", "Count the metrics."),'
    )
    assert tree.printed("count") == "2 metrics\n"
    assert re.search(r"^  count +Count the metrics\.$", tree.printed("--help"), re.MULTILINE)
    manual = [COMMAND[0], "-m", "metrics_dictionary.cli.manual", "site_src/guides"]
    subprocess.run(manual, cwd=tree.folder, env=environment(tree.folder / "generator"), check=True, timeout=60)
    assert "## count\n" in (tree.folder / "site_src" / "guides" / "command-reference.md").read_text()


SOURCE = '''
"""A die."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics_dictionary.ping.sources.evaluation import Evaluation


def dice_value(_evaluation: Evaluation) -> int:
    """Return what was thrown."""
    return 4
'''


def test_a_data_source_is_a_reader_and_a_row_and_its_name_in_the_schema(tree: Tree) -> None:
    tree.add("ping/sources/dice.py", SOURCE)
    tables = "DATA_SOURCES = {\n"
    row = '    "dice": DataSource("dice.dice_value", lambda _: "Throws a die"),\n'
    change(tree.package / "ping" / "query" / "data_sources.py", tables, tables + row)
    change(tree.package / "validation" / "schemas" / "instrumentation.json", '"enum": ["', '"enum": ["dice", "')
    metric = METRIC.replace("data_source: internal_events", "data_source: system").partition("events:")[0]
    metric = metric.replace("[7d, all]", "all") + "instrumentation_class: DiceMetric\n"
    write(tree.folder / "definitions" / "metrics" / "counts_all" / "boards.yml", metric)
    write(tree.folder / "definitions" / "instrumentations" / "plan.yml", "---\nDiceMetric:\n  source: dice\n")
    assert "instrumentations/plan.yml" not in tree.printed("validate")
    assert "Throws a die." in tree.printed("explain", "counts.boards")
    assert tree.run("ping", "generate").returncode == 0
    assert json.loads(tree.printed("ping", "show"))["counts"]["boards"] == 4


ENDPOINT = '''
"""``/-/echo``: the path of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.server.api.route import Route, RouteResponse
from metrics_dictionary.server.transport.response import json_response

if TYPE_CHECKING:
    from metrics_dictionary.server.application import Application
    from metrics_dictionary.server.transport.request import Request
    from metrics_dictionary.server.transport.response import Response


def routes(_application: Application) -> tuple[Route, ...]:
    """Return the row."""
    schema = {"type": "object", "properties": {"method": {"type": "string"}}}
    return (Route("GET", "/-/echo", "Say what was asked", _echo, {200: RouteResponse("The method.", schema=schema)}),)


def _echo(request: Request) -> Response:
    return json_response(200, {"method": request.method})
'''


@pytest.fixture
def server_address(tree: Tree) -> Iterator[str]:
    """The address of a server from the tree, to which an endpoint has been added."""
    tree.add("server/api/endpoints/echo.py", ENDPOINT)
    tree.add_row(
        "server/api/routes.py",
        "    monitoring.routes,\n",
        "    echo.routes,",
        "from metrics_dictionary.server.api.endpoints import echo",
    )
    serve = [*COMMAND, "serve", "--port", "0", "--store", "sqlite:///store.db"]
    with subprocess.Popen(
        serve, cwd=tree.folder, env=environment(tree.folder / "generator"), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            address = next((found[0] for line in process.stdout if (found := re.search(r"http://\S+/", line))), None)
            assert address is not None
            yield address
        finally:
            process.kill()


def test_an_endpoint_is_a_module_and_a_row(server_address: str) -> None:
    with urllib.request.urlopen(f"{server_address}-/echo", timeout=20) as response:
        assert json.load(response) == {"method": "GET"}
    with urllib.request.urlopen(f"{server_address}api/openapi.json", timeout=20) as response:
        assert json.load(response)["paths"]["/-/echo"]["get"]["summary"] == "Say what was asked"


PAGE = '''
"""The page of all descriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.site.parts.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.site.data.site_data import SiteData


def description_page(site: SiteData) -> Iterator[Page]:
    """Yield the page."""
    yield Page("said/", "Said", site.render("said.html", metrics=site.dictionary.expanded.values()), section="said/")
'''


def test_a_page_is_a_module_with_its_template_and_a_row(tree: Tree) -> None:
    tree.add("site/pages/description_pages.py", PAGE)
    write(
        tree.folder / "templates/site/said.html", "{% for metric in metrics %}<p>{{ metric.description }}{% endfor %}"
    )
    tree.add_row(
        "site/build/stamping.py",
        "    listing_pages,\n",
        "    description_page,",
        "from metrics_dictionary.site.pages.description_pages import description_page",
    )
    tree.printed("build", "--output", "out", "--strict")
    page = (tree.folder / "out" / "said" / "index.html").read_text()
    assert page.count("<p>Issue boards of all projects and groups, archived ones included.") == 2
    assert "<title>Said" in page
