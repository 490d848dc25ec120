import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { checkSchema, KEYWORDS } from "../../../site_src/assets/payload/schema.js";

const ROOT = new URL("../../../", import.meta.url);

const violations = (value, schema) => checkSchema(value, schema).violations;
const unchecked = (value, schema) => checkSchema(value, schema).unchecked;

/** An object with a `then` of its own would be a promise to JavaScript. */
const CONDITION = JSON.parse('{"if": {"minimum": 5}, "then": {"multipleOf": 5}, "else": {"maximum": 2}}');

/** Each keyword, with values that follow it and values that do not. */
const CASES = [
  [{ type: "integer" }, [1, 2.0], [1.5, "1", null]],
  [{ type: ["string", "null"] }, ["", null], [1, [], {}]],
  [{ type: "array" }, [[]], [{}, "x"]],
  [{ enum: [1, { a: [2] }] }, [1, { a: [2] }], [2, { a: 2 }, "1"]],
  [{ const: null }, [null], [0, ""]],
  [{ minimum: 2, maximum: 3 }, [2, 3, "x"], [1.9, 3.1]],
  [{ exclusiveMinimum: 2, exclusiveMaximum: 3 }, [2.5], [2, 3]],
  [{ multipleOf: 3 }, [9, 0, "x"], [10]],
  [{ minLength: 2, maxLength: 3 }, ["ab", "😀😀😀", 7], ["a", "😀", "abcd"]],
  [{ pattern: "^a+$" }, ["aa", 1], ["ab", ""]],
  [{ minItems: 1, maxItems: 2 }, [[1], "x"], [[], [1, 2, 3]]],
  [
    { uniqueItems: true },
    [[1, "1", { a: 1 }]],
    [
      [1, 1],
      [{ a: 1 }, { a: 1 }],
    ],
  ],
  [{ required: ["a"] }, [{ a: 1 }, []], [{}, { toString: 1 }]],
  [{ minProperties: 1, maxProperties: 2 }, [{ a: 1 }], [{}, { a: 1, b: 2, c: 3 }]],
  [{ propertyNames: { pattern: "^a" } }, [{ ab: 1 }], [{ b: 1 }]],
  [{ additionalProperties: false, properties: { a: {} } }, [{ a: 1 }, {}], [{ b: 1 }]],
  [{ dependentRequired: { a: ["b"] } }, [{ a: 1, b: 2 }, { b: 2 }], [{ a: 1 }]],
  [{ dependentSchemas: { a: { required: ["b"] } } }, [{ a: 1, b: 2 }, {}], [{ a: 1 }]],
  [{ contains: { type: "string" } }, [[1, "x"], "y"], [[1], []]],
  [{ contains: { const: 1 }, minContains: 2, maxContains: 2 }, [[1, 1, 0]], [[1], [1, 1, 1]]],
  [{ anyOf: [{ type: "string" }, { minimum: 5 }] }, ["x", 5], [4]],
  [{ oneOf: [{ minimum: 5 }, { multipleOf: 2 }] }, [7, 4], [6, 3]],
  [{ not: { type: "string" } }, [1], ["x"]],
  [CONDITION, [10, 2], [6, 3]],
  [{ $ref: "#/$defs/a~1b", $defs: { "a/b": { type: "string" } } }, ["x"], [1]],
  [true, [1], []],
  [false, [], [1, null]],
];

test("each keyword holds and is violated where it should", () => {
  for (const [schema, good, bad] of CASES) {
    for (const value of good) assert.deepEqual(violations(value, schema), [], JSON.stringify([schema, value]));
    for (const value of bad) assert.deepEqual(violations(value, schema), [""], JSON.stringify([schema, value]));
    assert.deepEqual(unchecked(good[0], schema), []);
  }
});

test("a violation inside a value has its JSON Pointer", () => {
  for (const [schema, value, expected] of [
    [{ items: { type: "string" } }, ["a", 1, 2], ["/1", "/2"]],
    [{ prefixItems: [{ type: "string" }], items: { type: "number" } }, [1, "x", 2], ["/0", "/1"]],
    [{ items: [{ type: "string" }], additionalItems: { type: "number" } }, ["a", 1, "b"], ["/2"]],
    [{ properties: { "a/b": { type: "string" } } }, { "a/b": 1 }, ["/a~1b"]],
    [{ patternProperties: { "^x": { type: "string" } } }, { x1: 1, y: 1 }, ["/x1"]],
    [{ additionalProperties: { minimum: 1 } }, { a: 0, "c~d": -1 }, ["/a", "/c~0d"]],
    [{ allOf: [{ items: { minimum: 1 } }, { items: { maximum: 2 } }] }, [0, 1, 3], ["/0", "/2"]],
  ]) {
    assert.deepEqual(violations(value, schema), expected, JSON.stringify(schema));
  }
});

