import assert from "node:assert/strict";
import { test } from "node:test";
import { CHANGES, changeOf, growth } from "../../../site_src/assets/payload/comparison.js";

/** now, before, the change, and how it is said. */
const CASES = [
  [undefined, undefined, null, ""],
  [1, undefined, "added", "new"],
  [undefined, 0, "gone", "gone"],
  [5, 5, "same", "0"],
  ["x", "x", "same", "same"],
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, "same", "same"],
  ["x", "y", "changed", "changed"],
  [1, "1", "changed", "changed"],
  [null, 0, "changed", "changed"],
  [-1, 5, "changed", "not comparable"],
  [5, -2, "changed", "not comparable"],
  [12, 10, "grew", "+2 (+20%)"],
  [10, 12, "shrank", "−2 (−17%)"],
  [1001, 1000, "grew", "+1 (+0.1%)"],
  [3, 0, "grew", "+3"],
  [-5, -10, "grew", "+5 (+50%)"],
  [2_000_000, 1_000_000, "grew", "+1,000,000 (+100%)"],
];

test("what became of a value is told from the two values alone", () => {
  for (const [now, before, change, said] of CASES) {
    assert.equal(changeOf(now, before), change, JSON.stringify([now, before]));
    assert.equal(growth(change, now, before), said, JSON.stringify([now, before]));
  }
});

test("every change but none has a label", () => {
  const changes = new Set(CASES.map(([, , change]) => change).filter((change) => change && change !== "same"));
  assert.deepEqual(new Set(Object.keys(CHANGES)), changes);
});
