/**
 * What is wrong with a payload: for each of its values the definition, and the finding if there is one. Agrees with the
 * command `check-payload`; both are tested with the same cases.
 */

import { isObject } from "./json_values.js";
import { checkSchema } from "./schema.js";

/** @typedef {import("./definitions.js").Definition} Definition */
/** @typedef {import("./definitions.js").Definitions} Definitions */
/** @typedef {import("./definitions.js").Level} Level */

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
 * @property {string[]} [places] JSON Pointers of what violates the schema
 * @property {string} [nested] as JSON, the levels on which a key belongs whose name joins them with dots
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
 * @property {readonly string[]} unchecked what the value's schema asks for that this page does not check
 */

/** @typedef {Pick<Entry, "finding" | "unchecked">} Checked */

/** @type {Checked} */
const CLEAN = { finding: null, unchecked: [] };
const UNKNOWN = found({ kind: "unknown-key" });
const MISSING = found({ kind: "missing-metric" });

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
export function checkPayload(payload, definitions) {
  const entries = /** @type {Entry[]} */ ([]);
  const seen = /** @type {Set<Definition>} */ (new Set());
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
    let checked = keyPath === definitions.recordedAt ? CLEAN : UNKNOWN;
    if (name.includes(".")) {
      const met = flattened(value, object.level, name.split("."));
      for (const one of met) seen.add(one);
      if (met.length) checked = found({ kind: "unknown-key", nested: nested(keyPath.split("."), value) });
    }
    if (definition) {
      seen.add(definition);
      checked = checkValue(value, definition);
    }
    entries.push({ above: object.above, name, keyPath, value, definition, ...checked });
  }
  return entries.concat(missing(definitions, seen));
}

/**
 * The metrics that a value holds, were the name with dots that leads to it written as levels.
 *
 * @param {unknown} value
 * @param {Level} level
 * @param {string[]} names
 * @returns {Definition[]}
 */
function flattened(value, level, names) {
  const [name, ...more] = names;
  const place = level.get(name);
  if (more.length) return place?.below ? flattened(value, place.below, more) : [];
  if (place?.definition) return [place.definition];
  const below = place?.below;
  if (!below || !isObject(value)) return [];
  return Object.entries(/** @type {object} */ (value)).flatMap(([inner, held]) =>
    flattened(held, below, inner.split(".")),
  );
}

/**
 * The JSON that has the names as levels; a value that is no small integer is `…` in it.
 *
 * @param {string[]} names
 * @param {unknown} value
 */
function nested(names, value) {
  const start = names.map((name) => `{${JSON.stringify(name)}: `).join("");
  return `${start}${Number.isSafeInteger(value) ? value : "…"}${"}".repeat(names.length)}`;
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
 * @param {Set<Definition>} seen
 * @returns {Entry[]}
 */
function missing(definitions, seen) {
  const entries = [];
  for (const definition of definitions.byKeyPath.values()) {
    const { keyPath, status } = definition;
    if ((status === "active" || status === null) && !seen.has(definition)) {
      const above = keyPath.split(".");
      const name = above.pop() ?? "";
      entries.push({ above, name, keyPath, value: undefined, definition, ...MISSING });
    }
  }
  return entries;
}

/**
 * @param {unknown} value
 * @param {Definition} definition
 * @returns {Checked}
 */
function checkValue(value, definition) {
  if (definition.status === "removed") return found({ kind: "removed-metric" });
  if (value === null) return CLEAN;
  if (isFallback(value)) return found({ kind: "fallback-value", value });
  if (!hasValueType(value, definition.valueType)) return found({ kind: "wrong-type", found: typeName(value) });
  if (definition.schema === undefined) return CLEAN;
  const { violations, unchecked } = checkSchema(value, definition.schema);
  return { finding: violations.length ? { kind: "schema-violation", places: violations } : null, unchecked };
}

/**
 * @param {Finding} finding
 * @returns {Checked}
 */
function found(finding) {
  return { finding, unchecked: [] };
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
function hasValueType(value, wanted) {
  if (wanted === "number") return Number.isFinite(value);
  if (wanted === "object") return typeof value === "object";
  return (wanted !== "string" && wanted !== "boolean") || typeof value === wanted;
}

/** @param {unknown} value */
export function typeName(value) {
  if (value === null) return "nothing";
  return Array.isArray(value) ? "list" : typeof value;
}
