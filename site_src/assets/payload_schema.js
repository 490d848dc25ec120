/**
 * Where a value breaks a JSON Schema, for the keywords that descriptions of metric values use. A keyword that is not
 * here, and a reference to another document, asks for nothing.
 */

const DEEPEST = 200;

/**
 * Returns the JSON Pointers, inside the value, of all values that break a keyword: each once, sorted by code point. A
 * schema that refers to itself is followed only so far; a schema that is none finds nothing.
 *
 * @param {unknown} value
 * @param {unknown} schema
 * @returns {string[]}
 */
export function breaches(value, schema) {
  const where = { root: schema, place: "", depth: 0, found: /** @type {Set<string>} */ (new Set()) };
  try {
    check(value, schema, where);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
  }
  return [...where.found].sort(byCodePoint);
}

/**
 * Orders texts as programs in other languages do: JavaScript's own order puts what lies beyond U+FFFF too early.
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

/** @typedef {{root: unknown, place: string, depth: number, found: Set<string>}} Where */
/** @typedef {Record<string, any>} Keywords */

/**
 * @param {unknown} value
 * @param {unknown} schema
 * @param {Where} where
 */
function check(value, schema, where) {
  if (schema === false) where.found.add(where.place);
  if (!isObject(schema) || where.depth > DEEPEST) return;
  const keywords = /** @type {Keywords} */ (schema);
  for (const [keyword, test] of TESTS) {
    if (Object.hasOwn(keywords, keyword) && !test(value, keywords[keyword])) where.found.add(where.place);
  }
  if (Array.isArray(value)) checkItems(value, keywords, where);
  else if (isObject(value)) checkMembers(value, keywords, where);
  checkCombinations(value, keywords, where);
}

/** @type {[string, (value: any, wanted: any) => boolean][]} */
const TESTS = [
  ["type", (value, wanted) => (Array.isArray(wanted) ? wanted : [wanted]).some((type) => hasType(value, type))],
  ["enum", (value, wanted) => wanted.some((/** @type {unknown} */ other) => equal(value, other))],
  ["const", (value, wanted) => equal(value, wanted)],
  ["minimum", (value, wanted) => typeof value !== "number" || value >= wanted],
  ["maximum", (value, wanted) => typeof value !== "number" || value <= wanted],
  ["exclusiveMinimum", (value, wanted) => typeof value !== "number" || value > wanted],
  ["exclusiveMaximum", (value, wanted) => typeof value !== "number" || value < wanted],
  ["multipleOf", (value, wanted) => typeof value !== "number" || Number.isInteger(value / wanted)],
  ["minLength", (value, wanted) => typeof value !== "string" || hasCharacters(value, wanted)],
  ["maxLength", (value, wanted) => typeof value !== "string" || !hasCharacters(value, wanted + 1)],
  ["pattern", (value, wanted) => typeof value !== "string" || matches(value, wanted)],
  ["minItems", (value, wanted) => !Array.isArray(value) || value.length >= wanted],
  ["maxItems", (value, wanted) => !Array.isArray(value) || value.length <= wanted],
  ["uniqueItems", (value, wanted) => !wanted || !Array.isArray(value) || allDiffer(value)],
  ["required", (value, wanted) => !isObject(value) || hasAll(value, wanted)],
  ["minProperties", (value, wanted) => !isObject(value) || Object.keys(value).length >= wanted],
  ["maxProperties", (value, wanted) => !isObject(value) || Object.keys(value).length <= wanted],
];

/**
 * @param {unknown[]} items
 * @param {Keywords} keywords
 * @param {Where} where
 */
function checkItems(items, keywords, where) {
  const older = Array.isArray(keywords.items);
  const first = (older ? keywords.items : keywords.prefixItems) ?? [];
  const rest = older ? keywords.additionalItems : keywords.items;
  if (rest === false && items.length > first.length) where.found.add(where.place);
  items.forEach((item, position) => {
    const schema = position < first.length ? first[position] : rest === false ? undefined : rest;
    if (schema !== undefined) check(item, schema, inside(where, String(position)));
  });
  if (keywords.contains !== undefined) {
    const count = items.filter((item) => holds(item, keywords.contains, where)).length;
    if (count < (keywords.minContains ?? 1) || count > (keywords.maxContains ?? Infinity)) where.found.add(where.place);
  }
}

