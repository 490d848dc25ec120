import assert from "node:assert/strict";
import { test } from "node:test";
import { counted, escapeCharacters, number } from "../../../site_src/assets/shared/format.js";

test("numbers have commas, and nouns a plural", () => {
  assert.equal(number(1234567), "1,234,567");
  assert.deepEqual(
    [0, 1, 2000].map((count) => counted(count, "metric")),
    ["0 metrics", "1 metric", "2,000 metrics"],
  );
});

test("escaped characters are those of JSON", () => {
  const string = "a\u0007b\u2028";
  assert.equal(JSON.parse(`"${escapeCharacters(string, /[\p{Cc}\u2028]/gu)}"`), string);
});
