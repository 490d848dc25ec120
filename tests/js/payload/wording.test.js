import assert from "node:assert/strict";
import { test } from "node:test";
import { KINDS } from "../../../site_src/assets/payload/findings.js";
import {
  cut,
  explained,
  FINDINGS,
  mark,
  notChecked,
  plain,
  shown,
  size,
  whole,
} from "../../../site_src/assets/payload/wording.js";

const entry = (finding, { value, definition, unchecked = [] } = {}) => ({ finding, value, definition, unchecked });

test("every kind of finding has a label and a sentence", () => {
  const finding = { value: -1, places: [""], found: "string" };
  for (const kind of KINDS) {
    assert.ok(FINDINGS[kind].many && FINDINGS[kind].one);
    assert.match(explained(entry({ ...finding, kind }, { value: 1 })), /\.$/);
    assert.ok(mark(entry({ ...finding, kind })));
  }
  assert.deepEqual([explained(entry(null)), mark(entry(null))], ["", ""]);
});

test("a finding is explained with what it is about", () => {
  assert.equal(
    explained(entry({ kind: "unknown-key", nested: '{"counts": {"orders": 5}}' }, { value: 5 })),
    'The key has dots in it, but a payload nests: {"counts": {"orders": 5}}.',
  );
  assert.equal(mark(entry({ kind: "removed-metric" }, { definition: { removedIn: "16.3" } })), "Removed in 16.3");
  assert.equal(mark(entry({ kind: "fallback-value", value: -1 })), "Fallback −1");
  const wrongType = entry({ kind: "wrong-type", found: "object" }, { value: {}, definition: { valueType: "number" } });
  assert.match(explained(wrongType), /promises a number, and this is an object\.$/);
  const places = ["", "/a\u202eb", "/c", "/d", "/e", "/f", "/g"];
  assert.equal(
    explained(entry({ kind: "schema-violation", places })),
    "The value breaks its JSON Schema at its top, /a\\u202eb, /c, /d, /e and 2 more.",
  );
});

test("what of a schema was not checked is a sentence, where there is any", () => {
  assert.equal(notChecked(entry(null)), "");
  assert.equal(
    notChecked(entry(null, { unchecked: ["the keyword isEven", "the reference #x"] })),
    "Not checked in its JSON Schema: the keyword isEven, the reference #x.",
  );
});

test("a value is shown on one line", () => {
  for (const [value, expected] of [
    [undefined, "–"],
    [null, "null"],
    [true, "true"],
    ["a\u0000b", '"a\\u0000b"'],
    [1234.5, "1,234.5"],
    [2 ** 80, "≈ 1.208926e+24"],
    [Infinity, "too large a number"],
    [[1], "1 item"],
    [{ a: 1, b: 2 }, "2 keys"],
  ]) {
    assert.equal(shown(value), expected);
  }
  assert.ok(shown("x".repeat(1000)).length < 250);
});

test("a value in full is its JSON, as far as it is short enough", () => {
  const value = { a: [1, "x", null], b: {}, c: [] };
  assert.equal(whole(value), JSON.stringify(value, null, 2));
  assert.equal(whole(undefined), "not there");
  assert.ok(whole(Array.from({ length: 100_000 }, () => 7)).length < 30_000);
  assert.ok(whole(JSON.parse("[".repeat(10_000) + "]".repeat(10_000))).includes("[…]"));
});

test("no invisible character and no change of direction is left; line breaks stay", () => {
  assert.equal(plain("a\nb\u202ec\u200bd\u0007\ufeff\u2028\u0085"), "a\nb\\u202ec\\u200bd\\u0007\\ufeff\\u2028\\u0085");
  const harmless = "é ü 漢字 😀 \u00a0";
  assert.equal(plain(harmless), harmless);
});

test("what is cut says how long it was", () => {
  assert.equal(cut("abc", 3), "abc");
  assert.equal(cut("abcd", 3), "abc … (4 characters)");
});

test("sizes are bytes, then KB, then MB", () => {
  assert.deepEqual([1, 9_999, 12_345, 1_234_567].map(size), ["1 byte", "9,999 bytes", "12 KB", "1.2 MB"]);
});
