import assert from "node:assert/strict";
import { test } from "node:test";
import { examples } from "../../../site_src/assets/payload/example.js";
import { checkPayload } from "../../../site_src/assets/payload/findings.js";
import { readPayload } from "../../../site_src/assets/payload/intake.js";
import { definitionsOf } from "./small_dictionary.js";

const METRICS = [
  { key_path: "a", status: "active", value_type: "object" },
  { key_path: "a.b", status: "removed", milestone_removed: "16.3" },
  { key_path: "c.d.e", value_type: "number", data_category: "optional", description: "Loaves" },
];

test("a definition has what its columns say", () => {
  const { byKeyPath, recordedAt } = definitionsOf(METRICS, {});
  assert.deepEqual(byKeyPath.get("c.d.e"), {
    keyPath: "c.d.e",
    description: "Loaves",
    status: null,
    valueType: "number",
    category: "optional",
    owner: "Oven crew",
    ownerPage: "groups/oven/",
    page: "metrics/c.d.e/",
    removedIn: undefined,
    schema: undefined,
  });
  assert.equal(byKeyPath.get("a.b")?.removedIn, "16.3");
  assert.equal(recordedAt, "recorded_at");
});

test("definitions are found by the names that lead to them, also below another one", () => {
  for (const metrics of [METRICS, METRICS.toReversed()]) {
    const { byKeyPath, top } = definitionsOf(metrics);
    assert.equal(top.get("a")?.definition, byKeyPath.get("a"));
    assert.equal(top.get("a")?.below?.get("b")?.definition, byKeyPath.get("a.b"));
    assert.equal(top.get("c")?.definition, undefined);
    assert.equal(top.get("c")?.below?.get("d")?.below?.get("e")?.definition, byKeyPath.get("c.d.e"));
  }
});

test("the example is the same each time, and has each flaw", () => {
  const metrics = Array.from({ length: 200 }, (_, position) => ({
    key_path: `counts.metric_${position}`,
    status: position % 5 ? "active" : "removed",
    value_type: position % 9 ? "number" : "boolean",
  }));
  const definitions = definitionsOf(metrics);
  assert.deepEqual(examples(definitions), examples(definitions));
  const [now, before] = examples(definitions);
  const kinds = new Set(checkPayload(now, definitions).map(({ finding }) => finding?.kind));
  for (const kind of ["unknown-key", "removed-metric", "missing-metric", "wrong-type", "fallback-value"]) {
    assert.ok(kinds.has(kind), kind);
  }
  assert.deepEqual(
    new Set(checkPayload(before, definitions).map(({ finding }) => finding?.kind)),
    new Set([undefined, "missing-metric"]),
  );
});

test("an example of hostile names is an object with these names", () => {
  const [now] = examples(definitionsOf([{ key_path: "__proto__.polluted", status: "active", value_type: "number" }]));
  assert.equal(Object.hasOwn(now, "__proto__"), true);
  assert.equal({}.polluted, undefined);
});

test("what is not a payload is refused with a reason", () => {
  const definitions = definitionsOf(METRICS);
  for (const [text, reason] of [
    ["  ", /nothing to read/],
    ['{"counts": {', /not JSON/],
    ['{"a": NaN}', /not JSON/],
    ["[1]", /JSON object/],
    ["null", /JSON object/],
  ]) {
    const said = [];
    assert.equal(
      readPayload("x", text, definitions, (message) => said.push(message)),
      null,
    );
    assert.match(said.join("|"), reason);
  }
});

test("a payload is read with its time, also behind a byte order mark", () => {
  const text = '\ufeff{"recorded_at": "2026-02-01", "c": {"d": {"e": 5}}}';
  const payload = readPayload("p.json", text, definitionsOf(METRICS), assert.fail);
  assert.deepEqual([payload?.name, payload?.recordedAt, payload?.bytes], ["p.json", "2026-02-01", text.length]);
  assert.deepEqual(
    payload?.entries.map(({ keyPath }) => keyPath),
    ["recorded_at", "c.d.e", "a"],
  );
});
