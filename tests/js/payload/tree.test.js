import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPayload } from "../../../site_src/assets/payload/findings.js";
import {
  applyFilter,
  buildTree,
  childrenOf,
  hasChildren,
  keyPathOf,
  rowsOf,
} from "../../../site_src/assets/payload/tree.js";
import { seeded } from "../random.js";
import { definitionsOf } from "./small_dictionary.js";

const NAMES = ["a", "b", "c"];
const DEFINITIONS = definitionsOf([
  { key_path: "a.a", status: "active", value_type: "number", description: "Loaves" },
  { key_path: "a.b", status: "removed" },
  { key_path: "b.c.a", status: "active", value_type: "string" },
  { key_path: "c", status: "active", value_type: "object" },
]);
const NO_FILTER = { only: null, text: "" };

/** A payload of some known and unknown keys. */
function randomPayload(random, depth = 0) {
  const members = NAMES.filter(() => random.chance(0.6)).map((name) => {
    const leaf = depth === 2 || random.chance(0.4);
    return [name, leaf ? random.pick([1, 2, -1, "x", null, [1, { b: 2 }]]) : randomPayload(random, depth + 1)];
  });
  return Object.fromEntries(members);
}

const entriesOf = (payload) => checkPayload(payload, DEFINITIONS);
const pathsOf = (rows) => rows.map(keyPathOf);
const openAll = (node) => node.branch;

test("the tree has a leaf for each entry, under a branch for each object around it", () => {
  const random = seeded(12);
  for (let round = 0; round < 300; round += 1) {
    const entries = entriesOf(randomPayload(random));
    const tree = buildTree(entries, null);
    const leaves = tree.nodes.filter((node) => !node.branch);
    assert.deepEqual(
      leaves.map(({ entry }) => entry),
      entries,
    );
    for (const node of tree.nodes) {
      const above = [];
      for (let parent = node.parent; parent?.parent; parent = parent.parent) above.unshift(parent.name);
      if (node.entry) assert.deepEqual(above, [...node.entry.above]);
      assert.equal(node.depth, above.length + 1);
      assert.ok(node.parent?.children?.includes(node));
      if (node.parent?.parent) assert.ok(tree.nodes.indexOf(node.parent) < tree.nodes.indexOf(node));
    }
  }
});

test("counts are those of the entries, and a branch has those below it", () => {
  const random = seeded(13);
  for (let round = 0; round < 300; round += 1) {
    const entries = entriesOf(randomPayload(random));
    const tree = buildTree(entries, null);
    const kinds = entries.flatMap(({ finding }) => {
      if (!finding) return [];
      return finding.value === undefined ? [finding.kind] : [finding.kind, `${finding.kind}:${finding.value}`];
    });
    for (const kind of new Set([...kinds, ...tree.counts.keys()])) {
      assert.equal(tree.counts.get(kind), kinds.filter((other) => other === kind).length, kind);
    }
    for (const branch of tree.nodes.filter((node) => node.branch)) {
      const path = keyPathOf(branch).split(".");
      const below = entries.filter(({ above }) => path.every((name, depth) => above[depth] === name));
      assert.equal(branch.keys, below.filter(({ value }) => value !== undefined).length);
      const found = Object.groupBy?.(
        below.filter(({ finding }) => finding),
        ({ finding }) => finding.kind,
      );
      for (const [kind, same] of Object.entries(found ?? {})) assert.equal(branch.found?.get(kind), same.length);
    }
  }
});

test("two payloads share one tree: each value stands beside the earlier one", () => {
  const now = entriesOf({ a: { a: 2 }, c: [1], d: 1 });
  const tree = buildTree(now, entriesOf({ a: { a: 1 }, c: [1], e: 5 }));
  const changes = new Map(tree.nodes.filter((node) => node.entry).map((node) => [keyPathOf(node), node.change]));
  assert.deepEqual(
    [...changes],
    [
      ["a.a", "grew"],
      ["c", "same"],
      ["d", "added"],
      ["b.c.a", null],
      ["e", "gone"],
    ],
  );
  assert.equal(tree.counts.get("gone"), 1);
});

test("a finding is about this payload, not about the earlier one", () => {
  const tree = buildTree(entriesOf({}), entriesOf({ a: { b: 1 } }));
  assert.equal(tree.counts.get("removed-metric"), undefined);
});

test("a filter shows what it names and the branches that lead there", () => {
  const tree = buildTree(entriesOf({ a: { a: -1, b: 1 }, c: -1000, x: { y: 1 } }), null);
  const shown = (filter) => {
    const count = applyFilter(tree, { ...NO_FILTER, ...filter });
    return [count, pathsOf(rowsOf(tree, openAll))];
  };
  assert.deepEqual(shown({ only: "fallback-value" }), [2, ["a", "a.a", "c"]]);
  assert.deepEqual(shown({ only: "fallback-value:-1" }), [1, ["a", "a.a"]]);
  assert.deepEqual(shown({ only: "missing-metric" }), [1, ["b", "b.c", "b.c.a"]]);
  assert.deepEqual(shown({ text: "a_b" }), [1, ["a", "a.b"]]);
  assert.deepEqual(shown({ text: "loaves" }), [1, ["a", "a.a"]]);
  assert.deepEqual(shown({ text: "crew" }), [3, ["a", "a.a", "a.b", "c"]]);
  assert.deepEqual(shown({}), [4, ["a", "a.a", "a.b", "c", "x"]]);
});

test("only open branches show what is in them", () => {
  const tree = buildTree(entriesOf({ a: { a: 1, b: 2 }, c: [1] }), null);
  applyFilter(tree, NO_FILTER);
  assert.deepEqual(pathsOf(rowsOf(tree, () => false)), ["a", "c"]);
  assert.deepEqual(pathsOf(rowsOf(tree, () => true)), ["a", "a.a", "a.b", "c", "c.0"]);
});

test("the parts of a value are compared, too", () => {
  const tree = buildTree(entriesOf({ c: { x: 1, y: 2 } }), entriesOf({ c: { x: 1, y: 1, z: 0 } }));
  const value = tree.nodes.find((node) => node.name === "c");
  assert.deepEqual(
    childrenOf(value, true).map(({ name, change }) => [name, change]),
    [
      ["x", "same"],
      ["y", "grew"],
      ["z", "gone"],
    ],
  );
});

test("a long list is broken off, and says how much more there is", () => {
  const tree = buildTree(entriesOf({ c: Array.from({ length: 50_003 }, () => 0) }), null);
  const children = childrenOf(tree.nodes[0], false);
  assert.deepEqual([children.length, children.at(-1)?.name, children.at(-1)?.now], [50_001, "…", "3 more"]);
});

test("an empty list has nothing to open", () => {
  const [node] = buildTree(entriesOf({ c: [] }), null).nodes;
  assert.equal(hasChildren(node), false);
});
