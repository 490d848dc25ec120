"""The site's JavaScript without a browser: what is pure in it, run by node's own test runner."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import skip_or_fail

HERE = Path(__file__).parent
FILES = sorted(HERE.rglob("*.test.js"))
ASSETS = HERE.parents[1] / "site_src/assets"
NEEDS_A_PAGE = re.compile(r"\b(?:document|self|byId|make)[.(]|\bHTML\w*Element\b")


@pytest.mark.parametrize("room", sorted({path.parent.name for path in FILES}))
def test_the_pure_modules_of_the_site_pass_their_own_tests(room: str) -> None:
    node = shutil.which("node")
    if node is None:
        skip_or_fail("no node here: the site's JavaScript is tested in the browser alone; please install nodejs")
        return
    files = [str(path) for path in FILES if path.parent.name == room]
    run = subprocess.run([node, "--test", *files], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_module_that_needs_no_page_is_imported_by_a_test() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in HERE.rglob("*.js"))
    imported = set(re.findall(r'"[./]+/site_src/assets/(\S+)"', tests))
    modules = {path.relative_to(ASSETS).as_posix(): path.read_text(encoding="utf-8") for path in ASSETS.rglob("*.js")}
    pure = {name for name, text in modules.items() if not NEEDS_A_PAGE.search(text)}
    assert sorted(pure - imported) == []
