import assert from "node:assert/strict";
import { test } from "node:test";
import { FORMATS } from "../../../site_src/assets/explorer/exports.js";
import { seeded } from "../random.js";

const COLUMNS = ["key_path", "tiers"];
const row = (key_path, tiers = []) => ({ key_path, tiers });

/** Reads CSV one character at a time, as RFC 4180 says. */
function readCsv(text) {
  const lines = [[]];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (quoted && text.startsWith('""', at)) {
      cell += '"';
      at += 1;
    } else if (text[at] === '"') quoted = !quoted;
    else if (!quoted && text[at] === ",") {
      lines.at(-1).push(cell);
      cell = "";
    } else if (!quoted && text.startsWith("\r\n", at)) {
      lines.at(-1).push(cell);
      lines.push([]);
      cell = "";
      at += 1;
    } else cell += text[at];
  }
  return lines.slice(0, -1);
}

test("any text comes back from the CSV file, but for an apostrophe before a formula", () => {
  const random = seeded(8);
  const rows = Array.from({ length: 500 }, () => row(random.string('ab",\r\n =+-@\t;é＝', 0, 8)));
  const [head, ...lines] = readCsv(FORMATS.csv.make(COLUMNS, rows));
  assert.deepEqual(head, COLUMNS);
  assert.equal(lines.length, rows.length);
  lines.forEach(([cell], position) => {
    const { key_path } = rows[position];
    const runs = /^[=+\-@\t\r\n＝＋－＠]/.test(key_path);
    assert.equal(cell, runs ? `'${key_path}` : key_path);
  });
});

test("a list is one cell, and can be told apart again", () => {
  const [, one, several, odd] = readCsv(
    FORMATS.csv.make(COLUMNS, [row("a", ["free"]), row("b", ["free", "premium"]), row("c", ["x;y", "z"])]),
  );
  assert.deepEqual([one[1], several[1], odd[1]], ["free", "free;premium", '["x;y","z"]']);
});

test("the JSON file is the rows", () => {
  const rows = [row("a", ["free"]), row('"\u2028', [])];
  assert.deepEqual(JSON.parse(FORMATS.json.make(COLUMNS, rows)), rows);
});

test("what YAML reads as something else than a string is quoted", () => {
  const yaml = (value) => FORMATS.yaml.make(["name"], [{ name: value }]);
  for (const plain of ["counts", "a_1", "Active"]) assert.equal(yaml(plain), `---\n- name: ${plain}\n`);
  for (const quoted of [
    "",
    "no",
    "Yes",
    "null",
    "1",
    "1.5",
    "a: b",
    "- a",
    "#a",
    "a b",
    "*a",
    "&a",
    "!a",
    "off",
    "~",
  ]) {
    assert.equal(yaml(quoted), `---\n- name: ${JSON.stringify(quoted)}\n`);
  }
  assert.equal(yaml("a\u2028b\u0085c\ufeff"), '---\n- name: "a\\u2028b\\u0085c\\ufeff"\n');
});

test("the YAML file is a list of mappings, empty where nothing is shown", () => {
  const text = FORMATS.yaml.make(COLUMNS, [row("a", ["free", "x y"]), row("b")]);
  assert.equal(text, '---\n- key_path: a\n  tiers: [free, "x y"]\n- key_path: b\n  tiers: []\n');
  assert.equal(FORMATS.yaml.make(COLUMNS, []), "[]\n");
});
