"""Where the published site explains a rule."""

from __future__ import annotations

from urllib.parse import quote

RULES = "reference/rules/"
"""Below the site's address; ``generator/site/reference.py`` publishes it."""


def rule_link(site: str, rule: str) -> str:
    """Return the address of a rule's explanation, or an empty text where nobody knows the site's address."""
    return f"{site}{RULES}#{quote(rule)}" if site else ""