/**
 * @param {object} value
 * @param {Keywords} keywords
 * @param {Where} where
 */
function checkMembers(value, keywords, where) {
  for (const [name, inner] of Object.entries(value)) {
    if (keywords.propertyNames !== undefined && !holds(name, keywords.propertyNames, where)) {
      where.found.add(where.place);
    }
    const own = schemasOf(name, keywords);
    for (const schema of own) check(inner, schema, inside(where, name));
    if (own.length || keywords.additionalProperties === undefined) continue;
    if (keywords.additionalProperties === false) where.found.add(where.place);
    else check(inner, keywords.additionalProperties, inside(where, name));
  }
  for (const [name, needed] of Object.entries(keywords.dependentRequired ?? {})) {
    if (Object.hasOwn(value, name) && !hasAll(value, needed)) where.found.add(where.place);
  }
}

/**
 * @param {string} name
 * @param {Keywords} keywords
 * @returns {unknown[]}
 */
function schemasOf(name, keywords) {
  const { properties = {}, patternProperties = {} } = keywords;
  const found = Object.hasOwn(properties, name) ? [properties[name]] : [];
  for (const [pattern, schema] of Object.entries(patternProperties)) {
    if (matches(name, pattern)) found.push(schema);
  }
  return found;
}

/**
 * @param {unknown} value
 * @param {Keywords} keywords
 * @param {Where} where
 */
function checkCombinations(value, keywords, where) {
  const here = { ...where, depth: where.depth + 1 };
  const suits = (/** @type {unknown} */ schema) => holds(value, schema, where);
  if (typeof keywords.$ref === "string") check(value, resolve(where.root, keywords.$ref), here);
  for (const schema of keywords.allOf ?? []) check(value, schema, here);
  if (keywords.if !== undefined) check(value, (suits(keywords.if) ? keywords.then : keywords.else) ?? true, here);
  if (
    (keywords.anyOf && !keywords.anyOf.some(suits)) ||
    (keywords.oneOf && keywords.oneOf.filter(suits).length !== 1) ||
    (keywords.not !== undefined && suits(keywords.not))
  ) {
    where.found.add(where.place);
  }
}

/**
 * @param {unknown} value
 * @param {unknown} schema
 * @param {Where} where
 */
function holds(value, schema, where) {
  const apart = { ...where, depth: where.depth + 1, found: /** @type {Set<string>} */ (new Set()) };
  check(value, schema, apart);
  return apart.found.size === 0;
}

/**
 * @param {Where} where
 * @param {string} name
 * @returns {Where}
 */
function inside(where, name) {
  const step = name.replaceAll("~", "~0").replaceAll("/", "~1");
  return { ...where, place: `${where.place}/${step}`, depth: where.depth + 1 };
}

/**
 * @param {object} value
 * @param {string[]} names
 */
function hasAll(value, names) {
  return names.every((name) => Object.hasOwn(value, name));
}

/**
 * @param {unknown} root
 * @param {string} reference
 */
function resolve(root, reference) {
  if (!reference.startsWith("#")) return true;
  let found = /** @type {any} */ (root);
  for (const step of reference.slice(1).split("/").slice(1)) {
    const name = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    if (found === null || typeof found !== "object" || !Object.hasOwn(found, name)) return true;
    found = found[name];
  }
  return found;
}

/**
 * @param {unknown} value
 * @param {string} type
 */
function hasType(value, type) {
  if (type === "integer") return Number.isInteger(value);
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isObject(value);
  return typeof value === type;
}

/**
 * @param {string} text
 * @param {string} pattern
 */
function matches(text, pattern) {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return true;
  }
}

/**
 * Whether a text has at least so many characters; a pair of surrogates is one.
 *
 * @param {string} text
 * @param {number} wanted
 */
function hasCharacters(text, wanted) {
  let count = 0;
  for (let position = 0; position < text.length && count < wanted; count += 1) {
    position += (text.codePointAt(position) ?? 0) > 0xffff ? 2 : 1;
  }
  return count >= wanted;
}

/** @param {unknown[]} items */
function allDiffer(items) {
  const seen = new Set();
  const others = /** @type {object[]} */ ([]);
  for (const item of items) {
    if (item === null || typeof item !== "object") {
      if (seen.has(item)) return false;
      seen.add(item);
    } else {
      if (others.some((other) => equal(item, other))) return false;
      others.push(item);
    }
  }
  return true;
}

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
