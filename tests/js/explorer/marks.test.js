import assert from "node:assert/strict";
import { test } from "node:test";
import { Marker } from "../../../site_src/assets/explorer/marks.js";
import { seeded } from "../random.js";

const pattern = (text, { field = "", spellings = [] } = {}) => ({
  term: { text, field, phrase: false, negated: false },
  spellings,
});
const cut = (text, ranges) => ranges.map(([start, end]) => text.slice(start, end));
const covered = (ranges) => {
  const positions = ranges.flatMap(([start, end]) =>
    Array.from({ length: end - start }, (_, offset) => start + offset),
  );
  return [...new Set(positions)].sort((a, b) => a - b);
};

test("a name is marked whatever stands between its words", () => {
  const marker = new Marker([pattern("ci builds")]);
  for (const name of ["counts.ci_builds", "counts.ci.builds", "counts.CI-BUILDS"]) {
    assert.equal(cut(name, marker.inName(name))[0].length, 9, name);
  }
});

test("a text is marked where a word begins", () => {
  const marker = new Marker([pattern("run")]);
  const text = "Runs and prerun, run";
  assert.deepEqual(cut(text, marker.inText(text)), ["Run", "run"]);
});

test("what was found in place of a misspelled word is marked", () => {
  const marker = new Marker([pattern("runer", { spellings: ["runner"] })]);
  assert.deepEqual(cut("a.runner", marker.inName("a.runner")), ["runner"]);
});

test("characters with a meaning in a pattern are only characters", () => {
  for (const text of ["a.b", "(", "[x", "a+", "$^", "a|b", "\\"]) {
    const marker = new Marker([pattern(text)]);
    const inside = `… ${text} …`;
    assert.deepEqual(cut(inside, marker.inText(inside)), [text]);
  }
});

test("marks are in order, never overlap, and cover what each word alone would mark", () => {
  const random = seeded(9);
  for (let round = 0; round < 500; round += 1) {
    const patterns = Array.from({ length: 3 }, () => pattern(random.string("ab", 1, 3)));
    const marker = new Marker(patterns);
    const text = random.string("ab _", 0, 30);
    const alone = patterns.flatMap((one) => new Marker([one]).inText(text));
    assert.deepEqual(covered(marker.inText(text)), covered(alone));
    for (const ranges of [marker.inName(text), marker.inText(text)]) {
      ranges.forEach(([start, end], position) => {
        assert.ok(start < end && end <= text.length);
        assert.ok(position === 0 || ranges[position - 1][1] < start);
      });
    }
  }
});

test("a field's words are marked in that field alone", () => {
  const marker = new Marker([pattern("board", { field: "sql" })]);
  assert.deepEqual([marker.inName("board"), marker.inText("board")], [[], []]);
  assert.ok(marker.fields.get("sql")?.test("a board"));
});

test("a snippet begins near what was found, at the start of a word", () => {
  const marker = new Marker([pattern("needle")]);
  const text = `${"word ".repeat(50)}needle${" more".repeat(50)}`;
  const found = marker.snippet(text, marker.anywhere[0]);
  assert.ok(found?.text.startsWith("…word "));
  assert.ok(found?.text.endsWith("…"));
  assert.deepEqual(cut(found.text, found.marks), ["needle"]);
  assert.equal(marker.snippet("nothing", marker.anywhere[0]), undefined);
});
