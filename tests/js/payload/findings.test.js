import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { checkPayload, isFallback, typeName } from "../../../site_src/assets/payload/findings.js";
import { byCodePoint } from "../../../site_src/assets/payload/json_values.js";
import { definitionsOf } from "./small_dictionary.js";

const CASES = new URL("../../payload_cases/", import.meta.url);

for (const name of readdirSync(CASES).filter((name) => name.endsWith(".json"))) {
  const { about, payload, definitions, expected } = JSON.parse(readFileSync(new URL(name, CASES), "utf8"));
  test(`${name}: ${about}`, () => {
    const entries = checkPayload(payload, definitionsOf(definitions.metrics, definitions.schemas));
    const found = entries
      .filter(({ finding }) => finding)
      .map(({ finding, keyPath }) => ({ ...finding, key_path: keyPath }));
    found.sort((a, b) => byCodePoint(a.key_path, b.key_path) || byCodePoint(a.kind, b.kind));
    assert.deepEqual(found, expected);
  });
}

test("what a value's schema asks for and nobody checked is named beside its finding", () => {
  const schemas = { "s.json": { unevaluatedItems: false, maxItems: 1 } };
  const definitions = definitionsOf([{ key_path: "a", value_type: "object", value_json_schema: "s.json" }], schemas);
  const [followed] = checkPayload({ a: [1] }, definitions);
  const [violated] = checkPayload({ a: [1, 2] }, definitions);
  assert.deepEqual([followed.finding, violated.finding], [null, { kind: "schema-violation", places: [""] }]);
  for (const { unchecked } of [followed, violated]) assert.deepEqual(unchecked, ["the keyword unevaluatedItems"]);
});

test("entries are in the order of the payload, missing metrics at the end", () => {
  const definitions = definitionsOf([
    { key_path: "a.b", status: "active" },
    { key_path: "z", status: "active" },
  ]);
  const entries = checkPayload({ y: 1, a: { b: 2, c: 3 } }, definitions);
  assert.deepEqual(
    entries.map(({ keyPath }) => keyPath),
    ["y", "a.b", "a.c", "z"],
  );
  assert.deepEqual(
    entries.map(({ above }) => above),
    [[], ["a"], ["a"], []],
  );
});

test("a value that could not be computed is told by its number alone", () => {
  assert.deepEqual([-1, -2, -3, -1000, 0, -4, "-1", null].map(isFallback), [
    true,
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

test("types have the names that readers know", () => {
  assert.deepEqual([null, [], {}, "", 1, true].map(typeName), [
    "nothing",
    "list",
    "object",
    "string",
    "number",
    "boolean",
  ]);
});