test("a schema that refers to itself is followed through the value, and ends", () => {
  const tree = { type: "object", additionalProperties: { $ref: "#" } };
  assert.deepEqual(violations({ a: { b: {}, c: 1 } }, tree), ["/a/c"]);
  assert.deepEqual(checkSchema(1, { $ref: "#" }), { violations: [], unchecked: ["what is more than 200 levels deep"] });
});

test("what is not checked is named", () => {
  for (const [schema, named] of [
    [{ unevaluatedProperties: false }, "the keyword unevaluatedProperties"],
    [{ properties: { a: { isEven: true } } }, "the keyword isEven"],
    [{ anyOf: [{ isOdd: true }] }, "the keyword isOdd"],
    [{ $ref: "https://example.com/other.json" }, "the reference https://example.com/other.json"],
    [{ $ref: "#/$defs/missing" }, "the reference #/$defs/missing"],
    [{ $ref: "#anchor" }, "the reference #anchor"],
    [{ properties: { a: 7 } }, "a schema that is not an object"],
    [{ required: 7 }, "the rest, because the schema is not valid"],
  ]) {
    assert.deepEqual(checkSchema({ a: 2 }, schema), { violations: [], unchecked: [named] }, JSON.stringify(schema));
  }
  assert.deepEqual(unchecked("x", { pattern: "(" }), ["the pattern ("]);
});

test("an unknown keyword of a part that is not there is not named", () => {
  assert.deepEqual(unchecked({}, { properties: { a: { isEven: true } } }), []);
});

test("what is checked is found although something else is not", () => {
  const schema = { isEven: true, properties: { a: { type: "string" } } };
  assert.deepEqual(checkSchema({ a: 1 }, schema), { violations: ["/a"], unchecked: ["the keyword isEven"] });
});

// ---- The schemas that there are

/** The JSON files below a folder whose path holds a piece. */
const jsonFiles = (folder, piece = "") =>
  readdirSync(new URL(folder, ROOT), { recursive: true })
    .map((path) => `${folder}${path}`)
    .filter((path) => path.endsWith(".json") && path.includes(piece));

const parsed = (path) => {
  try {
    return JSON.parse(readFileSync(new URL(path, ROOT), "utf8"));
  } catch {
    return null; // some cases are about files that are not JSON
  }
};

/** Where schemas are inside a schema: as the value, as a list, or by names that are not keywords. */
const INSIDE = {
  value: ["additionalProperties", "propertyNames", "items", "additionalItems", "contains", "not", "if", "then", "else"],
  list: ["prefixItems", "items", "allOf", "anyOf", "oneOf"],
  names: ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"],
};

function keywordsOf(schema, found = new Set()) {
  if (schema === null || typeof schema !== "object" || Array.isArray(schema)) return found;
  for (const [keyword, value] of Object.entries(schema)) {
    found.add(keyword);
    if (INSIDE.value.includes(keyword)) keywordsOf(value, found);
    if (INSIDE.list.includes(keyword) && Array.isArray(value)) for (const inner of value) keywordsOf(inner, found);
    if (INSIDE.names.includes(keyword)) for (const inner of Object.values(value)) keywordsOf(inner, found);
  }
  return found;
}

test("every keyword of the object schemas that exist here is known", () => {
  const files = [...jsonFiles("definitions/object_schemas/"), ...jsonFiles("tests/", "/object_schemas/")];
  const shared = jsonFiles("tests/payload_cases/").flatMap((path) =>
    Object.values(parsed(path)?.definitions.schemas ?? {}),
  );
  const schemas = [...files.map(parsed), ...shared];
  assert.ok(schemas.length > 10);
  const unknown = schemas.flatMap((schema) => [...keywordsOf(schema)].filter((keyword) => !KEYWORDS.has(keyword)));
  assert.deepEqual([...new Set(unknown)], []);
});
