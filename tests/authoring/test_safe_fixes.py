"""No safe fix turns one valid meaning into another, whatever the names are: plain Python says what may change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics_dictionary.authoring.edit.fixing import fixing_of
from tests.small_root import BAKERY_EVENT, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hypothesis.strategies import DrawFn

GROUPS = ("bakery", "oven_team", "oventeam", "planning", "un_planning")
EVENTS = ("bake_loaf", "bakeloaf", "unbake_loaf", "sell_loaf", "sell_loaves", "activate_oven", "deactivate_oven")
FIXED = {
    "status": ("active", "broken", "removed"),
    "time_frame": ("7d", "28d", "all", "none"),
    "data_category": ("operational", "optional", "subscription", "standard"),
    "tiers": ("free", "premium", "ultimate"),
}
WRONG = ("inactive", "1d", "non_optional", "deactivate", "freemium", "un_bakery", "rebake_loaf", "group::planning", "x")
VERSIONS = ("16.10", "'16.10'", '"16.10"', "16", "16.10.1")


@st.composite
def spelled(draw: DrawFn, names: tuple[str, ...]) -> str:
    """Return a name of the list, one in another case or with other separators, or one that is none of them."""
    name = draw(st.sampled_from((*names, *WRONG)))
    cases: list[Callable[[str], str]] = [str, str.upper, str.title, str.lower]
    case = draw(st.sampled_from(cases))
    separators = draw(st.sampled_from([("", ""), ("_", "-"), ("_", " "), ("_", ""), ("_", "__")]))
    return case(name.replace(*separators))


@st.composite
def metrics(draw: DrawFn) -> str:
    status = draw(spelled(("active", "broken")))
    tiers = draw(st.lists(spelled(FIXED["tiers"]), min_size=1, max_size=2))
    return f"""\
---
key_path: counts.loaves
description: Loaves that came out of the oven, rolls not included.
product_group: {json.dumps(draw(spelled(GROUPS)))}
value_type: number
status: {status}
milestone: {draw(st.sampled_from(VERSIONS))}
introduced_by_url: https://example.com/changes/1
time_frame: {draw(spelled(FIXED["time_frame"]))}
data_source: internal_events
data_category: {draw(spelled(FIXED["data_category"]))}
tiers: [{", ".join(tiers)}]
events:
- name: {draw(spelled(EVENTS))}
"""


def bare(name: str) -> str:
    return "".join(character for character in name.lower() if character not in "-_ ")


def allowed(path: tuple[str | int, ...]) -> tuple[str, ...]:
    if path == ("product_group",):
        return GROUPS
    if path == ("events", 0, "name"):
        return EVENTS
    return FIXED.get(str(path[0]), ())


def right(path: tuple[str | int, ...], written: str) -> str:
    """Return what a value has to be after the safe fixes."""
    names = allowed(path)
    same = [name for name in names if bare(name) == bare(written)]
    return same[0] if written not in names and len(same) == 1 else written


def strings(data: object, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], str]:
    """Return every scalar as it is written, by its place."""
    if isinstance(data, str):
        return {path: data}
    pairs = data.items() if isinstance(data, dict) else enumerate(data if isinstance(data, list) else ())
    return {place: text for step, value in pairs for place, text in strings(value, (*path, step)).items()}


@given(text=metrics())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_only_an_impossible_value_changes_and_only_to_the_one_name_that_it_spells(tmp_path: Path, text: str) -> None:
    root = tmp_path / "definitions"
    for event in EVENTS:
        write(root / "events" / f"{event}.yml", BAKERY_EVENT.format(name=event, group="bakery"))
    write(root / "product_groups.yml", {group: {"name": group} for group in GROUPS})
    file = write(root / "metrics" / "counts_all" / "loaves.yml", text)
    after = {path: new for path, (_, new) in fixing_of([root]).texts.items()}
    assert set(after) <= {file}
    new = after.get(file, text)
    before_strings = strings(yaml.load(text, yaml.BaseLoader))
    assert strings(yaml.load(new, yaml.BaseLoader)) == {path: right(path, one) for path, one in before_strings.items()}
    milestone = yaml.safe_load(new)["milestone"]
    assert milestone == ("16.10" if "16.10\n" in text else yaml.safe_load(text)["milestone"])
