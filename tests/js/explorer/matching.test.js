import assert from "node:assert/strict";
import { test } from "node:test";
import { Haystack, INSIDE, START, WHOLE, WORD } from "../../../site_src/assets/explorer/matching.js";
import { seeded } from "../random.js";

const ALPHABET = "abc";

/** The best match of a pattern in one value, by looking at every position of it. */
function quality(value, pattern, inside) {
  let best = 0;
  for (let at = 0; at + pattern.length <= value.length; at += 1) {
    if (value.slice(at, at + pattern.length) !== pattern) continue;
    const startsWord = !/^[a-z0-9]{2}/.test(value.slice(at - 1, at + 1)) || at === 0;
    const end = at + pattern.length;
    const endsWord = end === value.length || !/^[a-z0-9]{2}/.test(value.slice(end - 1, end + 1));
    if (!startsWord && !inside) continue;
    const found = value === pattern ? WHOLE : !startsWord ? INSIDE : endsWord ? WORD : START;
    best = Math.max(best, found);
  }
  return best;
}

/** Every string with one typo in a word: a wrong, missing or additional letter, or two that changed places. */
function typos(word) {
  const found = new Set();
  for (let at = 0; at < word.length; at += 1) {
    const [before, after] = [word.slice(0, at), word.slice(at + 1)];
    found.add(before + after);
    for (const letter of ALPHABET) {
      found.add(before + letter + after);
      found.add(before + letter + word[at] + after);
    }
    if (after) found.add(before + after[0] + word[at] + after.slice(1));
  }
  return found;
}

test("how well a value matches is what looking at every position says", () => {
  const random = seeded(2);
  for (let round = 0; round < 500; round += 1) {
    const values = Array.from({ length: random.below(12) }, () => random.string("ab. _1", 0, 8));
    const pattern = random.string("ab.1", 1, 3);
    const inside = random.chance(0.5);
    const found = new Haystack(values).search(pattern, inside, true);
    assert.deepEqual(
      [...found],
      values.map((value) => quality(value, pattern, inside)),
      JSON.stringify({ values, pattern, inside }),
    );
  }
});

test("a search that is not thorough finds the same values", () => {
  const random = seeded(3);
  for (let round = 0; round < 300; round += 1) {
    const haystack = new Haystack(Array.from({ length: 8 }, () => random.string("ab .", 0, 8)));
    const pattern = random.string("ab", 1, 3);
    const found = (thorough) => Array.from(haystack.search(pattern, true, thorough), Boolean);
    assert.deepEqual(found(false), found(true));
  }
});

test("a match never reaches over the end of a value", () => {
  assert.deepEqual([...new Haystack(["ab", "cd", "b\ncd"]).search("b cd", true, true)], [0, 0, WHOLE]);
  assert.deepEqual([...new Haystack(["abcd", "efgh"]).searchFuzzy("cdef", new Set())], [0, 0]);
});

test("one typo is forgiven, and what stands there is told", () => {
  const values = ["runner", "a.runner_x", "runners", "prerunner", "walker"];
  for (const typed of ["runer", "rumner", "runnner", "urnner"]) {
    const spellings = new Set();
    const found = new Haystack(values).searchFuzzy(typed, spellings);
    assert.deepEqual([...found].slice(0, 3), [INSIDE, INSIDE, INSIDE], typed);
    assert.deepEqual([found[3], found[4]], [0, 0], typed);
    assert.ok(
      [...spellings].every((spelling) => spelling.startsWith("runn")),
      [...spellings].join(),
    );
  }
});

test("the end of a word is not a wrong letter", () => {
  assert.deepEqual([...new Haystack(["run er", "ru.ner"]).searchFuzzy("runner", new Set())], [0, 0]);
});

test("a fuzzy search finds exactly the words that begin with the pattern, give or take one typo", () => {
  const random = seeded(4);
  for (let round = 0; round < 3000; round += 1) {
    const pattern = random.string(ALPHABET, 4, 8);
    const near = [pattern, ...typos(pattern)];
    const values = Array.from({ length: 10 }, () =>
      random.chance(0.5) ? random.pick(near) + random.string(ALPHABET, 0, 3) : random.string(ALPHABET, 2, 9),
    );
    const found = new Haystack(values).searchFuzzy(pattern, new Set());
    values.forEach((value, position) => {
      const said = JSON.stringify({ pattern, value });
      const allowed = near.filter((other) => value.startsWith(other));
      // With a letter in front the word would begin elsewhere: that is found only where it looks like another typo.
      const sure = allowed.some((other) => other === pattern || other.slice(1) !== pattern);
      if (found[position]) assert.ok(allowed.length, said);
      else assert.ok(!sure, said);
    });
  }
});
