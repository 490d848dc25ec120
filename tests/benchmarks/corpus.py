"""A generated definitions root of any size, valid, the same for the same seed, and using every feature of the format.

Run it to look at one: ``python -m tests.benchmarks.corpus 5000 /tmp/corpus``.
"""

from __future__ import annotations

import json
import random
import sys
import textwrap
from pathlib import Path

from tests.small_root import write

AREAS = ("plan", "create", "verify", "package", "deploy", "secure", "monitor", "manage", "search", "growth")
OBJECTS = (
    "issue",
    "board",
    "epic",
    "pipeline",
    "job",
    "runner",
    "package",
    "image",
    "scan",
    "alert",
    "project",
    "group",
)
ACTIONS = ("create", "close", "open", "edit", "move", "rename", "share", "approve", "retry", "import", "export", "view")
PROSE = (
    "people projects groups pipelines jobs issues with without during after before the last complete weeks counted "
    "once however often they return archived ones are left out imports do not add to this number only finished work is "
    "seen bots service accounts and blocked people never appear values come from the primary database a retry counts"
)
WORDS = tuple(PROSE.split(" "))
TIERS = ("[free, premium, ultimate]", "[premium, ultimate]", "[ultimate]")
INDICATORS = (
    "gmau",
    "smau",
    "paid_gmau",
    "umau",
    "customer_health_score",
    "devops_report",
    "lighthouse",
    "leading_indicator",
)
CATEGORIES = ("operational", "optional", "subscription", "standard")
EVENT_SHARE = 10
"""Every tenth definition is an event."""


def write_corpus(size: int, root: Path, seed: int = 1) -> None:
    """Write ``size`` metric and event files and what they refer to under ``root``, which must not exist."""
    corpus = _Corpus(random.Random(seed), size)
    events = size // EVENT_SHARE
    for number in range(events):
        write(root / "events" / f"{corpus.event_name(number)}.yml", corpus.event(number))
    for number in range(size - events):
        folder, text = corpus.metric(number)
        write(root / "metrics" / folder / f"{corpus.metric_name(number)}.yml", text)
    write(root / "product_groups.yml", _product_groups())
    write(root / "instrumentations" / "all.yml", corpus.instrumentations())
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "description": "Any object."}
    write(root / "object_schemas" / "anything.json", json.dumps(schema, indent=2) + "\n")


