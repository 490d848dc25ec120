import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../random.js";
import { EVERYTHING, engineOf, GROUPS, MILESTONES, randomMetrics, STATUSES, TIERS, WORDS } from "./small_index.js";

const VALUES = { status: STATUSES, group: GROUPS, tier: TIERS };
const METRICS = randomMetrics(5, 150);
const ENGINE = engineOf(METRICS);

const found = (query, engine = ENGINE) =>
  Array.from(engine.search({ ...EVERYTHING, ...query }).order, (row) => engine.names[row]);
const namesOf = (metrics) => metrics.map(({ name }) => name);

/** Whether a word starts in one of the texts, or stands anywhere in the name. */
function holdsWord(metric, word, negated) {
  const starts = new RegExp(`(?<![a-z0-9])${word}`);
  const texts = [metric.description, metric.sql.toLowerCase()];
  return (negated ? starts.test(metric.name) : metric.name.includes(word)) || texts.some((text) => starts.test(text));
}

const passesFacet = (metric, facet, query) => {
  if (facet === "milestone") {
    const position = MILESTONES.indexOf(metric.milestone[0]);
    const low = query.from ? MILESTONES.indexOf(query.from) : 0;
    const high = query.to ? MILESTONES.indexOf(query.to) : Infinity;
    return position >= low && position <= high;
  }
  const chosen = new Map(query.chosen).get(facet);
  if (chosen) return metric[facet].some((value) => chosen.includes(value));
  return facet !== "status" || query.removed || metric.status[0] !== "removed";
};

test("words, negated words and facets find the rows, and count the values, that looking at each row gives", () => {
  const random = seeded(6);
  const facets = ["status", "group", "tier", "milestone"];
  for (let round = 0; round < 400; round += 1) {
    const words = Array.from({ length: random.below(3) }, () => [random.pick(WORDS), random.chance(0.3)]);
    const chosen = Object.entries(VALUES)
      .filter(() => random.chance(0.3))
      .map(([facet, values]) => [facet, values.filter(() => random.chance(0.5))])
      .filter(([, values]) => values.length);
    const [low, high] = [random.below(MILESTONES.length), random.below(MILESTONES.length)].sort();
    const query = {
      ...EVERYTHING,
      q: words.map(([word, negated]) => `${negated ? "-" : ""}${word}`).join(" "),
      chosen,
      from: random.chance(0.2) ? MILESTONES[low] : "",
      to: random.chance(0.2) ? MILESTONES[high] : "",
      removed: random.chance(0.5),
    };
    const matching = METRICS.filter((metric) =>
      words.every(([word, negated]) => holdsWord(metric, word, negated) !== negated),
    );
    const passesBut = (metric, left) => facets.every((facet) => facet === left || passesFacet(metric, facet, query));
    const expected = matching.filter((metric) => passesBut(metric, ""));
    const result = ENGINE.search(query);
    const said = JSON.stringify(query);
    assert.deepEqual(Array.from(result.order, (row) => ENGINE.names[row]).sort(), namesOf(expected).sort(), said);
    for (const [facet, values] of Object.entries({ ...VALUES, milestone: MILESTONES })) {
      const counts = values.map(
        (value) => matching.filter((metric) => passesBut(metric, facet) && metric[facet].includes(value)).length,
      );
      assert.deepEqual(result.counts[facet], counts, `${facet} ${said}`);
    }
    const hidden = matching.filter((metric) => passesBut(metric, "status") && !passesFacet(metric, "status", query));
    assert.equal(result.hidden, hidden.length, said);
  }
});

test("rows are sorted by each key in turn, and those without a value are last either way", () => {
  const order = {
    group: (metric) => (metric.group.length ? metric.group[0] : null),
    milestone: (metric) => MILESTONES.indexOf(metric.milestone[0]),
    name: (metric) => metric.name,
  };
  for (const sort of [
    [{ key: "group", down: false }],
    [{ key: "group", down: true }],
    [{ key: "name", down: true }],
    [
      { key: "group", down: true },
      { key: "milestone", down: false },
      { key: "name", down: true },
    ],
  ]) {
    const expected = METRICS.toSorted((a, b) => {
      for (const { key, down } of sort) {
        const [left, right] = [order[key](a), order[key](b)];
        if (left === right) continue;
        if (left === null || right === null) return left === null ? 1 : -1;
        return left < right === down ? 1 : -1;
      }
      return 0;
    });
    assert.deepEqual(found({ sort }), namesOf(expected), JSON.stringify(sort));
  }
});

