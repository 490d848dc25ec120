import assert from "node:assert/strict";
import { test } from "node:test";
import { byCodePoint, equal, isObject } from "../../../site_src/assets/payload/json_values.js";
import { seeded } from "../random.js";

/** A random JSON value, small enough that two of them are often the same. */
function randomValue(random, depth = 0) {
  const kind = random.below(depth > 2 ? 4 : 6);
  if (kind < 4) return [null, random.below(2), random.chance(0.5), random.pick(["", "1"])][kind];
  const items = Array.from({ length: random.below(3) }, () => randomValue(random, depth + 1));
  return kind === 4 ? items : Object.fromEntries(items.map((item) => [random.pick("abc"), item]));
}

/** One spelling for all JSON texts of a value. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`;
}

test("two values are equal when their sorted JSON is", () => {
  const random = seeded(10);
  let same = 0;
  for (let round = 0; round < 5000; round += 1) {
    const [one, other] = [randomValue(random), randomValue(random)];
    const expected = canonical(one) === canonical(other);
    assert.equal(equal(one, other), expected, `${canonical(one)} ${canonical(other)}`);
    same += Number(expected);
  }
  assert.ok(same > 100);
});

test("values of any depth can be compared", () => {
  const deep = () => JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
  assert.ok(equal(deep(), deep()));
});

test("a name of the language's own properties is a name like any other", () => {
  assert.ok(!equal(JSON.parse('{"__proto__": 1}'), JSON.parse('{"constructor": 1}')));
  assert.ok(!equal({ toString: 1 }, {}));
});

test("strings are ordered by their code points", () => {
  const random = seeded(11);
  const points = (string) => Array.from(string, (character) => character.codePointAt(0));
  for (let round = 0; round < 2000; round += 1) {
    const [one, other] = [
      random.string(["a", "b", "\uffee", "😀", "\u{1f601}"], 0, 4),
      random.string(["a", "\uffee", "😀"], 0, 4),
    ];
    const [left, right] = [points(one), points(other)];
    const at = left.findIndex((point, position) => point !== right[position]);
    const expected = at < 0 ? left.length - right.length : at >= right.length ? 1 : left[at] - right[at];
    assert.equal(Math.sign(byCodePoint(one, other)), Math.sign(expected), `${one} ${other}`);
  }
});

test("lists and null are not objects", () => {
  assert.deepEqual([{}, [], null, "x", undefined].map(isObject), [true, false, false, false, false]);
});
