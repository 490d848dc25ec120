import assert from "node:assert/strict";
import { test } from "node:test";
import { fold, normal, normalQuery, parse } from "../../../site_src/assets/explorer/query.js";
import { seeded } from "../random.js";

const FIELDS = { status: "status", key: "name", sql: "sql" };
const fieldOf = (/** @type {string} */ name) => (Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined);
const term = (text, { field = "", phrase = false, negated = false } = {}) => ({ field, text, phrase, negated });

test("words, phrases, fields and minus signs are told apart", () => {
  assert.deepEqual(parse('ci "two words" status:broken -old -"not this" -key:x', fieldOf), [
    term("ci"),
    term("two words", { phrase: true }),
    term("broken", { field: "status" }),
    term("old", { negated: true }),
    term("not this", { phrase: true, negated: true }),
    term("x", { field: "name", negated: true }),
  ]);
});

test("a colon after what is not a field belongs to the word", () => {
  assert.deepEqual(parse("payload:counts.a::number", fieldOf), [term("payload:counts.a::number")]);
  assert.deepEqual(parse('nofield:"a b"', fieldOf), [term('nofield:"a b"')]);
});

test("a field's name is read in any case", () => {
  assert.deepEqual(parse("STATUS:Broken", fieldOf), [term("Broken", { field: "status" })]);
});

test("what is not finished yet asks for nothing", () => {
  for (const text of ["", "  ", "-", '"', '""', '"  "', "status:", "-status:", 'status:"']) {
    assert.deepEqual(parse(text, fieldOf), [], JSON.stringify(text));
  }
});

test("a phrase that is still being typed ends with the text", () => {
  assert.deepEqual(parse('"two wor', fieldOf), [term("two wor", { phrase: true })]);
});

test("folding keeps the length, so that positions stay positions", () => {
  for (const text of ["İstanbul", "STRASSE", "ß", "ΣΑΣ", "a\u0130b", "😀A"]) {
    assert.equal(fold(text).length, text.length, text);
  }
  assert.equal(fold("Counts.CI"), "counts.ci");
});

test("every spelling of a key path has one normal form", () => {
  for (const name of ["counts.ci_builds", "counts_ci_builds", "COUNTS__CI_BUILDS", "counts ci-builds"]) {
    assert.equal(normal(name), "counts_ci_builds");
  }
});

test("what a warehouse calls a value leads to its key path", () => {
  for (const text of [
    "payload['counts']['boards']",
    "raw_usage_data_payload:counts.boards::number",
    "$.counts.boards",
    "payload->counts->boards",
    "counts.boards",
    ".counts.boards.",
  ]) {
    assert.equal(normalQuery(text), "counts_boards", text);
  }
});

test("parsing any text gives terms that have text", () => {
  const random = seeded(1);
  for (let round = 0; round < 2000; round += 1) {
    const text = random.string('ab :-"\tstatus', 0, 30);
    for (const { text: found, field, phrase, negated } of parse(text, fieldOf)) {
      assert.ok(found.trim(), text);
      assert.equal(typeof phrase, "boolean");
      assert.equal(typeof negated, "boolean");
      assert.ok(field === "" || Object.values(FIELDS).includes(field), text);
    }
  }
});
