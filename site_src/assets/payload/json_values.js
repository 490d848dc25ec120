/** JSON values: what they are, whether two are equal, and the order of their strings. */

/**
 * @param {unknown} value
 * @returns {value is object}
 */
export function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/**
 * Whether two JSON values are the same, the order of keys aside. Takes values of any depth.
 *
 * @param {unknown} one
 * @param {unknown} other
 */
export function equal(one, other) {
  const pairs = [[one, other]];
  for (let pair = pairs.pop(); pair; pair = pairs.pop()) {
    const [left, right] = /** @type {any[]} */ (pair);
    if (left === right) continue;
    if (left === null || right === null || typeof left !== "object" || typeof right !== "object") return false;
    if (Array.isArray(left) !== Array.isArray(right)) return false;
    const keys = Object.keys(left);
    if (keys.length !== Object.keys(right).length) return false;
    for (const key of keys) {
      if (!Object.hasOwn(right, key)) return false;
      pairs.push([left[key], right[key]]);
    }
  }
  return true;
}

/**
 * Orders strings as programs in other languages do: JavaScript's own order puts what lies beyond U+FFFF too early.
 *
 * @param {string} one
 * @param {string} other
 */
export function byCodePoint(one, other) {
  const shorter = Math.min(one.length, other.length);
  for (let position = 0; position < shorter; position += 1) {
    if (one.charCodeAt(position) !== other.charCodeAt(position)) {
      return (one.codePointAt(position) ?? 0) - (other.codePointAt(position) ?? 0);
    }
  }
  return one.length - other.length;
}
