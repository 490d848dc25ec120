"""The policy that a build writes, held against every page that it wrote; the hashes are this test's own."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import skip_or_fail
from tests.site.built_pages import page, pages

if TYPE_CHECKING:
    from collections.abc import Mapping

GUIDE = Path(__file__).parents[2] / "site_src/guides/run-it.md"


def headers(site: Path) -> Mapping[str, str]:
    found: Mapping[str, str] = json.loads((site / "headers.json").read_text(encoding="utf-8"))
    return found


def directives(policy: str) -> dict[str, set[str]]:
    parts = [directive.split() for directive in policy.split("; ")]
    return {name: set(sources) for name, *sources in parts}


def sources_of_scripts(path: Path) -> set[str]:
    """Return what a policy has to name for the inline scripts of a page. A script with a type of JSON is none."""
    scripts = re.findall(r"<script>(.*?)</script>", page(path).html, re.DOTALL)
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    return {f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests}


@pytest.mark.parametrize("name", ["shipped_site", "recorded_site", "small_site"])
def test_the_policy_allows_what_the_pages_are_made_of_and_nothing_else(
    name: str, request: pytest.FixtureRequest
) -> None:
    site = request.getfixturevalue(name)
    policy = directives(headers(site)["Content-Security-Policy"])
    scripts = policy.pop("script-src")
    assert policy == {
        "default-src": {"'none'"},
        "style-src": {"'self'"},
        "style-src-attr": {"'unsafe-inline'"},
        "img-src": {"'self'"},
        "connect-src": {"'self'"},
        "worker-src": {"'self'"},
        "form-action": {"'self'"},
        "base-uri": {"'none'"},
        "frame-ancestors": {"'none'"},
    }
    used = set[str]()
    for path in pages(site):
        used |= sources_of_scripts(path)
        elements = page(path).elements
        assert not [tag for tag, _ in elements if tag in {"style", "iframe", "object", "embed", "base"}], path
        assert not [key for _, attributes in elements for key in attributes if key.startswith("on")], path
        inline = [attributes for tag, attributes in elements if tag == "script" and "src" not in attributes]
        assert all(attributes in ({}, {"id": "__config", "type": "application/json"}) for attributes in inline), path
    assert scripts == {"'self'", *used}
    assert len(used) <= 4  # the same on every page: the policy fits into the configuration of a web server


def test_the_companions_of_the_policy_are_beside_it(small_site: Path) -> None:
    found = headers(small_site)
    assert found["Referrer-Policy"] == "same-origin"
    assert found["X-Content-Type-Options"] == "nosniff"
    assert {"camera=()", "geolocation=()", "microphone=()"} <= set(found["Permissions-Policy"].split(", "))


def test_no_style_sheet_holds_an_image_and_all_that_they_name_are_there(small_site: Path) -> None:
    for style_sheet in small_site.rglob("*.css"):
        addresses = re.findall(r"""url\(["']?([^"')]*)""", style_sheet.read_text(encoding="utf-8"))
        for address in addresses:
            assert (style_sheet.parent / address).is_file(), f"{style_sheet.name}: {address}"
    assert len(list((small_site / "assets/stylesheets/icons").iterdir())) > 20


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
