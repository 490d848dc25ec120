"""What keeps people from using a page, as axe-core finds it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import skip_or_fail

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
AXE_MISSING = "no axe-core here: the pages' accessibility is not tested; tests/install-node-packages installs it"


def serious(page: Page) -> list[str]:
    """Return each serious or critical violation on the page, with the element and what to do."""
    if not AXE.exists():
        skip_or_fail(AXE_MISSING)
    page.evaluate(AXE.read_text(encoding="utf-8"))  # a script element would need the leave of the page's policy
    result = page.evaluate("() => axe.run({resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:200]} {json.dumps(node['failureSummary'][:300])}"
        for violation in result["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"][:3]
    ]
