"""What programs read: everything is listed, described by a schema, and leads on to something."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from metrics_dictionary.cli.main import program
from metrics_dictionary.dictionary.dictionary import Dictionary, ProductGroup
from metrics_dictionary.site.build.build import BuildOptions, build
from metrics_dictionary.site.build.site_map import write_site_map
from metrics_dictionary.site.data.schemas import twin_schemas
from metrics_dictionary.site.pages.program_files import FILES, guides, program_files
from metrics_dictionary.site.parts.page import File
from tests.site.bare_site import bare_site
from tests.site.built_pages import page, pages, target

if TYPE_CHECKING:
    from pathlib import Path

NOT_FOR_PROGRAMS = re.compile(r"assets/|payload/|.*\.html$")
ADDRESS = "https://example.com/dictionary/"


def files(site: Path) -> list[str]:
    found = (path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    return sorted(path for path in found if not NOT_FOR_PROGRAMS.match(path))


def pattern(listed: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"[A-Z][A-Z_]*", "[^/]+", re.escape(listed)))


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def addressed_site(small_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("addressed") / "site"
    build(small_root, site, BuildOptions(site_url=ADDRESS))
    return site


def test_every_file_for_programs_is_documented(addressed_site: Path) -> None:
    patterns = [pattern(file.path) for file in FILES]
    assert not [path for path in files(addressed_site) if not any(one.fullmatch(path) for one in patterns)]


def test_every_documented_file_is_there(addressed_site: Path) -> None:
    there = files(addressed_site)
    assert not [file.path for file in FILES if not any(pattern(file.path).fullmatch(path) for path in there)]


def test_the_documentation_page_and_its_twin_list_every_file(small_site: Path) -> None:
    text = page(small_site / "reference/programs/index.html").text
    assert not [file.path for file in FILES if file.path not in text or file.about not in text]
    listed = read(small_site / "reference/programs.json")["files"]
    assert [entry["path"] for entry in listed] == [file.path for file in FILES]


@pytest.mark.parametrize("file", [file for file in FILES if file.schema], ids=lambda file: file.path)
def test_every_document_follows_the_schema_that_is_named_for_it(
    small_site: Path, shipped_site: Path, file: Any
) -> None:
    schema = read(small_site / f"schemas/{file.schema}.json")
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for site in (small_site, shipped_site):
        documents = [site / path for path in files(site) if pattern(file.path).fullmatch(path)]
        assert documents
        for path in documents:
            assert not [error.message for error in validator.iter_errors(read(path))], path.relative_to(site)


@pytest.mark.parametrize("name", list(twin_schemas()))
def test_every_schema_explains_each_of_its_fields(name: str) -> None:
    def undescribed(schema: Any, place: str) -> list[str]:
        own = [f"{place}.{key}" for key, inner in schema.get("properties", {}).items() if not inner.get("description")]
        inner = [*schema.get("properties", {}).items(), *schema.get("$defs", {}).items()]
        return own + [found for key, part in inner for found in undescribed(part, f"{place}.{key}")]

    assert undescribed(twin_schemas()[name], name) == []


def test_every_page_names_its_twin_for_programs(small_site: Path) -> None:
    for path in pages(small_site):
        twins = [
            attributes
            for tag, attributes in page(path).elements
            if tag == "link" and attributes.get("rel") == "alternate describedby"
        ]
        assert len(twins) == 1, path.relative_to(small_site)
        assert target(small_site, path, twins[0]["href"]).is_file(), path.relative_to(small_site)
        assert twins[0]["type"] == ("text/markdown" if twins[0]["href"].endswith(".md") else "application/json")


def test_the_index_leads_to_the_page_and_the_document_of_every_definition(small_site: Path) -> None:
    index = read(small_site / "index.json")
    entries = [*index["metrics"], *index["events"], *index["groups"]]
    for entry in entries:
        assert (small_site / unquote(entry["page"]) / "index.html").is_file(), entry
        assert (small_site / unquote(entry["document"])).is_file(), entry
    about = read(small_site / "metrics-dictionary.json")
    assert (len(index["metrics"]), len(index["events"])) == (about["metrics"], about["events"])
    for metric in index["metrics"]:
        assert read(small_site / metric["document"])["key_path"] == metric["key_path"]


@pytest.mark.parametrize("folder", ["groups", "sources"])
def test_addresses_in_a_document_are_relative_to_it(small_site: Path, folder: str) -> None:
    documents = sorted((small_site / folder).glob("*.json"))
    assert documents
    for path in documents:
        document = read(path)
        assert (path.parent / document["$schema"]).is_file()
        for entry in [*document["metrics"], *document.get("events", [])]:
            assert (path.parent / entry["document"]).is_file(), path.name


def test_the_documents_of_the_groups_have_every_definition_once(small_site: Path) -> None:
    index = read(small_site / "index.json")
    documents = [read(small_site / group["document"]) for group in index["groups"]]
    metrics = sorted(metric["key_path"] for document in documents for metric in document["metrics"])
    assert metrics == sorted(metric["key_path"] for metric in index["metrics"])
    assert [(len(document["metrics"]), len(document["events"])) for document in documents] == [
        (group["metric_count"], group["event_count"]) for group in index["groups"]
    ]


def test_the_index_of_a_large_dictionary_stays_below_half_a_kilobyte_a_definition(shipped_site: Path) -> None:
    index = read(shipped_site / "index.json")
    count = len(index["metrics"]) + len(index["events"])
    assert (shipped_site / "index.json").stat().st_size < 512 * count


def test_every_link_of_llms_txt_leads_to_a_file(small_site: Path) -> None:
    text = (small_site / "llms.txt").read_text(encoding="utf-8")
    links = re.findall(r"^- \[[^\]]+\]\(([^)]+)\)", text, re.MULTILINE)
    assert len(links) == len(re.findall(r"^- ", text, re.MULTILINE)) > 10
    assert not [link for link in links if not (small_site / link).is_file()]
    assert re.match(r"# .+\n\n> .+\n", text)


def test_the_name_of_a_group_cannot_leave_its_link_in_llms_txt() -> None:
    group = ProductGroup("a", "x](https://evil.example)\n# Heading [y")
    made = program_files(bare_site(Dictionary((), product_groups={"a": group})))
    text = next(file.content.decode() for file in made if isinstance(file, File) and file.path == "llms.txt")
    assert "](https" not in text
    assert text.count("\n# ") == 0


def test_the_links_of_a_guide_that_is_read_as_markdown_lead_somewhere(small_site: Path) -> None:
    for path, text in guides().items():
        assert (small_site / path).read_text(encoding="utf-8") == text
        for link in re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", text):
            found = (small_site / path).parent / link
            assert found.is_file() or (found / "index.html").is_file(), f"{path}: {link}"


def test_without_an_address_there_is_no_site_map_and_nothing_names_one(small_site: Path) -> None:
    assert not list(small_site.glob("sitemap*"))
    assert (small_site / "robots.txt").read_text() == "User-agent: *\nAllow: /\n"
    assert 'rel="canonical"' not in page(small_site / "metrics/counts.boards/index.html").html


def test_with_an_address_the_site_map_has_every_page(addressed_site: Path) -> None:
    tree = ElementTree.parse(addressed_site / "sitemap.xml")
    listed = [location.text or "" for location in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    own = [ADDRESS + path.parent.relative_to(addressed_site).as_posix() + "/" for path in pages(addressed_site)]
    assert sorted(listed) == sorted(address.replace("/dictionary/./", "/dictionary/") for address in own)
    assert f"Sitemap: {ADDRESS}sitemap.xml\n" in (addressed_site / "robots.txt").read_text()


def test_with_an_address_a_page_says_where_it_is(addressed_site: Path) -> None:
    html = page(addressed_site / "metrics/counts.boards/index.html").html
    assert f'<link rel="canonical" href="{ADDRESS}metrics/counts.boards/">' in html
    assert f'<meta property="og:url" content="{ADDRESS}metrics/counts.boards/">' in html


def test_a_site_with_more_pages_than_a_site_map_may_hold_has_several(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"p{number}").mkdir()
        (tmp_path / f"p{number}" / "index.html").write_text("")
    write_site_map(tmp_path, ADDRESS, max_addresses=2)
    index = (tmp_path / "sitemap.xml").read_text()
    names = re.findall(r"<sitemap><loc>(.*?)</loc>", index)
    assert names == [urljoin(ADDRESS, f"sitemap-{number}.xml") for number in (1, 2, 3)]
    assert sum((tmp_path / f"sitemap-{number}.xml").read_text().count("<url>") for number in (1, 2, 3)) == 5


@pytest.mark.parametrize(
    "address",
    ["example.com", "ftp://a.b", "https://", "https://a.b/?x=1", "https://a b/", "http://[", "javascript:alert(1)"],
)
def test_an_address_that_no_site_can_have_is_refused(address: str, tiny_root: Path, tmp_path: Path) -> None:
    arguments = ["build", "--definitions", str(tiny_root), "--output", str(tmp_path / "site"), "--site-url", address]
    result = CliRunner().invoke(program, arguments)
    assert result.exit_code == 2 or result.exception is not None
    assert "--site-url" in f"{result.output}{result.exception}"
    assert not (tmp_path / "site").exists()


def test_a_page_says_for_social_cards_what_it_is_and_loads_no_image_for_it(small_site: Path) -> None:
    metas = [
        attributes
        for tag, attributes in page(small_site / "metrics/counts.boards/index.html").elements
        if tag == "meta" and attributes.get("property", "").startswith("og:")
    ]
    card = {meta["property"]: meta["content"] for meta in metas}
    assert card == {
        "og:site_name": "Metrics Dictionary",
        "og:type": "website",
        "og:title": "counts.boards",
        "og:description": "Boards in all projects and groups, archived ones among them.",
    }
