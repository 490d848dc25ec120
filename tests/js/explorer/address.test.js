import assert from "node:assert/strict";
import { test } from "node:test";
import { fromAddress, toAddress } from "../../../site_src/assets/explorer/address.js";
import { KINDS } from "../../../site_src/assets/explorer/fields.js";
import { seeded } from "../random.js";

const KIND = KINDS.metrics;

test("an empty address shows everything as usual", () => {
  const state = fromAddress("", KIND);
  assert.deepEqual(state, {
    q: "",
    chosen: new Map(),
    from: "",
    to: "",
    removed: false,
    sort: [],
    columns: KIND.columns,
    compact: false,
  });
  assert.equal(toAddress(state, KIND), "");
});

test("the parameters that other sites link with keep their meaning", () => {
  const { q, chosen } = fromAddress("?q=ci+builds&status=active&category=operational", KIND);
  assert.equal(q, "ci builds");
  assert.deepEqual(
    [...chosen],
    [
      ["status", ["active"]],
      ["category", ["operational"]],
    ],
  );
});

test("a range of milestones has two ends, one, or is a single milestone", () => {
  for (const [address, from, to] of [
    ["milestone=15.1..16.2", "15.1", "16.2"],
    ["milestone=15.1..", "15.1", ""],
    ["milestone=..16.2", "", "16.2"],
    ["milestone=15.1", "15.1", "15.1"],
  ]) {
    const state = fromAddress(`?${address}`, KIND);
    assert.deepEqual([state.from, state.to], [from, to], address);
    assert.equal(toAddress(state, KIND), `?${address}`);
  }
});

test("what the explorer does not know is left out", () => {
  const state = fromAddress("?sort=nonsense,-,-group&columns=nonsense&__proto__=1&density=x&removed=1", KIND);
  assert.deepEqual(state.sort, [{ key: "group", down: true }]);
  assert.deepEqual(state.columns, KIND.columns);
  assert.deepEqual([state.chosen.size, state.compact, state.removed], [0, false, false]);
});

test("columns are in the order of the table, whatever the address says", () => {
  assert.deepEqual(fromAddress("?columns=milestone,name", KIND).columns, ["name", "milestone"]);
});

test("every state comes back from its own address", () => {
  const random = seeded(7);
  const some = (list) => list.filter(() => random.chance(0.4));
  const names = KIND.fields.map(({ name }) => name);
  for (let round = 0; round < 300; round += 1) {
    const columns = some(names);
    const from = random.pick(["", "15.1"]);
    const state = {
      q: random.pick(["", 'a "b c" -d', "x&y=z?#%", "é,ü"]),
      chosen: new Map(
        some(["status", "group", "tier"]).map((facet) => [facet, random.pick([["a"], ["b", "c,d"], ["&="]])]),
      ),
      from,
      to: random.pick(["", "16.2", from]),
      removed: random.chance(0.5),
      sort: some(names).map((key) => ({ key, down: random.chance(0.5) })),
      columns: columns.length ? columns : KIND.columns,
      compact: random.chance(0.5),
    };
    assert.deepEqual(fromAddress(toAddress(state, KIND), KIND), state);
  }
});