test("a match in the name comes before any match elsewhere, a whole name first", () => {
  const engine = engineOf(
    [
      { name: "counts.a", description: "board board board" },
      { name: "counts.board", description: "" },
      { name: "counts.board_created", description: "" },
      { name: "counts.xboard", description: "" },
    ].map((metric) => ({ sql: "", status: ["active"], group: [], tier: [], milestone: ["16.1"], ...metric })),
  );
  assert.deepEqual(found({ q: "board" }, engine), [
    "counts.board",
    "counts.board_created",
    "counts.xboard",
    "counts.a",
  ]);
  assert.equal(found({ q: "counts_board" }, engine)[0], "counts.board");
});

test("a field's value means that value alone, where there is one", () => {
  const inGroup = (group) => namesOf(METRICS.filter((metric) => metric.group.includes(group))).sort();
  assert.deepEqual(found({ q: "group:runner" }).sort(), inGroup("runner"));
  assert.deepEqual(found({ q: "group:fleet" }).sort(), inGroup("runner_fleet"));
  assert.deepEqual(found({ q: "product_group:plan" }).sort(), inGroup("plan"));
});

test("milestones are compared as versions", () => {
  const within = (...wanted) => namesOf(METRICS.filter(({ milestone }) => wanted.includes(milestone[0]))).sort();
  for (const [q, ...wanted] of [
    ["milestone:13.9..16.1", "13.9", "13.10", "16.1"],
    ["milestone:..13.9", "<13.9", "13.9"],
    ["milestone:>=16.1", "16.1", "16.10"],
    ["milestone:>16.1", "16.10"],
    ["milestone:<13.10", "<13.9", "13.9"],
    ["milestone:<=13.9", "<13.9", "13.9"],
    ["milestone:<13.9", "<13.9"],
    ["milestone:13.10", "13.10"],
  ]) {
    assert.deepEqual(found({ q }).sort(), within(...wanted), q);
  }
});

test("a query that names a status shows removed metrics although they are hidden", () => {
  const removed = namesOf(METRICS.filter(({ status }) => status[0] === "removed")).sort();
  assert.deepEqual(found({ q: "status:removed", removed: false }).sort(), removed);
});

test("a typo is corrected only where nothing else is found, and is said", () => {
  const { order, corrected, patterns } = ENGINE.search({ ...EVERYTHING, q: "runer" });
  assert.deepEqual(corrected, ["runer"]);
  assert.deepEqual(patterns[0].spellings, ["runner"]);
  const right = found({ q: "runner" });
  assert.ok(order.length > 0 && Array.from(order, (row) => ENGINE.names[row]).every((name) => right.includes(name)));
  assert.deepEqual(ENGINE.search({ ...EVERYTHING, q: '"runer"' }).corrected, []);
  assert.deepEqual(ENGINE.search({ ...EVERYTHING, q: "runner" }).corrected, []);
});

test("the same search gives the same answer again, whatever was searched between", () => {
  const first = found({ q: "board" });
  for (let length = 0; length < 60; length += 1) found({ q: `x${length}` });
  assert.deepEqual(found({ q: "board" }), first);
});

test("names of the language's own properties are not fields", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    assert.equal(ENGINE.fieldOf(name), undefined);
    assert.deepEqual(found({ q: `${name}:x` }), []);
  }
});

test("until the second file is here its fields find nothing, and say no wrong", () => {
  const engine = engineOf(METRICS);
  engine.texts.delete("sql");
  assert.equal(engine.fieldOf("sql"), "sql");
  assert.deepEqual(found({ q: "sql:select" }, engine), []);
});
