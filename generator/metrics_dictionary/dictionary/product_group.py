"""A product group: who owns a definition, and who must hear when it changes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProductGroup:
    """An entry of ``product_groups.yml``. ``identifier`` is what definitions name; the rest is for readers."""

    identifier: str
    name: str
    stage: str | None = None
    section: str | None = None
    description: str | None = None
    contact: str | None = None
