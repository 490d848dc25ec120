/**
 * What is to be said about a payload: for each of its values the definition, and what is wrong with it. Agrees with the
 * command `check-payload`; both are tested with the same cases.
 */

import { breaches, isObject } from "./payload_schema.js";

/** @typedef {import("./payload_definitions.js").Definition} Definition */
/** @typedef {import("./payload_definitions.js").Definitions} Definitions */
/** @typedef {import("./payload_definitions.js").Level} Level */

/**
 * @typedef {"unknown-key" | "removed-metric" | "missing-metric" | "wrong-type" | "schema-violation" | "fallback-value"} Kind
 */

/** @type {Kind[]} */
export const KINDS = [
  "unknown-key",
  "removed-metric",
  "missing-metric",
  "wrong-type",
  "schema-violation",
  "fallback-value",
];

/**
 * @typedef {object} Finding
 * @property {Kind} kind
 * @property {number} [value] of a fallback
 * @property {string} [found] the type of a value that should have another
 * @property {string[]} [places] JSON Pointers of what breaks the schema
 */

/**
 * A value of the payload, or a metric that is missing in it (`value` is then undefined).
 *
 * @typedef {object} Entry
 * @property {readonly string[]} above the names of the objects around it
 * @property {string} name
 * @property {string} keyPath all these names, joined by dots
 * @property {unknown} value
 * @property {Definition | undefined} definition
 * @property {Finding | null} finding
 */

/** @type {Finding} */
const UNKNOWN = { kind: "unknown-key" };

/** @type {Finding} */
const MISSING = { kind: "missing-metric" };

/** Values that stand for one that could not be computed, and why. */
export const FALLBACKS = new Map([
  [-1, "it failed or took too long"],
  [-2, "its counter had an error"],
  [-3, "it is not computed in this listing"],
  [-1000, "its source was not available"],
]);

/**
 * Returns an entry for each value that is a metric's or nobody's, in the order of the payload, then the missing ones.
 *
 * @param {object} payload
 * @param {Definitions} definitions
 * @returns {Entry[]}
 */
export function judge(payload, definitions) {
  const entries = /** @type {Entry[]} */ ([]);
  const met = /** @type {Set<Definition>} */ (new Set());
  const open = [opened(payload, definitions.top, [])];
  for (let object = open.at(-1); object; object = open.at(-1)) {
    if (object.next === object.names.length) {
      open.pop();
      continue;
    }
    const name = object.names[object.next++];
    const value = object.members[name];
    const keyPath = object.prefix + name;
    const place = name === "" ? undefined : object.level.get(name);
    const definition = place?.definition;
    if (!definition && place?.below && isObject(value)) {
      open.push(opened(value, place.below, [...object.above, name]));
      continue;
    }
    /** @type {Finding | null} */
    let finding = UNKNOWN;
    if (definition) {
      met.add(definition);
      finding = judgeValue(value, definition);
    } else if (keyPath === definitions.recordedAt) {
      finding = null;
    }
    entries.push({ above: object.above, name, keyPath, value, definition, finding });
  }
  return entries.concat(missing(definitions, met));
}

/**
 * @param {object} value
 * @param {Level} level
 * @param {readonly string[]} above
 */
function opened(value, level, above) {
  const members = /** @type {Record<string, unknown>} */ (value);
  return {
    members,
    names: Object.keys(members),
    next: 0,
    level,
    above,
    prefix: above.map((name) => `${name}.`).join(""),
  };
}

/**
 * @param {Definitions} definitions
 * @param {Set<Definition>} met
 * @returns {Entry[]}
 */
function missing(definitions, met) {
  const found = [];
  for (const definition of definitions.byKeyPath.values()) {
    const { keyPath, status } = definition;
    if ((status === "active" || status === null) && !met.has(definition)) {
      const above = keyPath.split(".");
      const name = above.pop() ?? "";
      found.push({ above, name, keyPath, value: undefined, definition, finding: MISSING });
    }
  }
  return found;
}

/**
 * @param {unknown} value
 * @param {Definition} definition
 * @returns {Finding | null}
 */
function judgeValue(value, definition) {
  if (definition.status === "removed") return { kind: "removed-metric" };
  if (value === null) return null;
  if (isFallback(value)) return { kind: "fallback-value", value };
  if (!suits(value, definition.valueType)) return { kind: "wrong-type", found: typeName(value) };
  if (definition.schema === undefined) return null;
  const places = breaches(value, definition.schema);
  return places.length ? { kind: "schema-violation", places } : null;
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
export function isFallback(value) {
  return typeof value === "number" && FALLBACKS.has(value);
}

/**
 * @param {unknown} value
 * @param {string | null} wanted
 */
function suits(value, wanted) {
  if (wanted === "number") return Number.isFinite(value);
  if (wanted === "object") return typeof value === "object";
  return (wanted !== "string" && wanted !== "boolean") || typeof value === wanted;
}

/** @param {unknown} value */
export function typeName(value) {
  if (value === null) return "nothing";
  return Array.isArray(value) ? "list" : typeof value;
}
