/**
 * Where a value violates a JSON Schema, for the keywords that descriptions of metric values use. What is not checked, a
 * keyword that is not here for example, is named in the result.
 */

import { byCodePoint, equal, isObject } from "./json_values.js";

const MAX_DEPTH = 200;

/**
 * @typedef {object} SchemaResult
 * @property {string[]} violations JSON Pointers, inside the value, of all values that violate a keyword: each once,
 *   sorted by code point
 * @property {string[]} unchecked what the schema asks for that was not checked, as nouns with their names
 */

/**
 * A schema that refers to itself is followed only so far; one that is not valid is checked as far as it can be read.
 *
 * @param {unknown} value
 * @param {unknown} schema
 * @returns {SchemaResult}
 */
export function checkSchema(value, schema) {
  const where = {
    root: schema,
    place: "",
    depth: 0,
    found: /** @type {Set<string>} */ (new Set()),
    unchecked: /** @type {Set<string>} */ (new Set()),
  };
  try {
    check(value, schema, where);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    where.unchecked.add("the rest, because the schema is not valid");
  }
  return { violations: [...where.found].sort(byCodePoint), unchecked: [...where.unchecked] };
}

/** @typedef {{root: unknown, place: string, depth: number, found: Set<string>, unchecked: Set<string>}} Where */
/** @typedef {Record<string, any>} Keywords */

/**
 * @param {unknown} value
 * @param {unknown} schema
 * @param {Where} where
 */
function check(value, schema, where) {
  if (schema === false) where.found.add(where.place);
  if (!isObject(schema)) {
    if (typeof schema !== "boolean") where.unchecked.add("a schema that is not an object");
    return;
  }
  if (where.depth > MAX_DEPTH) {
    where.unchecked.add(`what is more than ${MAX_DEPTH} levels deep`);
    return;
  }
  const keywords = /** @type {Keywords} */ (schema);
  for (const keyword of Object.keys(keywords)) {
    if (!KEYWORDS.has(keyword)) where.unchecked.add(`the keyword ${keyword}`);
  }
  for (const [keyword, test] of TESTS) {
    if (Object.hasOwn(keywords, keyword) && !test(value, keywords[keyword], where)) where.found.add(where.place);
  }
  if (Array.isArray(value)) checkItems(value, keywords, where);
  else if (isObject(value)) checkMembers(value, keywords, where);
  checkCombinations(value, keywords, where);
}

/** @type {[string, (value: any, wanted: any, where: Where) => boolean][]} */
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
  ["pattern", (value, wanted, where) => typeof value !== "string" || matches(value, wanted, where)],
  ["minItems", (value, wanted) => !Array.isArray(value) || value.length >= wanted],
  ["maxItems", (value, wanted) => !Array.isArray(value) || value.length <= wanted],
  ["uniqueItems", (value, wanted) => !wanted || !Array.isArray(value) || allDiffer(value)],
  ["required", (value, wanted) => !isObject(value) || hasAll(value, wanted)],
  ["minProperties", (value, wanted) => !isObject(value) || Object.keys(value).length >= wanted],
  ["maxProperties", (value, wanted) => !isObject(value) || Object.keys(value).length <= wanted],
];

/** Keywords that ask for nothing: they explain, name or hold schemas. `format` is one since draft 2019-09. */
const ANNOTATIONS = [
  ...["$schema", "$id", "$comment", "$anchor", "$vocabulary", "$defs", "definitions"],
  ...["title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"],
  ...["format", "contentEncoding", "contentMediaType", "contentSchema"],
];

/** Every keyword that is checked, or asks for nothing. */
export const KEYWORDS = new Set([
  ...TESTS.map(([keyword]) => keyword),
  ...["items", "prefixItems", "additionalItems", "contains", "minContains", "maxContains"],
  ...["properties", "patternProperties", "additionalProperties", "propertyNames"],
  ...["dependentRequired", "dependentSchemas"],
  ...["$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else"],
  ...ANNOTATIONS,
]);

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
    const own = schemasOf(name, keywords, where);
    for (const schema of own) check(inner, schema, inside(where, name));
    if (own.length || keywords.additionalProperties === undefined) continue;
    if (keywords.additionalProperties === false) where.found.add(where.place);
    else check(inner, keywords.additionalProperties, inside(where, name));
  }
  for (const [name, needed] of Object.entries(keywords.dependentRequired ?? {})) {
    if (Object.hasOwn(value, name) && !hasAll(value, needed)) where.found.add(where.place);
  }
  for (const [name, schema] of Object.entries(keywords.dependentSchemas ?? {})) {
    if (Object.hasOwn(value, name)) check(value, schema, { ...where, depth: where.depth + 1 });
  }
}

/**
 * @param {string} name
 * @param {Keywords} keywords
 * @param {Where} where
 * @returns {unknown[]}
 */
function schemasOf(name, keywords, where) {
  const { properties = {}, patternProperties = {} } = keywords;
  const found = Object.hasOwn(properties, name) ? [properties[name]] : [];
  for (const [pattern, schema] of Object.entries(patternProperties)) {
    if (matches(name, pattern, where)) found.push(schema);
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
  if (typeof keywords.$ref === "string") check(value, resolve(keywords.$ref, where), here);
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
 * @param {string} reference
 * @param {Where} where
 */
function resolve(reference, where) {
  let found = /** @type {any} */ (where.root);
  if (!/^#($|\/)/.test(reference)) return unresolved(reference, where);
  for (const step of reference.slice(1).split("/").slice(1)) {
    const name = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    if (found === null || typeof found !== "object" || !Object.hasOwn(found, name)) return unresolved(reference, where);
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
 * @param {string} reference
 * @param {Where} where
 */
function unresolved(reference, where) {
  where.unchecked.add(`the reference ${reference}`);
  return true;
}

/** Look-around and back-references. */
const BEYOND_RE2 = /\(\?<?[=!]|\\[1-9]|\\k</;

/**
 * @param {string} string
 * @param {string} pattern
 * @param {Where} where
 */
function matches(string, pattern, where) {
  try {
    // The command cannot check these, and both are to say the same.
    if (BEYOND_RE2.test(pattern)) throw new SyntaxError();
    return new RegExp(pattern, "u").test(string);
  } catch {
    where.unchecked.add(`the pattern ${pattern}`);
    return true;
  }
}

/**
 * Whether a string has at least so many characters; a pair of surrogates is one.
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
