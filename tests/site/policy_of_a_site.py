"""What the policy of a built site has to be, found in its pages: the hashes are this module's own."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING

from tests.site.built_pages import page, pages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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


def require_fitting_policy(site: Path) -> None:
    """Fail unless the policy allows what the pages are made of, and nothing else."""
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


def require_images_in_files(site: Path) -> None:
    """Fail where a style sheet holds an image, or names one that is not there."""
    for style_sheet in site.rglob("*.css"):
        addresses = re.findall(r"""url\(["']?([^"')]*)""", style_sheet.read_text(encoding="utf-8"))
        for address in addresses:
            assert (style_sheet.parent / address).is_file(), f"{style_sheet.name}: {address}"
    assert len(list((site / "assets/stylesheets/icons").iterdir())) > 20
