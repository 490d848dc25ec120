import assert from "node:assert/strict";
import { test } from "node:test";
import { Marker } from "../../../site_src/assets/explorer/marks.js";
import { exportedRows, shownRow } from "../../../site_src/assets/explorer/results.js";
import { EVERYTHING, engineOf } from "./small_index.js";

const ENGINE = engineOf([
  {
    name: "counts.boards",
    description: "boards that somebody created",
    sql: "SELECT needle",
    status: ["active"],
    group: ["plan"],
    tier: ["free", "premium"],
    milestone: ["16.1"],
  },
]);

const shown = (q) => shownRow(ENGINE, new Marker(ENGINE.search({ ...EVERYTHING, q }).patterns), 0);

test("a row has its name, its page, its labels and the marks of what was found", () => {
  const { name, path, nameMarks, labels, status, elsewhere } = shown("boards");
  assert.deepEqual([name, path, status], ["counts.boards", "counts.boards", "active"]);
  assert.deepEqual(nameMarks, [[7, 13]]);
  assert.deepEqual(labels, { status: ["active"], group: ["plan"], tier: ["free", "premium"], milestone: ["16.1"] });
  assert.equal(elsewhere, null);
});

test("a word that neither the name nor the gist has is shown where it stands", () => {
  assert.equal(shown("needle").elsewhere?.title, "SQL");
  assert.equal(shown("boards needle").elsewhere?.text, "SELECT needle");
  assert.equal(shown("created").elsewhere?.title, "Description");
  assert.equal(shown("sql:needle").elsewhere?.title, "SQL");
});

test("an export has the columns that are shown, under the definition's own names", () => {
  const [columns, rows] = exportedRows(ENGINE, Uint32Array.of(0), ["name", "description", "tier", "group", "pi"]);
  assert.deepEqual(columns, ["key_path", "description", "product_group", "tiers", "performance_indicator_type"]);
  assert.deepEqual(rows, [
    {
      key_path: "counts.boards",
      description: "boards that somebody created",
      product_group: "plan",
      tiers: ["free", "premium"],
      performance_indicator_type: [],
    },
  ]);
});
