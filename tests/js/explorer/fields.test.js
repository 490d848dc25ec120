import assert from "node:assert/strict";
import { test } from "node:test";
import { facetTitle, KINDS, TEXT_TITLES } from "../../../site_src/assets/explorer/fields.js";
import { SEARCHES } from "../../../site_src/assets/explorer/help.js";

const namesOf = (kind) => new Set([...kind.fields.map(({ name }) => name), ...kind.searched, "file", "metric"]);

test("facets and first columns are fields", () => {
  for (const kind of Object.values(KINDS)) {
    const columns = new Set(kind.fields.map(({ name }) => name));
    assert.deepEqual(
      [...kind.facets, ...kind.columns].filter((name) => !columns.has(name)),
      [],
    );
  }
});

test("every other name of a field leads to a field, and every field's exported name is one", () => {
  for (const kind of Object.values(KINDS)) {
    const names = namesOf(kind);
    assert.deepEqual(
      Object.values(kind.aliases).filter((name) => !names.has(name)),
      [],
    );
    for (const { name, exported } of kind.fields) {
      const meant = name === exported || kind.aliases[exported] === name || kind.noun === "event";
      assert.ok(meant, `${exported} is not an alias of ${name}`);
    }
  }
});

test("every text that a match can be shown from has a title", () => {
  for (const kind of Object.values(KINDS)) {
    for (const name of kind.searched) assert.ok(TEXT_TITLES[name], name);
  }
});

test("a facet has a long title where its column's is short", () => {
  assert.equal(facetTitle(KINDS.metrics, "group"), "Product group");
  assert.equal(facetTitle(KINDS.metrics, "status"), "Status");
});

test("every field that the help names can be searched", () => {
  for (const kind of Object.values(KINDS)) {
    const names = namesOf(kind);
    const [, meaning] = SEARCHES[kind.noun].find(([, said]) => said.startsWith("one field: ")) ?? ["", ""];
    const listed = meaning.slice("one field: ".length).split(", ");
    assert.ok(listed.length > 5);
    assert.deepEqual(
      listed.filter((name) => !names.has(name)),
      [],
    );
  }
});
