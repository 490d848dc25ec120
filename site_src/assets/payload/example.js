/** An example for whoever has no payload at hand: made-up values for the metrics that are defined, and one of each flaw. */

/** @typedef {import("./definitions.js").Definition} Definition */
/** @typedef {import("./definitions.js").Definitions} Definitions */

/** Metrics from one with a flaw of a kind to the next one with the same flaw. */
const FLAW_PERIOD = 41;

/**
 * Returns a payload and one of a month before. The same definitions always give the same two.
 *
 * @param {Definitions} definitions
 * @returns {[object, object]}
 */
export function examples(definitions) {
  const now = { recorded_at: "2026-02-01T04:00:00.000Z" };
  const before = { recorded_at: "2026-01-01T04:00:00.000Z" };
  [...definitions.byKeyPath.values()].forEach((definition, position) => {
    const rare = position % FLAW_PERIOD;
    if (definition.status === "active" && rare !== 7) put(now, definition.keyPath, flawed(definition, position, rare));
    if (definition.status === "removed" && rare === 3) put(now, definition.keyPath, position);
    if (definition.status === "active" && rare !== 11) put(before, definition.keyPath, plain(definition, position, 1));
  });
  put(now, "counts.a_key_without_a_definition", 1);
  return [now, before];
}

/**
 * @param {Definition} definition
 * @param {number} position
 * @param {number} rare
 */
function flawed(definition, position, rare) {
  if (rare === 19) return -1 - (position % 2);
  if (rare === 23 && definition.valueType === "number") return String(position);
  return plain(definition, position, 0.96 + (position % 7) / 50);
}

/**
 * @param {Definition} definition
 * @param {number} position
 * @param {number} factor
 */
function plain(definition, position, factor) {
  if (definition.valueType === "number") return Math.round(((position * 7919) % 20_011) * factor);
  if (definition.valueType === "boolean") return position % 3 > 0;
  return definition.valueType === "string" ? "example" : null;
}

/**
 * @param {any} tree
 * @param {string} keyPath
 * @param {unknown} value
 */
function put(tree, keyPath, value) {
  const names = keyPath.split(".");
  const last = names.pop() ?? "";
  for (const name of names) {
    if (!Object.hasOwn(tree, name)) define(tree, name, {});
    if (typeof tree[name] !== "object" || tree[name] === null) return;
    tree = tree[name];
  }
  if (!Object.hasOwn(tree, last)) define(tree, last, value);
}

/**
 * @param {object} tree
 * @param {string} name
 * @param {unknown} value
 */
function define(tree, name, value) {
  // By assignment the name `__proto__` would change what the object is.
  Object.defineProperty(tree, name, { value, enumerable: true, writable: true, configurable: true });
}
