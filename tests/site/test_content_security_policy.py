"""The policy that a build writes, held against every page that it wrote."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import skip_or_fail
from tests.site.built_pages import page
from tests.site.policy_of_a_site import (
    directives,
    headers,
    require_fitting_policy,
    require_images_in_files,
    sources_of_scripts,
)

GUIDE = Path(__file__).parents[2] / "site_src/guides/run-it.md"


@pytest.mark.parametrize("name", ["shipped_site", "recorded_site", "small_site"])
def test_the_policy_allows_what_the_pages_are_made_of_and_nothing_else(
    name: str, request: pytest.FixtureRequest
) -> None:
    require_fitting_policy(request.getfixturevalue(name))


def test_the_companions_of_the_policy_are_beside_it(small_site: Path) -> None:
    found = headers(small_site)
    assert found["Referrer-Policy"] == "same-origin"
    assert found["X-Content-Type-Options"] == "nosniff"
    assert {"camera=()", "geolocation=()", "microphone=()"} <= set(found["Permissions-Policy"].split(", "))


def test_no_style_sheet_holds_an_image_and_all_that_they_name_are_there(small_site: Path) -> None:
    require_images_in_files(small_site)


def test_the_payload_reader_allows_no_more_inline_scripts_than_there_are(small_site: Path) -> None:
    path = small_site / "payload/index.html"
    metas = [attributes for tag, attributes in page(path).elements if tag == "meta"]
    (policy,) = [meta["content"] for meta in metas if meta.get("http-equiv") == "Content-Security-Policy"]
    assert directives(policy)["script-src"] == {"'self'", *sources_of_scripts(path)}
    assert directives(policy)["connect-src"] == {"'none'"}


def test_the_command_of_the_guide_turns_the_headers_into_lines_of_nginx(small_site: Path) -> None:
    if shutil.which("jq") is None:
        skip_or_fail("no jq here: the guide's command was not tried; tests/install-system-packages installs it")
    (command,) = re.findall(r"^\$ (jq .*) > \S+$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    done = subprocess.run(["sh", "-c", command.replace("site/", f"{small_site}/")], capture_output=True, check=True)
    lines = dict(re.findall(r'^add_header (\S+) "([^"$\\]*)" always;$', done.stdout.decode(), re.MULTILINE))
    assert lines == headers(small_site)
