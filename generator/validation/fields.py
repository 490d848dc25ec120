"""The field reference: every field that a definition may have, as its schema explains it."""

from __future__ import annotations