class _Corpus:
    def __init__(self, chance: random.Random, size: int) -> None:
        self._chance = chance
        self._events = max(size // EVENT_SHARE, 1)
        self._classes: dict[str, str] = {
            "RedisMetric": "  source: redis\n",
            "RedisHLLMetric": "  source: redis_hll\n",
        }

    def event_name(self, number: int) -> str:
        return f"{ACTIONS[number % 12]}_{OBJECTS[number // 12 % 12]}_{number:05}"

    def metric_name(self, number: int) -> str:
        return f"{AREAS[number % 10]}_{OBJECTS[number // 10 % 12]}_{number:05}"

    def event(self, number: int) -> str:
        properties = (
            "additional_properties:\n"
            "  label:\n    description: Where it was done; a page or a command.\n"
            "  property:\n    description: How it ended; done, failed or left.\n"
            "  value:\n    description: How long it took, in seconds.\n"
            "  lang:\n    description: Language of the text, as a two-letter code.\n"
        )
        return (
            f"---\ndescription: {self._description()}\n"
            f"internal_events: true\naction: {self.event_name(number)}\n"
            "identifiers:\n- project\n- namespace\n- user\n"
            f"{properties}product_group: {self._group()}\n"
            f"milestone: '{self._milestone()}'\nintroduced_by_url: {self._url()}\n"
            f"tiers: {self._chance.choice(TIERS)}\n"
        )

    def metric(self, number: int) -> tuple[str, str]:
        kind = (self._counted, self._summed, self._unique, self._database, self._redis, self._hll, self._fact)[
            number % 7
        ]
        folder, prefix, particular = kind(number)
        status, lifecycle = self._status(number)
        return folder, (
            f"---\nkey_path: {prefix}.{self.metric_name(number)}\n"
            f"description: {self._description()}\n"
            f"product_group: {self._group()}\n"
            "product_categories:\n- category_" + AREAS[number % 10] + "\n"
            f"performance_indicator_type: {self._indicators()}\n"
            f'status: {status}\nmilestone: "{self._milestone()}"\nintroduced_by_url: {self._url()}\n{lifecycle}'
            f"{particular}data_category: {CATEGORIES[number % 4]}\ntiers:\n- premium\n- ultimate\n"
        )

    def _counted(self, number: int) -> tuple[str, str, str]:
        filters = ("", "  filter:\n    label: page\n", "  filter:\n    lang: en\n    property: done\n")[number % 3]
        frames = "time_frame:\n- 7d\n- 28d\n- all\n" if number % 2 else "time_frame: all\n"
        rule = f"events:\n- name: {self._any_event()}\n{filters}"
        return "counts_all", "counts", f"value_type: number\n{frames}data_source: internal_events\n{rule}"

    def _summed(self, _number: int) -> tuple[str, str, str]:
        return (
            "counts_all",
            "counts",
            (
                "value_type: number\ntime_frame: all\ndata_source: internal_events\n"
                f"events:\n- name: {self._any_event()}\n  operator: sum(value)\n"
            ),
        )

    def _unique(self, number: int) -> tuple[str, str, str]:
        unique = ("user.id", "project.id", "namespace.id", "label", "property")[number % 5]
        names = sorted({self._any_event() for _ in range(1 + number % 4)})
        rules = "".join(f"- name: {name}\n  unique: {unique}\n" for name in names)
        return (
            "counts_all",
            "redis_hll_counters",
            (f"value_type: number\ntime_frame: [7d, 28d]\ndata_source: internal_events\nevents:\n{rules}"),
        )

    def _database(self, number: int) -> tuple[str, str, str]:
        name = f"Count{_letters(number)}Metric"
        self._classes[name] = (
            f"  source: database\n  operation: {('count', 'distinct_count', 'sum', 'average')[number % 4]}\n"
            f"  table: {OBJECTS[number % 12]}s\n  column: {('id', 'user_id', 'size', 'duration')[number % 4]}\n"
            f"  conditions:\n    - status: [{number % 5}, {number % 7}]\n    - archived: false\n"
        )
        frames = ("time_frame: all\n", "time_frame: [28d, all]\n")[number % 2]
        return (
            "counts_all",
            "counts",
            (f"value_type: number\n{frames}data_source: database\ninstrumentation_class: {name}\n"),
        )

    def _redis(self, number: int) -> tuple[str, str, str]:
        return (
            "counts_all",
            "counts",
            (
                "value_type: number\ntime_frame: all\ndata_source: redis\ninstrumentation_class: RedisMetric\n"
                f"options:\n  event: {OBJECTS[number % 12]}_viewed\n  prefix: {AREAS[number % 10]}\n"
            ),
        )

    def _hll(self, number: int) -> tuple[str, str, str]:
        return (
            "counts_28d",
            "counts_monthly",
            (
                "value_type: number\ntime_frame: 28d\ndata_source: redis_hll\ninstrumentation_class: RedisHLLMetric\n"
                f"options:\n  events:\n  - i_{AREAS[number % 10]}_{OBJECTS[number % 12]}\n"
            ),
        )

    def _fact(self, number: int) -> tuple[str, str, str]:
        kind = number // 7 % 4
        name = f"Fact{_letters(number)}Metric"
        source, self._classes[name] = (
            ("system", f"  source: setting\n  setting: instance.fact_{number}\n  default: none\n"),
            ("license", "  source: license\n  field: plan\n"),
            ("prometheus", f"  source: prometheus\n  query: max(fact_{number})\n"),
            ("system", "  source: machine\n  fact: operating_system\n"),
        )[kind]
        value = ("boolean", "string", "number", "object")[kind]
        schema = "value_json_schema: object_schemas/anything.json\n" if value == "object" else ""
        folder = "license" if source == "license" else "settings"
        return (
            folder,
            "settings",
            (f"value_type: {value}\ntime_frame: none\ndata_source: {source}\ninstrumentation_class: {name}\n{schema}"),
        )

    def instrumentations(self) -> str:
        return "---\n" + "".join(f"{name}:\n{entry}" for name, entry in self._classes.items())

    def _status(self, number: int) -> tuple[str, str]:
        if number % 25 == 3:
            return "removed", f"milestone_removed: '18.{number % 11}'\nremoved_by_url: {self._url()}\n"
        if number % 40 == 7:
            return "broken", f"repair_issue_url: {self._url()}\n"
        return "active", ""

    def _description(self) -> str:
        words = " ".join(self._chance.choices(WORDS, k=self._chance.randint(8, 45))).capitalize()
        if self._chance.random() < 0.4:
            return ">-\n" + textwrap.indent(textwrap.fill(words, 76), "  ")
        return textwrap.fill(words, 90, subsequent_indent="  ")

    def _any_event(self) -> str:
        return self.event_name(self._chance.randrange(self._events))

    def _indicators(self) -> str:
        return "[]" if self._chance.random() < 0.7 else f"[{self._chance.choice(INDICATORS)}]"

    def _group(self) -> str:
        return f"{self._chance.choice(AREAS)}_team_{self._chance.randrange(4)}"

    def _milestone(self) -> str:
        return (
            "<13.9" if self._chance.random() < 0.1 else f"{self._chance.randint(13, 17)}.{self._chance.randint(10, 11)}"
        )

    def _url(self) -> str:
        return f"https://code.example.com/product/-/merge_requests/{self._chance.randint(1000, 250000)}"


def _letters(number: int) -> str:
    """Spell a number in letters: class names have no digits."""
    return "".join("Abcdefghij"[int(digit)].lower() for digit in str(number)).capitalize()


def _product_groups() -> str:
    entries = [
        f"{area}_team_{number}:\n  name: {area.capitalize()} team {number}\n  stage: {area}\n"
        for area in AREAS
        for number in range(4)
    ]
    return "---\n" + "".join(entries)


if __name__ == "__main__":
    write_corpus(int(sys.argv[1]), Path(sys.argv[2]))
