import assert from "node:assert/strict";
import { test } from "node:test";
import { SetColumn, TextColumn } from "../../../site_src/assets/explorer/columns.js";

const text = () => new TextColumn({ values: ["b", "", "A"], rows: [0, 1, 2, 0] });
const TIERS = {
  values: ["premium", "free", "ultimate"],
  labels: { 1: "Free" },
  sets: [[0, 2], [], [1]],
  rows: [2, 0, 1],
};

const spread = (column, found) => {
  const visited = [];
  column.spread(Uint8Array.from(found), (row, quality) => visited.push([row, quality]));
  return visited;
};

test("a text column knows the string of each row", () => {
  assert.deepEqual(
    [0, 1, 2, 3].map((row) => text().at(row)),
    ["b", "", "A", "b"],
  );
});

test("what was found in a value is found in each row that has it", () => {
  assert.deepEqual(spread(text(), [3, 0, 1]), [
    [0, 3],
    [2, 1],
    [3, 3],
  ]);
});

test("rows are ranked by the alphabet, and nothing has rank 0", () => {
  const { of, count } = text().ranks;
  assert.deepEqual([of[1], of[2] < of[0], of[0] === of[3]], [0, true, true]);
  assert.ok(Math.max(...of) <= count);
});

test("the first of the alphabet is not nothing", () => {
  assert.ok(new TextColumn({ values: ["b", "a"], rows: [0, 1] }).ranks.of.every((rank) => rank > 0));
});

test("a set column knows the values and the labels of each row", () => {
  const column = new SetColumn(TIERS, false);
  assert.deepEqual(
    [0, 1, 2].map((row) => column.at(row)),
    [["free"], ["premium", "ultimate"], []],
  );
  assert.deepEqual(
    [0, 1, 2].map((row) => column.labelsAt(row)),
    [["Free"], ["premium", "ultimate"], []],
  );
});

test("a combination of values is as good as its best value", () => {
  const column = new SetColumn(TIERS, false);
  assert.deepEqual([...column.best((position) => [1, 0, 4][position])], [4, 0, 0]);
  assert.deepEqual(spread(column, [4, 0, 1]), [
    [0, 1],
    [1, 4],
  ]);
});

test("sets are ranked by their labels, or by their values' own order where that means something", () => {
  const byLabel = new SetColumn(TIERS, false).ranks.of;
  assert.ok(byLabel[2] === 0 && byLabel[0] < byLabel[1]);
  const milestones = { values: ["9.9", "10.0"], labels: {}, sets: [[1], [0], []], rows: [0, 1, 2] };
  assert.deepEqual([...new SetColumn(milestones, true).ranks.of], [2, 1, 0]);
});
